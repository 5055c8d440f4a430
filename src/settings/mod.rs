//! Flags, `pypi2pkg.toml` and the environment, resolved once into one value. Nothing deeper looks
//! at any of them.

mod choice;
mod download;
mod environment;
mod file;
mod limits;
mod names;
mod pip;
mod plugins;
mod publishing;
mod sandbox;
mod time;
pub mod values;

use std::{
    collections::BTreeMap,
    path::{self, PathBuf},
};

use choice::KeyringProvider;
pub use choice::{ByteCodePolicy, OnConflict, Origin};
pub use download::{DownloadConfiguration, DownloadSettings};
pub use environment::{Environment, Netrc};
pub use file::{Configuration, ProjectConfiguration, SettingsError};
pub use limits::{LimitsConfiguration, LimitsSettings};
pub use plugins::PluginSettings;
pub use publishing::{PublishingFlags, PublishingSettings};
pub use sandbox::{SandboxConfiguration, SandboxSettings};

use crate::{
    base::text::OneLine,
    distro::hints::UserHints,
    format::build::Preference,
    index::IndexStrategy,
    planner::{CommandNames, NamingPolicy, Policy, Relax},
    python::{artifact::ProjectName, requirements::FileOptions},
    resolve::{ResolveOptions, SourcePolicy, Strategy},
};

/// What a run was told on the command line; `None` and empty where nothing was said.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub target: Option<String>,
    pub python: Option<String>,
    pub arch: Option<String>,
    /// What requirements files may say, too; it wins over them.
    pub options: FileOptions,
    pub index_strategy: Option<IndexStrategy>,
    pub asks_keyring: Option<bool>,
    pub offline: bool,
    pub no_build_metadata: bool,
    pub no_sandbox: bool,
    pub install_build_deps: bool,
    pub source: Option<SourcePolicy>,
    pub strategy: Option<Strategy>,
    /// A date, a time, or a span back from now.
    pub exclude_newer: Option<String>,
    pub no_deps: bool,
    pub excluded: Vec<ProjectName>,
    pub builder: Option<Preference>,
    pub compression: Option<String>,
    pub source_packages: bool,
    pub name_prefix: Option<String>,
    pub name_template: Option<String>,
    pub names: BTreeMap<ProjectName, String>,
    /// Whether a project that cannot be resolved or fetched does not end the run.
    pub keep_going: bool,
    /// Whether packages whose relations differ from the plan are left out.
    pub strict: bool,
    /// The name of the only project's package.
    pub only_name: Option<String>,
    /// A spec of the user's own for the only project.
    pub spec_file: Option<PathBuf>,
    /// A file with further names.
    pub name_map: Option<PathBuf>,
    pub relax: Option<Relax>,
    /// Files with hints, the strongest first.
    pub hints: Vec<PathBuf>,
    pub strict_hints: bool,
    /// Whether what the user has to settle stops no build.
    pub allow_fixme: bool,
    /// Repositories of the distribution.
    pub satisfy_from: Vec<String>,
    pub on_conflict: Option<OnConflict>,
    /// What commands of a Python beside the default one are called.
    pub command_names: Option<CommandNames>,
    pub bytecode: Option<ByteCodePolicy>,
    pub publishing: PublishingFlags,
    pub install_prefix: Option<String>,
    pub packager: Option<String>,
    /// Whether the environment says who signs changelogs, whoever the packager is.
    pub signs_changelog: bool,
    pub release: Option<String>,
    pub templates: Vec<PathBuf>,
    /// Plugins by name or path, behind those of the configuration.
    pub plugins: Vec<String>,
    pub jobs: Option<usize>,
    pub cache: Option<PathBuf>,
}

