//! From an inspected wheel and a target to a [`PackagePlan`]. Pure: no I/O, no clock, no
//! environment.

mod collection;
mod commands;
mod error;
mod foreign_code;
mod from_source;
mod hazards;
mod interpreter;
mod layout;
mod library_paths;
mod licence;
mod misplaced;
mod naming;
mod needs;
mod programs;
mod provisions;
mod questions;
mod relations;
mod relax;
pub mod rules;
mod scripts;
mod texts;
mod units;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use url::Url;

use crate::{
    base::text::{OneLine, Paragraph},
    distro::{
        hints::{UserHints, When},
        targets::{Idiom, Target},
    },
    format::{Format, host::PackageSet},
    plan::{
        Content, Evr, FileRole, LicenceText, PackageArchitecture, PackagePlan, PlannedFile, SCHEMA,
        SourceFile, relation::glibc_version,
    },
    python::{
        artifact::{ExtraName, ProjectName, ReleaseFile, without_credentials},
        metadata::Licence,
        requirements::ExternalRequirement,
    },
    wheels::Wheel,
};

pub use collection::{Owners, PathConflict, conflicts, leave_to};
pub use commands::CommandNames;
use commands::CommandPaths;
pub use error::PlanError;
pub use from_source::{SourcePlace, from_source};
pub use hazards::SYSTEM_COMMAND;
pub use library_paths::FOREIGN_FOLDER;
pub use licence::licence_of_wheel;
pub use misplaced::Misplaced;
pub use naming::{
    NamingPolicy, available, distribution_name, epoch, is_package_name, made_name, name_origin,
    package_name, taken_name,
};
pub use relations::{Neighbour, Neighbours};
pub use relax::Relax;
pub use rules::FileRules;
pub use scripts::system_command;

/// What the user decides about every package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    pub naming: NamingPolicy,
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
    /// Whether an unknown need is an error.
    pub strict_hints: bool,
    /// Licences that the user states: SPDX expressions.
    pub licences: BTreeMap<ProjectName, String>,
    /// The licence of projects of the user's own that state none, an SPDX expression, where that is
    /// not the licence that stands for own projects.
    pub unknown_licence: Option<String>,
    /// Projects that nothing shall require.
    pub ignored: BTreeSet<ProjectName>,
    /// Absolute folders outside the usual ones into which wheels may install data.
    pub allowed_paths: Vec<String>,
    /// Whether wheels may install code that every Python process runs.
    pub allow_startup_code: bool,
    /// What is decided about the files of single projects.
    pub file_rules: BTreeMap<ProjectName, FileRules>,
    /// How the commands of a Python beside the target's default one are called.
    pub command_names: CommandNames,
    /// The paths that the distribution's packages own, where they are known.
    pub owned_commands: Option<BTreeSet<String>>,
}

impl Policy {
    /// What is decided about the files of a project.
    pub fn rules(&self, project: &ProjectName) -> &FileRules {
        static NONE: LazyLock<FileRules> = LazyLock::new(FileRules::default);
        self.file_rules.get(project).unwrap_or(&NONE)
    }
}

/// What is planned: an inspected wheel and what is known of it from elsewhere.
pub struct Subject<'a> {
    pub wheel: &'a Wheel,
    /// The file as the index lists it: the wheel, or the sdist that it was built from.
    pub file: &'a ReleaseFile,
    /// The extras that were requested.
    pub extras: &'a [ExtraName],
    /// What an application that asks for the project needs from the system.
    pub external: &'a [ExternalRequirement],
    /// What the sources of the project say that it needs from the system (PEP 725).
    pub stated: &'a [(When, String)],
    /// The licence by the user, the wheel or the release's sdist.
    pub licence: Licence,
    /// How the package states the project's version, without epoch and release.
    pub version: &'a str,
    /// Where the project was taken from in place of an index: an address with a commit, or words.
    pub origin: Option<&'a ProjectOrigin>,
    /// Whether the target builds the project itself, so that the wheel, which was built elsewhere,
    /// says nothing of the system's libraries.
    pub is_rebuilt: bool,
}

/// Where a project was taken from in place of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectOrigin {
    /// An address, with a commit where it is a repository's, or words where that is on this machine.
    pub text: OneLine,
    /// Whether it may be the user's own project: a repository or a folder, not a third-party archive.
    pub is_own: bool,
}

