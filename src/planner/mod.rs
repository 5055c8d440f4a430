//! From an inspected wheel and a target to a [`PackagePlan`]. Pure: no I/O, no clock, no
//! environment.

mod collection;
mod from_source;
mod hazards;
mod layout;
mod naming;
mod needs;
mod questions;
mod relations;
mod relax;
mod scripts;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::{
    artifact::{ExtraName, ProjectName, ReleaseFile, without_credentials},
    hint::{UserHints, When},
    metadata,
    plan::{
        Content, FileRole, LicenceText, PackageArchitecture, PackagePlan, PlannedFile, SCHEMA,
        SourceFile,
    },
    requirements::External,
    source::Wheel,
    target::Target,
    text::{OneLine, Paragraph},
    version::Evr,
};

pub use collection::{Conflict, conflicts};
pub use from_source::{SourcePlace, from_source};
pub use naming::{NamingPolicy, distribution_name, name_origin, package_name};
pub use relations::{Neighbour, Neighbours, glibc_version};
pub use relax::Relax;

/// What the user decides about every package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    pub naming: NamingPolicy,
    /// How packages write the versions of projects, where the target's format leaves that to a
    /// plugin.
    pub versions: BTreeMap<ProjectName, String>,
    /// Name and mail address of who answers for the packages.
    pub packager: OneLine,
    /// Who signs the changelog's entry, where that is another person.
    pub changelog_author: Option<OneLine>,
    /// The release number (Debian: revision), without the dist tag.
    pub release: String,
    /// Stands for the clock, where `SOURCE_DATE_EPOCH` is set: seconds since 1970.
    pub time: Option<i64>,
    /// How much of the versions that projects ask for becomes a relation.
    pub relax: Relax,
    /// What the user says that projects need from the system.
    pub hints: UserHints,
    /// Whether a need that nobody knows is an error.
    pub strict_hints: bool,
    /// Licences that the user states: SPDX expressions.
    pub licences: BTreeMap<ProjectName, String>,
    /// Projects that nothing shall require.
    pub ignored: BTreeSet<ProjectName>,
    /// Absolute folders outside the usual ones into which wheels may install data.
    pub allowed_paths: Vec<String>,
    /// Whether wheels may install code that every Python process runs.
    pub allow_startup_code: bool,
}

/// What is planned: an inspected wheel and what is known of it from elsewhere.
pub struct Subject<'a> {
    pub wheel: &'a Wheel,
    /// The file as the index lists it: the wheel, or the sdist that it was built from.
    pub file: &'a ReleaseFile,
    /// The extras that were asked for.
    pub extras: &'a [ExtraName],
    /// What an application that asks for the project needs from the system.
    pub external: &'a [External],
    /// What the sources of the project say that it needs from the system (PEP 725).
    pub stated: &'a [(When, String)],
    /// Whether the target builds the project itself, so that the wheel, which was built elsewhere,
    /// says nothing of the system's libraries.
    pub is_rebuilt: bool,
}

/// The other projects of a run.
pub struct Others<'a> {
    /// Those that are built.
    pub neighbours: &'a Neighbours,
    /// Those that the distribution has, with a reviewer's reason.
    pub left: &'a BTreeMap<ProjectName, String>,
    /// The shared libraries in the others' wheels, and whose each is.
    pub libraries: &'a BTreeMap<String, ProjectName>,
}

/// Where neither the user, the index nor the archive states a time: 2000-01-01.
const UNKNOWN_TIME: i64 = 946_684_800;

/// Plans one package.
pub fn plan(
    subject: &Subject<'_>,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Result<PackagePlan, PlanError> {
    let wheel = subject.wheel;
    let project = &wheel.metadata.name;
    let package = naming::package_name(project, target, &policy.naming)?;
    let layout = layout::lay_out(wheel, &package, target, policy)?;
    let (launchers, launcher_notes) = scripts::launchers(wheel, subject.extras, target);
    let libraries = relations::libraries(wheel, target, others);
    check_glibc(subject, target)?;

    let mut files = layout.files;
    add_launchers(&mut files, launchers);
    files.extend(documents(&package, wheel, target));
    files.sort_by(|a, b| a.path.cmp(&b.path));

    let mut relations = vec![relations::interpreter(wheel, target)];
    relations.extend(relations::dependencies(wheel, subject.extras, target, others, policy));
    relations.extend(libraries.relations);
    let needs = needs::needs(subject, target, policy)?;
    relations.extend(needs.relations);
    relations.extend(relations::provisions(wheel, &package, target));
    let licence = licence(wheel, policy);
    let mut open = questions::licence(project, &licence);
    open.extend(questions::names(&relations, target, others, policy));
    open.extend(needs.open);

    Ok(PackagePlan {
        schema: SCHEMA,
        project: project.clone(),
        release: wheel.metadata.version.clone(),
        target: target.name.clone(),
        format: target.format.clone(),
        source: source_file(subject),
        package,
        evr: Evr {
            epoch: wheel.metadata.version.epoch(),
            version: version(wheel, target, policy)?,
            release: format!("{}{}", policy.release, target.dist_tag),
        },
        architecture: if wheel.platform_specific {
            PackageArchitecture::Machine(target.architecture.machine.clone())
        } else {
            PackageArchitecture::Independent
        },
        summary: texts::summary(&wheel.metadata),
        description: texts::description(&wheel.metadata),
        licence,
        licence_texts: licence_texts(wheel, target),
        authors: texts::authors(&wheel.metadata),
        homepage: texts::homepage(&wheel.metadata),
        packager: policy.packager.clone(),
        changelog_author: policy.changelog_author.clone(),
        relations,
        entry_points: wheel.entry_points.definitions.clone(),
        files,
        left_out: layout.left_out,
        notes: [launcher_notes, libraries.notes, needs.notes].concat(),
        open,
        added: Vec::new(),
        patches: Vec::new(),
        scriptlets: BTreeMap::new(),
        time: policy.time.or(subject.file.upload_time).or(wheel.newest).unwrap_or(UNKNOWN_TIME),
        from_source: None,
    })
}

