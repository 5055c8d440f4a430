//! From an inspected wheel and a target to a [`PackagePlan`]. Pure: no I/O, no clock, no
//! environment.

mod collection;
mod commands;
mod error;
mod files;
mod foreign_code;
mod from_source;
mod hazards;
mod interpreter;
mod layout;
mod libraries;
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
        Evr, LicenceText, Moment, Open, PackageArchitecture, PackagePlan, PlannedFile, SCHEMA,
        SourceFile,
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
pub use from_source::{SourceLocation, from_source};
pub use hazards::SYSTEM_COMMAND;
pub use library_paths::FOREIGN_FOLDER;
pub use licence::licence_of_wheel;
pub use misplaced::Misplaced;
pub use naming::{
    NamingPolicy, available, distribution_name, epoch, is_package_name, made_name, name_origin,
    package_name, taken_name,
};
use relations::ExternalRelations;
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
    let own = hazards::OwnNames::new(wheel, scripts::commands(wheel, &launchers, commands));
    let hazards = hazards::Hazards { wheel, target, policy, own, commands };
    let layout = layout::lay_out(&hazards, &package)?;
    libraries::check_glibc(subject, target)?;
    let documents = files::documents(&package, wheel, target);
    let files = files::all(layout.files, launchers, documents, wheel)?;
    let rule_notes = unused_rules(&hazards, layout.considered);

    let (scriptlets, unit_notes) = scriptlets(subject, &files, target);
    let (foreign_code, foreign_notes) = foreign_code::foreign_code(&files, wheel, target);
    let planning = Planning { subject, target, others, policy };
    let outside = planning.outside(&files, &package, unit_notes)?;
    let (licence, licence_notes) = licence::settled(&subject.licence, subject.origin, policy);
    let open = planning.open(&package, &licence, &outside);

    Ok(PackagePlan {
        further_archives: Vec::new(),
        schema: SCHEMA,
        project: project.clone(),
        release: wheel.metadata.version.clone(),
        target: target.name.clone(),
        format: target.format.clone(),
        source: source_file(subject),
        evr: planning.evr(&package),
        package,
        architecture: architecture(wheel, target),
        summary: texts::summary(&wheel.metadata),
        description: texts::description(&wheel.metadata, subject.origin),
        licence,
        licence_texts: licence_texts(wheel, target),
        authors: texts::authors(&wheel.metadata),
        homepage: texts::homepage(&wheel.metadata),
        packager: policy.packager.clone(),
        changelog_author: policy.changelog_author.clone(),
        relations: outside.relations,
        entry_points: wheel.entry_points.definitions.clone(),
        files,
        left_out: layout.left_out,
        notes: [
            launcher_notes,
            layout.notes,
            rule_notes,
            outside.notes,
            foreign_notes,
            library_paths::notes(wheel),
            licence_notes,
        ]
        .concat(),
        foreign_code,
        open: [open, outside.open].concat(),
        added: Vec::new(),
        patches: Vec::new(),
        scriptlets,
        time: policy.time.or(subject.file.upload_time).or(wheel.newest).unwrap_or(UNKNOWN_TIME),
        from_source: None,
    })
}

/// What one plan is made from.
struct Planning<'a> {
    subject: &'a Subject<'a>,
    target: &'a Target,
    others: &'a Others<'a>,
    policy: &'a Policy,
}

impl Planning<'_> {
    /// Returns the package's relations, the notes on them and on its units, and what is open about
    /// them.
    fn outside(
        &self,
        files: &[PlannedFile],
        package: &str,
        unit_notes: Vec<OneLine>,
    ) -> Result<ExternalRelations, PlanError> {
        let Self { subject, target, others, policy } = *self;
        let wheel = subject.wheel;
        let libraries = libraries::libraries(wheel, target, others);
        let programs = programs::programs(files, wheel, target);
        let mut relations = vec![relations::interpreter(wheel, target)];
        relations.extend(relations::dependencies(wheel, subject.extras, target, others, policy)?);
        let needs = needs::needs(subject, target, others, policy)?;
        relations.extend([libraries.relations, programs.relations, needs.relations].concat());
        relations.extend(provisions::provisions(wheel, package, target, others, policy)?);
        let paths = files.iter().map(|file| file.path.as_str()).collect();
        relations.extend(commands::application(wheel, package, &paths, target));
        let notes = [libraries.notes, programs.notes, unit_notes, needs.notes].concat();
        Ok(ExternalRelations { relations, notes, open: needs.open })
    }

    /// Returns what the user has to decide about the package's names and licence.
    fn open(&self, package: &str, licence: &Licence, outside: &ExternalRelations) -> Vec<Open> {
        let Self { subject, target, others, policy } = *self;
        let project = &subject.wheel.metadata.name;
        let mut open = questions::taken(project, package, target, others, policy);
        open.extend(questions::licence(project, licence));
        open.extend(questions::names(&outside.relations, target, others, policy));
        open
    }

    /// Returns the epoch, the version and the release of the package.
    fn evr(&self, package: &str) -> Evr {
        let Self { subject, target, others, policy } = *self;
        let metadata = &subject.wheel.metadata;
        let epoch =
            naming::epoch(&metadata.name, package, target, &policy.naming, others.repository);
        Evr {
            epoch: metadata.version.epoch().max(epoch),
            version: subject.version.to_owned(),
            release: format!("{}{}", policy.release, target.dist_tag),
        }
    }
}

/// Returns the scriptlets of the systemd units among the files, and notes on them.
fn scriptlets(
    subject: &Subject<'_>,
    files: &[PlannedFile],
    target: &Target,
) -> (BTreeMap<Moment, String>, Vec<OneLine>) {
    // debhelper handles the units of what it builds.
    let idiom = target.source_recipe.as_ref().map(|recipe| recipe.idiom);
    let is_handled = subject.is_rebuilt && idiom == Some(Idiom::Debhelper);
    if is_handled { Default::default() } else { units::scriptlets(files, target) }
}

fn architecture(wheel: &Wheel, target: &Target) -> PackageArchitecture {
    let machine = &target.architecture.machine;
    if wheel.is_native(machine) {
        PackageArchitecture::Machine(machine.clone())
    } else {
        PackageArchitecture::Independent
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
    if target.layout.licences != crate::distro::targets::LicenceLayout::Copyright {
        return Vec::new();
    }
    let texts = wheel.licence_texts.iter();
    texts
        .map(|(file, text)| LicenceText { file: OneLine::new(file), text: Paragraph::new(text) })
        .collect()
}
