//! Debian's words. Source: Debian Policy 4.6, chapters 5 and 7; Debian Python Policy 0.12.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Deb, common_licences, relation, source_recipe, version::Numbering};
use crate::{
    distro::targets::Target,
    format::{
        Attachment, Changelog, FormatError, Native, NativeRelation, RecipeSyntax, install, text,
    },
    plan::{
        FileRole, Moment, PackageArchitecture, PackagePlan,
        relation::{Capability, Relation, RelationError, Strength, glibc_version},
    },
};

impl RecipeSyntax for Deb {
    fn source_pack(&self) -> Option<&str> {
        Some("deb-source")
    }

    /// A control file's lines end only at line feeds for dpkg, but at more for other readers.
    fn escape(&self) -> fn(&str) -> String {
        text::one_line
    }

    fn tag(&self, strength: Strength) -> &str {
        match strength {
            Strength::Requires => "Depends",
            Strength::Recommends => "Recommends",
            Strength::Suggests => "Suggests",
            Strength::Provides => "Provides",
            Strength::Conflicts => "Conflicts",
            Strength::Replaces => "Replaces",
        }
    }

    fn check_relation(&self, strength: Strength, text: &str) -> Result<(), RelationError> {
        let may_have_alternatives =
            matches!(strength, Strength::Requires | Strength::Recommends | Strength::Suggests);
        relation::check(text, may_have_alternatives)
    }
}

/// Lowers a plan.
pub(super) fn lower(plan: &PackagePlan, target: &Target) -> Result<Native, FormatError> {
    if plan.from_source.is_some() {
        source_recipe::check_modules(plan)?;
    }
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
        summary: synopsis(plan),
        description: description(plan),
        licence: plan.licence.expression.clone(),
        homepage: plan.homepage.clone(),
        packager: plan.packager.to_string(),
        own_names: Vec::new(),
        relations: relations(plan, target)?,
        filename: format!("{}_{}-{}_{architecture}.deb", plan.package, evr.version, evr.release),
        architecture,
        compression: target.compression.clone(),
        changelog: Changelog {
            time: plan.time,
            author: plan.changelog_author.as_ref().unwrap_or(&plan.packager).to_string(),
            version: evr.to_string(),
            line: format!("Package {} {}.", plan.project, plan.release),
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
    let independent = plan.architecture == PackageArchitecture::Independent;
    let compile_name = if independent {
        native.name.clone()
    } else {
        format!("{}:{}", native.name, native.architecture)
    };
    let private_site = target.isolation.as_ref().map(|_| &target.python.purelib);
    let conffiles: Vec<&str> = plan
        .files
        .iter()
        .filter(|file| file.role == FileRole::Configuration)
        .map(|file| file.path.as_str())
        .collect();
    let files: Vec<Value> = plan
        .files
        .iter()
        .map(|file| json!({"path": file.path, "mode": format!("{:04o}", file.mode)}))
        .collect();
    let relations: Vec<Value> = native
        .relations
        .iter()
        .map(|r| json!({"field": Deb.tag(r.strength), "text": r.text, "origin": r.origin}))
        .collect();
    text::extend(
        text::shared_context(plan, target),
        json!({
            "name": native.name,
            "full_version": plan.evr.to_string(),
            "architecture": native.architecture,
            "independent": independent,
            "compile_name": compile_name,
            "private_site": private_site,
            "summary": native.summary,
            "description": native.description.lines().collect::<Vec<_>>(),
            "scriptlets": scriptlets(plan),
            "fields": fields(&native.relations),
            "relations": relations,
            "conffiles": conffiles,
            "files": files,
            "distribution": "unstable",
            "changelog": {
                "author": native.changelog.author,
                "date": text::date(plan.time, "%a, %d %b %Y %H:%M:%S +0000"),
                "line": native.changelog.line,
            },
            "licence_name": plan.licence.expression.replace(' ', "-"),
            "licence_text": licence_text(plan),
        }),
    )
}

/// What the user adds: this program writes all else into the tree itself.
pub(super) fn attachments(plan: &PackagePlan) -> Vec<Attachment> {
    let added = |attached: &Attachment| {
        attached.path.as_ref().is_some_and(|path| plan.added_source(path).is_some())
    };
    install::attachments(plan).into_iter().filter(added).collect()
}

/// The lines of each maintainer script that the user adds to it.
pub(crate) fn scriptlets(plan: &PackagePlan) -> Value {
    let lines = |moment: Moment| -> Vec<&str> {
        plan.scriptlets.get(&moment).into_iter().flat_map(|text| text.lines()).collect()
    };
    json!({
        "preinst": lines(Moment::PreInstall),
        "postinst": lines(Moment::PostInstall),
        "prerm": lines(Moment::PreRemove),
        "postrm": lines(Moment::PostRemove),
    })
}

/// Policy 3.4.1: no article, no full stop, and not the package's name again.
fn synopsis(plan: &PackagePlan) -> String {
    let mut text = text::synopsis(plan);
    for article in ["A ", "An ", "The ", "a ", "an ", "the "] {
        if let Some(rest) = text.strip_prefix(article) {
            text = rest.to_owned();
            break;
        }
    }
    let start = format!("{} ", plan.package);
    let text = if text.to_ascii_lowercase().starts_with(&start) {
        text.split_off(start.len())
    } else {
        text
    };
    text::or_project(text, plan)
}

/// Policy 5.6.13: an empty line is a full stop, and a line must not begin with one otherwise.
fn description(plan: &PackagePlan) -> String {
    let text = plan.description.as_str();
    let lines = control_lines(text, text::COLUMNS);
    // A sentence that begins as the synopsis does may wrap where that ends, which lintian takes for
    // a repetition.
    let repeats = |line: &String| line.trim_end_matches([',', '.', ';', ':']) == synopsis(plan);
    let lines = if lines.first().is_some_and(repeats) {
        control_lines(text, synopsis(plan).chars().count() - 1)
    } else {
        lines
    };
    lines.join("\n")
}

fn control_lines(text: &str, columns: usize) -> Vec<String> {
    text::wrap(text, columns)
        .into_iter()
        .map(|line| match line.as_str() {
            "" => ".".to_owned(),
            line if line.starts_with('.') => format!(" {line}"),
            line => line.to_owned(),
        })
        .collect()
}

/// The licence files' texts, without those that every Debian system has.
pub(crate) fn licence_text(plan: &PackagePlan) -> Vec<String> {
    let texts = plan.licence_texts.iter();
    let texts: Vec<String> =
        texts.map(|licence| common_licences::refer(licence.text.as_str())).collect();
    if texts.is_empty() {
        return vec!["The project ships no licence text.".to_owned()];
    }
    control_lines(&texts.join("\n\n"), text::COLUMNS)
}

/// The control field of a strength, as Policy 7 names it.
fn fields(relations: &[NativeRelation]) -> Vec<Value> {
    let mut fields: BTreeMap<Strength, Vec<&str>> = BTreeMap::new();
    for relation in relations {
        fields.entry(relation.strength).or_default().push(&relation.text);
    }
    fields
        .into_iter()
        .map(|(strength, clauses)| json!({"field": Deb.tag(strength), "clauses": clauses}))
        .collect()
}

fn relations(plan: &PackagePlan, target: &Target) -> Result<Vec<NativeRelation>, FormatError> {
    lowered(plan.relations.iter(), plan, target)
}

/// The relations in Debian's syntax, sorted, each once.
pub(crate) fn lowered<'r>(
    relations: impl Iterator<Item = &'r Relation>,
    plan: &PackagePlan,
    target: &Target,
) -> Result<Vec<NativeRelation>, FormatError> {
    let mut lowered = BTreeMap::new();
    for relation in relations {
        for text in clauses(relation, plan, target)? {
            lowered.entry((relation.strength, text)).or_insert(relation.origin.to_string());
        }
    }
    keep_highest_libc(&mut lowered);
    Ok(lowered
        .into_iter()
        .map(|((strength, text), origin)| NativeRelation { strength, text, origin })
        .collect())
}

