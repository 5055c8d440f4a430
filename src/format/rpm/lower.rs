//! rpm's words. Sources: rpm's spec file and dependency manuals, Fedora's Python macros and
//! generators.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Map, Value, json};

use crate::{
    distro::targets::Target,
    format::{
        Changelog, FormatError, Native, NativeRelation, RecipeSyntax, host::SystemTools, install,
        syntax::OwnRecipe, text,
    },
    plan::{
        Moment, PackageArchitecture, PackagePlan,
        relation::{Capability, Relation, RelationError, Strength},
    },
};

use super::{Rpm, files, relation, source_recipe, spec, version};

impl RecipeSyntax for Rpm {
    fn source_pack(&self) -> Option<&str> {
        Some("rpm-source")
    }

    fn escape(&self) -> fn(&str) -> String {
        escape
    }

    fn tag(&self, strength: Strength) -> &str {
        match strength {
            Strength::Requires => "Requires",
            Strength::Recommends => "Recommends",
            Strength::Suggests => "Suggests",
            Strength::Provides => "Provides",
            Strength::Conflicts => "Conflicts",
            Strength::Replaces => "Obsoletes",
        }
    }

    fn check_relation(&self, strength: Strength, text: &str) -> Result<(), RelationError> {
        let may_be_rich = !matches!(strength, Strength::Provides | Strength::Replaces);
        relation::check(text, may_be_rich)
    }

    fn read_own(&self, path: &Path, text: &str, tools: &SystemTools<'_>) -> Option<OwnRecipe> {
        Some(spec::read(path, text, tools))
    }
}

/// Lowers a plan.
pub(super) fn lower(plan: &PackagePlan, target: &Target) -> Result<Native, FormatError> {
    let architecture = match &plan.architecture {
        PackageArchitecture::Independent => target.architecture.independent.clone(),
        PackageArchitecture::Machine(_) => target.architecture.package.clone(),
    };
    let evr = &plan.evr;
    Ok(Native {
        name: plan.package.clone(),
        epoch: (evr.epoch > 0).then_some(evr.epoch),
        version: evr.version.clone(),
        release: evr.release.clone(),
        summary: capitalised(&text::synopsis(plan)),
        description: description(plan),
        licence: plan.licence.expression.clone(),
        homepage: plan.homepage.clone(),
        packager: plan.packager.to_string(),
        own_names: own_names(plan, target),
        relations: relations(plan, target)?,
        filename: format!("{}-{}-{}.{architecture}.rpm", plan.package, evr.version, evr.release),
        architecture,
        compression: target.compression.clone(),
        changelog: Changelog {
            time: plan.time,
            author: plan.changelog_author.as_ref().unwrap_or(&plan.packager).to_string(),
            version: evr.to_string(),
            line: format!("Package {} {}", plan.project, plan.release),
        },
        words: Map::new(),
        source: plan
            .from_source
            .as_ref()
            .map(|source| source_recipe::relations(source, plan, target))
            .transpose()?,
    })
}

/// Returns what the templates may refer to.
pub(super) fn context(plan: &PackagePlan, target: &Target, native: &Native) -> Value {
    if let (Some(source), Some(relations)) = (&plan.from_source, &native.source) {
        return source_recipe::context(plan, target, native, source, relations);
    }
    let release = native.release.strip_suffix(&target.dist_tag).unwrap_or(&native.release);
    let relations: Vec<Value> = native.relations.iter().map(|r| relation_row(r, plan)).collect();
    let site = target.python.site_of(plan);
    text::extend(
        text::extend(text::shared_context(plan, target), install::context(plan, target)),
        json!({
            "name": native.name,
            "epoch": native.epoch,
            "version": native.version,
            "release": release,
            "dist_tag": target.dist_tag,
            "summary": native.summary,
            "architecture": native.architecture,
            "independent": plan.architecture == PackageArchitecture::Independent,
            "relations": relations,
            "description": native.description.lines().collect::<Vec<_>>(),
            // rpmlint takes `/usr/lib` for a mistake wherever it is written out.
            "site_below_usr": site.strip_prefix("/usr/"),
            "scriptlets": scriptlets(plan),
            "files": files::files(plan, target, site),
            "changelog": {
                "author": native.changelog.author,
                "version": native.changelog.version,
                "date": text::date(plan.time, "%a %b %d %Y"),
                "line": native.changelog.line,
            },
        }),
    )
}

/// The package's name, and where it is for one architecture also with that architecture's mark.
fn own_names(plan: &PackagePlan, target: &Target) -> Vec<String> {
    let name = plan.package.clone();
    match plan.architecture {
        PackageArchitecture::Independent => vec![name],
        PackageArchitecture::Machine(_) => {
            let marked = format!("{name}{}", target.architecture.isa);
            vec![name, marked]
        }
    }
}