/// Everything that a run depends on beside its inputs.
#[derive(Debug, Clone)]
pub struct Settings {
    pub target: Option<String>,
    pub python: Option<String>,
    pub arch: Option<String>,
    /// What wins over the options of requirements files.
    pub options: FileOptions,
    pub index_strategy: IndexStrategy,
    /// Projects that are looked for in one index only, by its address.
    pub project_indexes: BTreeMap<ProjectName, String>,
    /// Repositories whose packages are required where they satisfy a project's requirements.
    pub satisfy_from: Vec<String>,
    /// Projects for which it is settled where they come from.
    pub origins: BTreeMap<ProjectName, Origin>,
    /// The folder into which everything goes, beside the system's own.
    pub install_prefix: Option<String>,
    /// Whether what the user has to settle stops no build.
    pub allow_fixme: bool,
    /// Whether a project that cannot be resolved or fetched does not end the run.
    pub keep_going: bool,
    /// Whether packages whose relations differ from the plan are left out.
    pub strict: bool,
    /// The name of the only project's package.
    pub only_name: Option<String>,
    /// A spec of the user's own for the only project.
    pub spec_file: Option<PathBuf>,
    /// What happens to files that several packages would own.
    pub on_conflict: OnConflict,
    pub bytecode: ByteCodePolicy,
    pub publishing: PublishingSettings,
    /// Whether passwords are asked of the keyring.
    pub asks_keyring: bool,
    pub offline: bool,
    /// How long downloads may take.
    pub download: DownloadSettings,
    /// How large archives may be.
    pub limits: LimitsSettings,
    /// What single projects are built with, besides what they state.
    pub build_requires: BTreeMap<ProjectName, Vec<String>>,
    /// Whether nothing is built only to learn what it requires.
    pub no_build_metadata: bool,
    /// What confines the code of sources.
    pub sandbox: SandboxSettings,
    /// Whether packages of this machine's distribution that a build lacks are installed.
    pub install_build_deps: bool,
    /// How releases are chosen.
    pub resolution: ResolveOptions,
    pub builder: Preference,
    pub compression: Option<String>,
    /// Whether source packages are made, too.
    pub source_packages: bool,
    pub policy: Policy,
    /// Folders with template packs, the strongest first.
    pub templates: Vec<PathBuf>,
    pub plugins: PluginSettings,
    pub targets: Option<PathBuf>,
    pub jobs: usize,
    pub cache: PathBuf,
    pub environment: Environment,
}

/// Who answers for packages if no one is named. Source: RFC 2606 reserves the host.
const NOBODY: &str = "Local Packages <packages@example.org>";