/// How a package states the wheel's version.
fn version(wheel: &Wheel, target: &Target, policy: &Policy) -> Result<String, PlanError> {
    let (project, release) = (&wheel.metadata.name, &wheel.metadata.version);
    let written = target.layout.versions.upstream(release);
    written.or_else(|| policy.versions.get(project).cloned()).ok_or_else(|| PlanError::Version {
        project: project.clone(),
        release: release.to_string(),
        format: target.format.clone(),
    })
}

/// Native code that was built on a newer system would not start on the target.
fn check_glibc(subject: &Subject<'_>, target: &Target) -> Result<(), PlanError> {
    let wheel = subject.wheel;
    let versions = wheel.elf.iter().flat_map(|elf| &elf.versions);
    let newest = versions.filter_map(|(_, version)| relations::glibc_version(version)).max();
    match newest {
        Some(needed) if needed > target.glibc && !subject.is_rebuilt => Err(PlanError::Glibc {
            file: wheel.filename.clone(),
            needed: format!("{}.{}", needed.0, needed.1),
            present: format!("{}.{}", target.glibc.0, target.glibc.1),
        }),
        _ => Ok(()),
    }
}

/// A script that the wheel brings itself is not replaced by a launcher of the same name.
fn add_launchers(files: &mut Vec<PlannedFile>, launchers: Vec<PlannedFile>) {
    for launcher in launchers {
        if !files.iter().any(|file| file.path == launcher.path) {
            files.push(launcher);
        }
    }
}

/// The documents that the target wants in every package.
fn documents(package: &str, wheel: &Wheel, target: &Target) -> Vec<PlannedFile> {
    let wanted = target.layout.documents.iter();
    wanted
        .filter(|document| !document.native_only || wheel.platform_specific)
        .map(|document| PlannedFile {
            path: document.path.replace("{package}", package),
            mode: 0o644,
            role: FileRole::Documentation,
            content: Content::Rendered { file: document.file.clone(), gzip: document.gzip },
        })
        .collect()
}

/// Where others find the file, too: the address without what is for this run only.
fn published_url(url: &Url) -> Option<String> {
    let is_published = url.scheme() != "file" && !url.scheme().ends_with("+file");
    let mut url = without_credentials(url);
    url.set_query(None);
    url.set_fragment(None);
    is_published.then(|| url.into())
}

fn source_file(subject: &Subject<'_>) -> SourceFile {
    let file = subject.file;
    let wheel = &subject.wheel.filename;
    SourceFile {
        filename: file.filename.clone(),
        url: published_url(&file.url).unwrap_or_else(|| file.filename.clone()),
        hashes: file.hashes.clone(),
        built_wheel: (*wheel != file.filename).then(|| wheel.clone()),
    }
}

fn licence(wheel: &Wheel, policy: &Policy) -> metadata::Licence {
    match policy.licences.get(&wheel.metadata.name) {
        Some(expression) => metadata::Licence {
            expression: expression.clone(),
            evidence: metadata::LicenceEvidence::Override,
            likeness: None,
        },
        None => metadata::licence(&wheel.metadata, &wheel.licence_texts),
    }
}

fn licence_texts(wheel: &Wheel, target: &Target) -> Vec<LicenceText> {
    if target.layout.licences != crate::target::LicencePlace::Copyright {
        return Vec::new();
    }
    let texts = wheel.licence_texts.iter();
    texts
        .map(|(file, text)| LicenceText { file: OneLine::new(file), text: Paragraph::new(text) })
        .collect()
}

/// Why a package could not be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("`{name}`, the name for project `{project}`, is no package name")]
    PackageName { project: ProjectName, name: String },
    #[error("`{file}`: member `{member}` {problem}")]
    Member { file: String, member: String, problem: String },
    #[error("`{file}` installs `{path}` twice")]
    PathTwice { file: String, path: String },
    #[error("`{file}` installs `{member}`, which every Python process would run")]
    StartupCode { file: String, member: String },
    #[error("`{project}` needs `{hint}` from the system, which is no known package")]
    Hint { project: ProjectName, hint: String },
    #[error("nobody says how packages of the format `{format}` write `{project}` {release}")]
    Version { project: ProjectName, release: String, format: String },
    #[error("`{file}` needs glibc {needed}, and the target has {present}")]
    Glibc { file: String, needed: String, present: String },
}