/// The other projects of a run.
pub struct Others<'a> {
    /// Those that are built.
    pub neighbours: &'a Neighbours,
    /// Those that the distribution has, with a reviewer's reason.
    pub left: &'a BTreeMap<ProjectName, String>,
    /// The shared libraries in the others' wheels, and whose each is.
    pub libraries: &'a BTreeMap<String, ProjectName>,
    /// The distribution's packages, if its repositories were read.
    pub repository: Option<&'a PackageSet>,
    /// The target's package format.
    pub format: &'a dyn Format,
}

/// What notes on rules without effect begin with.
pub const UNUSED_RULE: &str = "matches no file of the wheel: ";

/// Where neither the user, the index nor the archive states a time: 2000-01-01.
const UNKNOWN_TIME: i64 = 946_684_800;

/// Plans one package.
///
/// # Errors
/// The wheel cannot become a package of the target; [`PlanError`] has the reasons.
pub fn plan(
    subject: &Subject<'_>,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Result<PackagePlan, PlanError> {
    let wheel = subject.wheel;
    let project = &wheel.metadata.name;
    let package = naming::package_name(project, target, &policy.naming)?;
    let (launchers, launcher_notes) = scripts::launchers(wheel, subject.extras, target, policy)?;
    let commands = CommandPaths::new(wheel, target, policy);
    let own = hazards::Own::new(wheel, scripts::commands(wheel, &launchers, commands));
    let hazards = hazards::Hazards { wheel, target, policy, own, commands };
    let layout = layout::lay_out(&hazards, &package)?;
    let libraries = relations::libraries(wheel, target, others);
    check_glibc(subject, target)?;

    let mut files = layout.files;
    add_launchers(&mut files, launchers);
    files.extend(documents(&package, wheel, target));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    check_folders(&files, wheel)?;
    let rule_notes = unused_rules(&hazards, layout.considered);

    // debhelper handles the units of what it builds.
    let idiom = target.source_recipe.as_ref().map(|recipe| recipe.idiom);
    let is_handled = subject.is_rebuilt && idiom == Some(Idiom::Debhelper);
    let (scriptlets, unit_notes) =
        if is_handled { Default::default() } else { units::scriptlets(&files, target) };
    let (foreign_code, foreign_notes) = foreign_code::foreign_code(&files, wheel, target);
    let mut relations = vec![relations::interpreter(wheel, target)];
    relations.extend(relations::dependencies(wheel, subject.extras, target, others, policy)?);
    relations.extend(libraries.relations);
    let programs = programs::programs(&files, wheel, target);
    relations.extend(programs.relations);
    let needs = needs::needs(subject, target, others, policy)?;
    relations.extend(needs.relations);
    relations.extend(provisions::provisions(wheel, &package, target, others, policy)?);
    let paths = files.iter().map(|file| file.path.as_str()).collect();
    relations.extend(commands::application(wheel, &package, &paths, target));
    let (licence, licence_notes) = licence::settled(&subject.licence, subject.origin, policy);
    let mut open = questions::taken(project, &package, target, others, policy);
    open.extend(questions::licence(project, &licence));
    open.extend(questions::names(&relations, target, others, policy));
    open.extend(needs.open);
    let epoch = naming::epoch(project, &package, target, &policy.naming, others.repository);

    Ok(PackagePlan {
        further_archives: Vec::new(),
        schema: SCHEMA,
        project: project.clone(),
        release: wheel.metadata.version.clone(),
        target: target.name.clone(),
        format: target.format.clone(),
        source: source_file(subject),
        evr: Evr {
            epoch: wheel.metadata.version.epoch().max(epoch),
            version: subject.version.to_owned(),
            release: format!("{}{}", policy.release, target.dist_tag),
        },
        package,
        architecture: if wheel.is_native(&target.architecture.machine) {
            PackageArchitecture::Machine(target.architecture.machine.clone())
        } else {
            PackageArchitecture::Independent
        },
        summary: texts::summary(&wheel.metadata),
        description: texts::description(&wheel.metadata, subject.origin),
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
        notes: [
            launcher_notes,
            layout.notes,
            rule_notes,
            libraries.notes,
            programs.notes,
            unit_notes,
            needs.notes,
            foreign_notes,
            library_paths::notes(wheel),
            licence_notes,
        ]
        .concat(),
        foreign_code,
        open,
        added: Vec::new(),
        patches: Vec::new(),
        scriptlets,
        time: policy.time.or(subject.file.upload_time).or(wheel.newest).unwrap_or(UNKNOWN_TIME),
        from_source: None,
    })
}