/// Flags win over the configuration, which wins over the environment and the defaults.
///
/// # Errors
/// A value is invalid, or a file that it names cannot be read.
pub fn resolve(
    flags: Flags,
    configuration: Configuration,
    environment: Environment,
) -> Result<Settings, SettingsError> {
    let configured = configuration.options();
    let publishing = PublishingSettings::new(flags.publishing, &configuration, &environment)?;
    let cache = flags.cache.or(configuration.cache.clone()).or_else(|| environment.cache());
    let cache = cache.ok_or(SettingsError::NoCache)?;
    // Tools and plugins that read it work in folders of their own.
    let cache = path::absolute(&cache)
        .map_err(|error| SettingsError::Cache { cache, reason: error.to_string() })?;
    let plugins = PluginSettings::new(flags.plugins, &configuration, &environment, &cache);
    let mut names = BTreeMap::new();
    let mut project_sources = BTreeMap::new();
    let mut licences = BTreeMap::new();
    let mut project_indexes = BTreeMap::new();
    let mut origins = BTreeMap::new();
    let mut file_rules = BTreeMap::new();
    let mut build_requires = BTreeMap::new();
    for (project, own) in &configuration.project {
        if let Some(name) = &own.name {
            names.insert(project.clone(), name.clone());
        }
        if let Some(source) = own.source {
            project_sources.insert(project.clone(), source.into());
        }
        file_rules.insert(project.clone(), own.file_rules());
        if let Some(origin) = own.origin {
            origins.insert(project.clone(), origin);
        }
        if let Some(index) = &own.index {
            project_indexes.insert(project.clone(), index.clone());
        }
        if !own.build_requires.is_empty() {
            build_requires.insert(project.clone(), own.build_requires.clone());
        }
        if let Some(licence) = &own.licence {
            licences.insert(project.clone(), licence.clone());
        }
    }
    if let Some(path) = flags.name_map.or(configuration.name_map) {
        names.extend(names::read(&path)?);
    }
    names.extend(flags.names);
    let packager = flags
        .packager
        .or(configuration.packager)
        .or_else(|| environment.packager())
        .unwrap_or_else(|| NOBODY.to_owned());
    let policy = Policy {
        naming: NamingPolicy {
            prefix: flags.name_prefix.or(configuration.name_prefix).unwrap_or_default(),
            names,
            template: flags.name_template.or(configuration.name_template),
            ..NamingPolicy::default()
        },
        packager: OneLine::new(&packager),
        changelog_author: environment
            .packager()
            .filter(|author| flags.signs_changelog && *author != packager)
            .map(|author| OneLine::new(&author)),
        release: flags.release.or(configuration.release).unwrap_or_else(|| "1".to_owned()),
        time: environment.source_date_epoch()?,
        relax: flags.relax.or(configuration.relax.map(Into::into)).unwrap_or_default(),
        hints: hints(flags.hints.into_iter().chain(configuration.hints))?,
        strict_hints: flags.strict_hints || configuration.strict_hints,
        ignored: origins
            .iter()
            .filter(|(_, origin)| **origin == Origin::Ignore)
            .map(|(project, _)| project.clone())
            .collect(),
        licences,
        unknown_licence: configuration.unknown_licence,
        allowed_paths: configuration.allow_paths,
        allow_startup_code: configuration.allow_startup_code,
        file_rules,
        command_names: flags
            .command_names
            .or(configuration.command_names.map(Into::into))
            .unwrap_or_default(),
        owned_commands: None,
    };
    let exclude_newer = flags.exclude_newer.or(configuration.exclude_newer);
    let of_environment = FileOptions {
        index_url: environment.index_url(),
        trusted_hosts: environment.pip_trusted_hosts(),
        ..FileOptions::default()
    };
    let index_strategy = configuration.index_strategy.map(Into::into);
    let asks_keyring =
        configuration.keyring_provider.map(|provider| provider == KeyringProvider::Subprocess);
    Ok(Settings {
        target: flags.target.or(configuration.target),
        python: flags.python.or(configuration.python),
        arch: flags.arch.or(configuration.arch),
        options: flags.options.over(&configured).over(&of_environment),
        index_strategy: flags.index_strategy.or(index_strategy).unwrap_or_default(),
        project_indexes,
        satisfy_from: flags.satisfy_from.into_iter().chain(configuration.satisfy_from).collect(),
        origins,
        allow_fixme: flags.allow_fixme,
        keep_going: flags.keep_going && configuration.keep_going.unwrap_or(true),
        strict: flags.strict,
        only_name: flags.only_name,
        spec_file: flags.spec_file,
        install_prefix: flags.install_prefix.or(configuration.install_prefix),
        on_conflict: flags.on_conflict.or(configuration.on_conflict).unwrap_or_default(),
        publishing,
        bytecode: flags.bytecode.or(configuration.bytecode).unwrap_or_default(),
        asks_keyring: flags.asks_keyring.or(asks_keyring).unwrap_or_default(),
        offline: flags.offline,
        download: DownloadSettings::new(&configuration.download),
        limits: LimitsSettings::new(&configuration.limits),
        build_requires,
        no_build_metadata: flags.no_build_metadata || configuration.no_build_metadata,
        sandbox: SandboxSettings::new(flags.no_sandbox, &configuration.sandbox),
        install_build_deps: flags.install_build_deps || configuration.install_build_deps,
        resolution: ResolveOptions {
            source: flags.source.or(configuration.source.map(Into::into)).unwrap_or_default(),
            project_sources,
            strategy: flags
                .strategy
                .or(configuration.resolution.map(Into::into))
                .unwrap_or_default(),
            exclude_newer: exclude_newer.as_deref().map(time::limit).transpose()?,
            no_deps: flags.no_deps,
            excluded: flags.excluded.into_iter().chain(configuration.exclude).collect(),
            preferred: BTreeMap::new(),
        },
        builder: flags
            .builder
            .or(configuration.builder.map(Into::into))
            .unwrap_or(Preference::Auto),
        compression: flags.compression.or(configuration.compression),
        source_packages: flags.source_packages || configuration.source_packages,
        policy,
        plugins,
        templates: template_folders(flags.templates, &configuration.templates, &environment),
        targets: configuration.targets,
        jobs: flags.jobs.or(configuration.jobs).unwrap_or_else(available_cores),
        cache,
        environment,
    })
}

/// The folders in which templates are looked for, the strongest first: those of the command line,
/// of the configuration, the user's and the system's.
pub fn template_folders(
    named: Vec<PathBuf>,
    configured: &[PathBuf],
    environment: &Environment,
) -> Vec<PathBuf> {
    let found = environment.template_folders();
    named.into_iter().chain(configured.iter().cloned()).chain(found).collect()
}

/// The hints of several files; of one project and of one name, those of the first file count.
fn hints(paths: impl Iterator<Item = PathBuf>) -> Result<UserHints, SettingsError> {
    let mut hints = UserHints::default();
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|error| SettingsError::Unreadable {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        hints = hints.over(UserHints::parse(&text, &path)?);
    }
    Ok(hints)
}

fn available_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