/// Text that rpm expands to itself: no macro, no line of its own, and no backslash that would
/// confuse the reader before a percent sign.
fn escape(text: &str) -> String {
    text::one_line(text).replace("\\%", "\\ %").replace('%', "%%")
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Lines that begin with `%` are sections or conditions even when escaped, and those that begin
/// with `#` vanish: a visible character in front makes them text.
fn description(plan: &PackagePlan) -> String {
    let lines = text::wrap(plan.description.as_str(), text::COLUMNS).into_iter().map(|line| {
        if line.trim_start().starts_with(['%', '#', '*']) { format!("| {line}") } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A relation as templates write it. What a package provides or obsoletes in its own version is
/// written with the macros that stand for it.
pub(crate) fn relation_row(relation: &NativeRelation, plan: &PackagePlan) -> Value {
    let NativeRelation { strength, text, origin } = relation;
    let is_own = matches!(strength, Strength::Provides | Strength::Replaces);
    let own = text.strip_suffix(&plan.evr.to_string()).filter(|rest| is_own && rest.ends_with(' '));
    json!({
        "tag": Rpm.tag(*strength),
        "text": text,
        "own_version_of": own.map(str::trim_end),
        "origin": origin,
    })
}

/// The relations in rpm's syntax, sorted, each once.
fn relations(plan: &PackagePlan, target: &Target) -> Result<Vec<NativeRelation>, FormatError> {
    let mut lowered = BTreeMap::new();
    for relation in &plan.relations {
        for text in dependencies(relation, plan, target)? {
            lowered.entry((relation.strength, text)).or_insert(relation.origin.to_string());
        }
    }
    Ok(lowered
        .into_iter()
        .map(|((strength, text), origin)| NativeRelation { strength, text, origin })
        .collect())
}

pub(crate) fn dependencies(
    relation: &Relation,
    plan: &PackagePlan,
    target: &Target,
) -> Result<Vec<String>, FormatError> {
    let (major, _) = target.python.version;
    let dist = |project: &str| target.own_dist_capability(project);
    let texts = match &relation.capability {
        Capability::Project { project, specifiers, candidate, .. } => {
            let name = match candidate {
                Some(_) => dist(project.as_ref()),
                None => target.dist_capability(project),
            };
            let dependency = relation::dependency(&name, specifiers);
            vec![dependency.map_err(|source| FormatError::Relation {
                package: plan.package.clone(),
                source,
            })?]
        }
        Capability::Dist { project, version } => {
            let provided = version::provide(version);
            let mut names = BTreeSet::from([dist(project.as_ref())]);
            if target.naming.unversioned_dist {
                names.insert(format!("python{major}dist({project})"));
            }
            if target.naming.dotted_dist {
                names.insert(dist(&dotted(plan)));
            }
            names.into_iter().map(|name| format!("{name} = {provided}")).collect()
        }
        Capability::Interpreter { version: (major, minor), .. } => {
            vec![format!("python(abi) = {major}.{minor}")]
        }
        Capability::Library { soname, versions, .. } => {
            let mark = &target.architecture.library_mark;
            let versions = versions.iter().map(|v| format!("{soname}({v}){mark}"));
            let bare =
                if mark.is_empty() { soname.to_string() } else { format!("{soname}(){mark}") };
            std::iter::once(bare).chain(versions).collect()
        }
        Capability::Package { name, own_version: true } => {
            let operator = if relation.strength == Strength::Replaces { "<" } else { "=" };
            vec![format!("{name} {operator} {}", plan.evr)]
        }
        Capability::Package { name, own_version: false } => vec![name.to_string()],
    };
    Ok(texts)
}

/// The spelling of older generators: as the project writes it, in lower case, dots kept.
fn dotted(plan: &PackagePlan) -> String {
    let origin = plan.relations.iter().find_map(|relation| match relation.capability {
        Capability::Dist { .. } => relation.origin.as_str().strip_prefix("Name: "),
        _ => None,
    });
    let name = origin.unwrap_or(plan.project.as_ref()).to_ascii_lowercase();
    name.split(['-', '_']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Scriptlets by the sections that hold them.
pub(crate) fn scriptlets(plan: &PackagePlan) -> Vec<Value> {
    let section = |moment: &Moment| match moment {
        Moment::PreInstall => "pre",
        Moment::PostInstall => "post",
        Moment::PreRemove => "preun",
        Moment::PostRemove => "postun",
    };
    let scriptlets = plan.scriptlets.iter();
    scriptlets
        .map(|(moment, text)| {
            json!({"section": section(moment), "lines": text.lines().collect::<Vec<_>>()})
        })
        .collect()
}
