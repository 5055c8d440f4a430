//! Debian's words for a folder `debian/` that builds an sdist. Sources: Debian Policy 4.6, Debian
//! Python Policy 0.12, pybuild(1), dh_python3(1), the specification of autopkgtest.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    distro::targets::Target,
    format::{FormatError, Native, NativeRelation, NativeSource, RecipeSyntax, text},
    plan::{
        PackageArchitecture, PackagePlan, SourceBuild,
        relation::{Capability, Relation, Strength},
    },
};

use super::Deb;

/// The relations of a recipe in Debian's syntax.
pub(super) fn relations(
    source: &SourceBuild,
    plan: &PackagePlan,
    target: &Target,
) -> Result<NativeSource, FormatError> {
    // In the order in which they were found: what every recipe requires comes first.
    let mut build: Vec<NativeRelation> = Vec::new();
    for relation in &source.requires {
        let clauses = super::lower::lowered(std::iter::once(relation), plan, target)?;
        let new = |clause: &NativeRelation| !build.iter().any(|known| known.text == clause.text);
        let clauses: Vec<NativeRelation> = clauses.into_iter().filter(new).collect();
        build.extend(clauses);
    }
    let is_project = |relation: &&Relation| {
        relation.strength == Strength::Requires
            && matches!(relation.capability, Capability::Project { .. })
    };
    let independent = plan.architecture == PackageArchitecture::Independent;
    let is_stated = |relation: &&Relation| match &relation.capability {
        Capability::Dist { .. } | Capability::Library { .. } => false,
        Capability::Interpreter { exact, .. } => *exact && independent,
        Capability::Project { .. } | Capability::Package { .. } => true,
    };
    let known = |clause: &NativeRelation| !build.iter().any(|known| known.text == clause.text);
    let checks = super::lower::lowered(plan.relations.iter().filter(is_project), plan, target)?;
    Ok(NativeSource {
        checks: checks.into_iter().filter(known).collect(),
        stated: super::lower::lowered(plan.relations.iter().filter(is_stated), plan, target)?,
        build,
    })
}

/// Characters that mean something within double quotes of a shell.
const SHELL: [char; 4] = ['"', '$', '`', '\\'];

/// Refuses modules whose paths would run when the package is removed: where py3clean is gone, the script
/// that dh_python3 adds hands them to a shell. Source: dh-python's autoscript `prerm-py3clean`.
///
/// # Errors
/// The first such module.
pub(super) fn check_modules(plan: &PackagePlan) -> Result<(), FormatError> {
    let mut modules = plan.files.iter().filter(|file| file.path.ends_with(".py"));
    match modules.find(|file| file.path.contains(SHELL)) {
        None => Ok(()),
        Some(file) => Err(FormatError::Module {
            package: plan.package.clone(),
            path: file.path.escape_debug().to_string(),
        }),
    }
}

/// What the templates of the pack `deb-source` may refer to.
pub(super) fn context(
    plan: &PackagePlan,
    target: &Target,
    native: &Native,
    source: &SourceBuild,
    relations: &NativeSource,
) -> Value {
    let independent = plan.architecture == PackageArchitecture::Independent;
    let stated: Vec<&NativeRelation> =
        relations.stated.iter().filter(|r| r.strength == Strength::Requires).collect();
    text::extend(
        text::shared_context(plan, target),
        json!({
            "name": native.name,
            "source_name": source.name,
            "full_version": plan.evr.to_string(),
            "independent": independent,
            "summary": native.summary,
            "description": native.description.lines().collect::<Vec<_>>(),
            "build": relations.build,
            "checks": relations.checks,
            "stated": stated,
            "fields": fields(&relations.stated),
            "pybuild_name": native.name.strip_prefix("python3-"),
            "system": if source.has_pyproject { "pyproject" } else { "distutils" },
            "imports": source.imports.join(", "),
            "removed": removed(source, target),
            "moved_files": moved_files(source),
            "added": added(plan),
            "has_own_files": !plan.added.is_empty()
                || !removed(source, target).is_empty()
                || !moved_files(source).is_empty(),
            "scriptlets": super::lower::scriptlets(plan),
            "overrides": overrides(plan, source),
            "documents": source.documents,
            "patches": source.patches,
            "releases_page": source.releases_page,
            "watched": watched(plan),
            "distribution": "unstable",
            "changelog": {
                "author": native.changelog.author,
                "date": text::date(plan.time, "%a, %d %b %Y %H:%M:%S +0000"),
                "line": native.changelog.line,
            },
            "licence_name": plan.licence.expression.replace(' ', "-"),
            "licence_text": super::lower::licence_text(plan),
        }),
    )
}

/// The fields beside `Depends`.
fn fields(stated: &[NativeRelation]) -> Vec<Value> {
    let mut fields: BTreeMap<Strength, Vec<&NativeRelation>> = BTreeMap::new();
    for relation in stated.iter().filter(|relation| relation.strength != Strength::Requires) {
        fields.entry(relation.strength).or_default().push(relation);
    }
    fields
        .into_iter()
        .map(|(strength, clauses)| json!({"field": Deb.tag(strength), "clauses": clauses}))
        .collect()
}

/// What the user adds to the package.
fn added(plan: &PackagePlan) -> Vec<Value> {
    let files = plan.files.iter().filter_map(|f| Some((plan.added_source(&f.path)?, f)));
    files
        .map(|(source, file)| {
            json!({"source": source, "path": file.path, "mode": format!("{:04o}", file.mode)})
        })
        .collect()
}

/// What is deleted of the built package, as absolute paths; the shell expands the folder that is
/// called by the version of Python.
fn removed(source: &SourceBuild, target: &Target) -> Vec<String> {
    let strays = source.strays.iter().map(|name| format!("/usr/lib/python3*/dist-packages/{name}"));
    let commands = source.dropped_commands.iter();
    let commands = commands.map(|name| format!("{}/{name}", target.python.scripts));
    let files = source.dropped_files.iter().filter(|path| is_plain(path)).cloned();
    strays.chain(commands).chain(files).collect()
}

/// What is moved in the built package.
fn moved_files(source: &SourceBuild) -> Vec<Value> {
    let mut moved = text::moved_files(source);
    moved.retain(|row| ["from", "to"].iter().all(|key| row[key].as_str().is_some_and(is_plain)));
    moved
}

/// Whether make and the shell read a path as it is: files that have other names stay where they are.
fn is_plain(path: &str) -> bool {
    path.chars().all(|c| c.is_ascii_alphanumeric() || "/._+-".contains(c))
}

/// Which packages dh_python3 shall name for projects; none for those that nothing shall require.
fn overrides(plan: &PackagePlan, source: &SourceBuild) -> Vec<Value> {
    let mut rows: BTreeMap<&str, Option<&str>> =
        source.overruled.iter().map(|project| (project.as_ref(), None)).collect();
    for relation in &plan.relations {
        if let Capability::Project { project, package, .. } = &relation.capability {
            rows.insert(project.as_ref(), Some(package));
        }
    }
    rows.into_iter()
        .map(|(project, package)| json!({"project": project, "package": package}))
        .collect()
}

/// A pattern of the file's name up to its version: releases differ in how they spell a project.
fn watched(plan: &PackagePlan) -> String {
    plan.project.as_ref().replace('-', "[-_.]")
}