/// Native code that was built on a newer system would not start on the target.
fn check_glibc(subject: &Subject<'_>, target: &Target) -> Result<(), PlanError> {
    let wheel = subject.wheel;
    let machine = target.architecture.machine.as_str();
    let versions = wheel.native_code(machine).flat_map(|elf| &elf.versions);
    let newest = versions.filter_map(|(_, version)| glibc_version(version)).max();
    match newest {
        Some(needed) if needed > target.glibc && !subject.is_rebuilt => Err(PlanError::Glibc {
            file: wheel.filename.clone(),
            needed: format!("{}.{}", needed.0, needed.1),
            present: format!("{}.{}", target.glibc.0, target.glibc.1),
        }),
        _ => Ok(()),
    }
}

/// A script that the wheel contains itself is not replaced by a launcher of the same name.
fn add_launchers(files: &mut Vec<PlannedFile>, launchers: Vec<PlannedFile>) {
    for launcher in launchers {
        if !files.iter().any(|file| file.path == launcher.path) {
            files.push(launcher);
        }
    }
}

/// Refuses a file where another one needs a folder.
fn check_folders(files: &[PlannedFile], wheel: &Wheel) -> Result<(), PlanError> {
    let folders: BTreeSet<&str> = files
        .iter()
        .flat_map(|file| file.path.match_indices('/').map(|(end, _)| &file.path[..end]))
        .collect();
    match files.iter().find(|file| folders.contains(file.path.as_str())) {
        Some(file) => {
            Err(PlanError::FileAndFolder { file: wheel.filename.clone(), path: file.path.clone() })
        }
        None => Ok(()),
    }
}

/// Notes on the user's rules that no file of the wheel is concerned by.
fn unused_rules(hazards: &hazards::Hazards<'_>, mut considered: BTreeSet<String>) -> Vec<OneLine> {
    let points = &hazards.wheel.entry_points;
    let entries = points.console_scripts.iter().chain(&points.gui_scripts);
    considered.extend(entries.map(|entry| hazards.commands.path(&entry.name)));
    let unused = hazards.rules().without_effect(&considered, &hazards.wheel.members);
    unused.iter().map(|rule| OneLine::new(&format!("{UNUSED_RULE}{rule}"))).collect()
}

/// The documents that the target wants in every package.
fn documents(package: &str, wheel: &Wheel, target: &Target) -> Vec<PlannedFile> {
    let wanted = target.layout.documents.iter();
    wanted
        .filter(|document| !document.native_only || wheel.is_native(&target.architecture.machine))
        .map(|document| {
            PlannedFile::new(
                document.path.replace("{package}", package),
                0o644,
                FileRole::Documentation,
                Content::Rendered { file: document.file.clone(), gzip: document.gzip },
            )
        })
        .collect()
}

/// Where others find the file, too: the address without what is for this run only. Where it does not
/// end with the file's name, that stands behind it, as specs write it.
fn published_url(url: &Url, filename: &str) -> Option<String> {
    let is_published = url.scheme() != "file" && !url.scheme().ends_with("+file");
    let mut url = without_credentials(url);
    url.set_query(None);
    url.set_fragment(None);
    let is_named = url.path().rsplit('/').next() == Some(filename);
    url.set_fragment((!is_named).then(|| format!("/{filename}")).as_deref());
    is_published.then(|| url.into())
}

fn source_file(subject: &Subject<'_>) -> SourceFile {
    let file = subject.file;
    let wheel = &subject.wheel.filename;
    SourceFile {
        filename: file.filename.clone(),
        url: published_url(&file.url, &file.filename).unwrap_or_else(|| file.filename.clone()),
        hashes: file.hashes.clone(),
        origin: subject.origin.map(|origin| origin.text.clone()),
        built_wheel: (*wheel != file.filename).then(|| wheel.clone()),
    }
}

fn licence_texts(wheel: &Wheel, target: &Target) -> Vec<LicenceText> {
    if target.layout.licences != crate::distro::targets::LicencePlace::Copyright {
        return Vec::new();
    }
    let texts = wheel.licence_texts.iter();
    texts
        .map(|(file, text)| LicenceText { file: OneLine::new(file), text: Paragraph::new(text) })
        .collect()
}
