//! The command line, `pypi2pkg.toml` and the environment, resolved once into one value. No deeper
//! module reads any of them.
//!
//! Each group of options is one struct, which the command line and the configuration share.

mod building;
mod cache;
mod candidates;
mod description;
mod download;
mod environment;
mod error;
mod file;
mod index;
mod install;
mod keys;
mod limits;
mod names;
mod options;
mod pip;
mod plugins;
mod policy;
mod project;
mod publishing;
mod relations;
mod resolution;
mod sdists;
mod target;
mod templates;
mod time;
pub mod values;

use std::{collections::BTreeMap, path::PathBuf};

pub use building::{AcceptanceOptions, BuildingOptions, FailureOptions};
pub use cache::CacheOptions;
pub use candidates::CandidateOptions;
pub use description::DescriptionOptions;
pub use download::{DownloadOptions, DownloadSettings};
pub use environment::{Netrc, ProcessEnvironment};
pub use error::SettingsError;
pub use file::Configuration;
pub use index::{IndexOptions, KeyringProvider};
pub use install::{ByteCodePolicy, InstallOptions, OnConflict};
pub use limits::{LimitOptions, LimitsSettings};
pub use names::NamingOptions;
pub use options::RunOptions;
pub use plugins::{PluginConfiguration, PluginOptions, PluginSettings};
pub use project::{PackageOrigin, ProjectConfiguration};
pub use publishing::{PublishingOptions, PublishingSettings};
pub use relations::RelationOptions;
pub use resolution::ResolutionOptions;
pub use sdists::{SandboxOptions, SandboxSettings, SdistOptions};
pub use target::TargetOptions;
pub use templates::TemplateOptions;

use self::project::ProjectSettings;
use crate::{
    format::build::Preference,
    index::IndexStrategy,
    planner::Policy,
    python::{artifact::ProjectName, requirements::FileOptions},
    resolve::ResolveOptions,
};

/// Everything that a run depends on besides its inputs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The target's name; the default is this machine's.
    pub target: Option<String>,
    /// Another of the target's Pythons.
    pub python: Option<String>,
    /// The architecture; the default is the target's first.
    pub arch: Option<String>,
    /// The options that take precedence over those of requirements files.
    pub options: FileOptions,
    /// Which indexes are searched for a project.
    pub index_strategy: IndexStrategy,
    /// Projects that are searched in one index only, by its address.
    pub project_indexes: BTreeMap<ProjectName, String>,
    /// Repositories whose packages are required where they satisfy a project's requirements.
    pub satisfy_from: Vec<String>,
    /// Projects whose packages' origin is configured.
    pub origins: BTreeMap<ProjectName, PackageOrigin>,
    /// The folder below which everything is installed.
    pub install_prefix: Option<String>,
    /// Whether packages with open questions are built, too.
    pub allow_fixme: bool,
    /// Whether the other projects are built if one cannot be resolved or fetched.
    pub keep_going: bool,
    /// Whether packages fail whose relations differ from the planned ones.
    pub strict: bool,
    /// The package name of the only project.
    pub only_name: Option<String>,
    /// The spec to build the only project with, instead of a generated one.
    pub spec_file: Option<PathBuf>,
    /// What happens to files that several packages would own.
    pub on_conflict: OnConflict,
    /// Whether packages contain byte code.
    pub bytecode: ByteCodePolicy,
    /// The signatures and the layout of the collection.
    pub publishing: PublishingSettings,
    /// Whether passwords are looked up in the keyring.
    pub asks_keyring: bool,
    /// Whether only the cache is used.
    pub offline: bool,
    /// The limits of downloads.
    pub download: DownloadSettings,
    /// The maximum sizes of archives.
    pub limits: LimitsSettings,
    /// Build requirements of projects in addition to those that they state.
    pub build_requires: BTreeMap<ProjectName, Vec<String>>,
    /// Whether no sdist is built only to learn what it requires.
    pub no_build_metadata: bool,
    /// The sandbox for the code of sdists.
    pub sandbox: SandboxSettings,
    /// Whether missing build dependencies are installed on this machine.
    pub install_build_deps: bool,
    /// How releases are chosen.
    pub resolution: ResolveOptions,
    /// What builds the packages.
    pub builder: Preference,
    /// The payload's compression; the default is the target's.
    pub compression: Option<String>,
    /// Whether source packages are built, too.
    pub source_packages: bool,
    /// The policy of the planner.
    pub policy: Policy,
    /// Folders with template packs, in order of precedence.
    pub templates: Vec<PathBuf>,
    /// The plugins that take part.
    pub plugins: PluginSettings,
    /// A folder with additional targets.
    pub targets: Option<PathBuf>,
    /// The number of parallel builds.
    pub jobs: usize,
    /// An absolute path.
    pub cache: PathBuf,
    /// The environment variables.
    pub environment: ProcessEnvironment,
}

/// Returns the settings of a run: options of the command line take precedence over the
/// configuration, which takes precedence over the environment and the defaults.
///
/// # Errors
/// A value is invalid, or a file that it names cannot be read.
pub fn resolve(
    command_line: RunOptions,
    configuration: Configuration,
    environment: ProcessEnvironment,
) -> Result<Settings, SettingsError> {
    let options = command_line.over(configuration.options);
    let projects = ProjectSettings::new(configuration.projects);
    let publishing = options.publishing.clone().settings(&environment)?;
    let cache = options.cache.absolute(&environment)?;
    let policy = policy::policy(&options, &projects, &environment)?;
    let environment_options = FileOptions {
        index_url: environment.index_url(),
        trusted_hosts: environment.pip_trusted_hosts(),
        ..FileOptions::default()
    };
    let file_options = options.file_options()?.over(&environment_options);
    let resolution = options.resolve_options(projects.sources)?;
    let RunOptions { target, index, sdists, failures, building, acceptance, naming, .. } = options;
    let RunOptions { relations, install, templates, plugins, .. } = options;
    Ok(Settings {
        target: target.target,
        python: target.python,
        arch: target.arch,
        targets: target.targets,
        options: file_options,
        index_strategy: index.index_strategy.unwrap_or_default(),
        project_indexes: projects.indexes,
        asks_keyring: index.keyring_provider == Some(KeyringProvider::Subprocess),
        offline: index.offline,
        download: index.download.settings(),
        limits: index.limits.settings(),
        satisfy_from: relations.satisfy_from,
        origins: projects.origins,
        allow_fixme: acceptance.allow_fixme,
        strict: acceptance.strict,
        keep_going: failures.keeps_going(),
        only_name: naming.only_name().cloned(),
        install_prefix: install.install_prefix,
        on_conflict: install.on_conflict.unwrap_or_default(),
        bytecode: install.bytecode.unwrap_or_default(),
        build_requires: projects.build_requires,
        no_build_metadata: sdists.no_build_metadata,
        sandbox: sdists.sandbox(),
        install_build_deps: sdists.install_build_deps,
        resolution,
        jobs: building.jobs(),
        builder: building.builder.unwrap_or_default(),
        compression: building.compression,
        source_packages: building.source_packages,
        spec_file: building.spec_file,
        publishing,
        policy,
        plugins: plugins.settings(&environment, &cache),
        templates: templates.folders(&environment),
        cache,
        environment,
    })
}