fn clauses(
    relation: &Relation,
    plan: &PackagePlan,
    target: &Target,
) -> Result<Vec<String>, FormatError> {
    let clauses = match &relation.capability {
        Capability::Project { specifiers, package, candidate, epoch, available, .. } => {
            let numbering = match candidate {
                Some(version) => Numbering::own(version, *epoch),
                None => Numbering::distributed(available.as_deref()),
            };
            relation::dependency(package, specifiers, numbering)
                .map_err(|source| FormatError::Relation { package: plan.package.clone(), source })?
        }
        // Debian has no names for projects of the index: the package's name is all there is.
        Capability::Dist { .. } => Vec::new(),
        Capability::Interpreter { version: (major, minor), exact } => {
            let package = &target.python.interpreter_package;
            if *exact {
                vec![
                    format!("{package} (>= {major}.{minor}~)"),
                    format!("{package} (<< {major}.{})", minor + 1),
                ]
            } else {
                vec![format!("{package}:any")]
            }
        }
        // dpkg-shlibdeps knows the packages of what a build links with.
        Capability::Library { package: None, .. } if plan.from_source.is_some() => Vec::new(),
        Capability::Library { soname, versions, package } => {
            let package = package.as_deref().ok_or_else(|| FormatError::Library {
                package: plan.package.clone(),
                soname: soname.to_string(),
            })?;
            match versions.iter().filter_map(|version| glibc_version(version)).max() {
                Some((major, minor)) => vec![format!("{package} (>= {major}.{minor})")],
                None => vec![package.to_owned()],
            }
        }
        Capability::Package { name, own_version: true } => {
            let operator = if relation.strength == Strength::Replaces { "<<" } else { "=" };
            vec![format!("{name} ({operator} {})", plan.evr)]
        }
        Capability::Package { name, own_version: false } => vec![name.to_string()],
    };
    Ok(clauses)
}

/// Several libraries come from glibc, each with symbol versions of its own: the highest says it
/// all.
fn keep_highest_libc(lowered: &mut BTreeMap<(Strength, String), String>) {
    let bound = |text: &str| -> Option<(u32, u32)> {
        let (major, minor) = text.strip_prefix("libc6 (>= ")?.strip_suffix(')')?.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let highest = lowered.keys().filter_map(|(_, text)| bound(text)).max();
    if highest.is_some() {
        lowered.retain(|(_, text), _| match bound(text) {
            Some(version) => Some(version) == highest,
            None => text != "libc6",
        });
    }
}
