//! Flags, `pypi2pkg.toml` and the environment, resolved once into one value. Nothing deeper looks
//! at any of them.

mod environment;
mod file;
mod time;

use std::{collections::BTreeMap, path::PathBuf};

pub use environment::Environment;
pub use file::{Configuration, ProjectConfiguration, SettingsError};

use crate::{
    artifact::ProjectName,
    build::Preference,
    planner::{NamingPolicy, Policy},
    resolve::{ResolveOptions, SourcePolicy, Strategy},
    text::OneLine,
};

/// What a run was told on the command line; `None` and empty where nothing was said.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub target: Option<String>,
    pub python: Option<String>,
    pub arch: Option<String>,
    pub index_url: Option<String>,
    pub offline: bool,
    pub pre: bool,
    pub source: Option<SourcePolicy>,
    pub strategy: Option<Strategy>,
    /// A date, a time, or a span back from now.
    pub exclude_newer: Option<String>,
    pub no_deps: bool,
    pub excluded: Vec<ProjectName>,
    pub builder: Option<Preference>,
    pub compression: Option<String>,
    pub name_prefix: Option<String>,
    pub names: BTreeMap<ProjectName, String>,
    pub packager: Option<String>,
    pub release: Option<String>,
    pub templates: Vec<PathBuf>,
    pub jobs: Option<usize>,
    pub cache: Option<PathBuf>,
}

/// Everything that a run depends on beside its inputs.
#[derive(Debug, Clone)]
pub struct Settings {
    pub target: Option<String>,
    pub python: Option<String>,
    pub arch: Option<String>,
    /// `None` where the requirements files or the default decide.
    pub index_url: Option<String>,
    pub offline: bool,
    /// How releases are chosen.
    pub resolution: ResolveOptions,
    pub builder: Preference,
    pub compression: Option<String>,
    pub policy: Policy,
    pub templates: Vec<PathBuf>,
    pub targets: Option<PathBuf>,
    pub jobs: usize,
    pub cache: PathBuf,
    pub environment: Environment,
}

/// Who answers for packages where nobody is named. Source: RFC 2606 reserves the host.
const NOBODY: &str = "Local Packages <packages@example.org>";

/// Flags win over the configuration, which wins over the environment and the defaults.
pub fn resolve(
    flags: Flags,
    configuration: Configuration,
    environment: Environment,
) -> Result<Settings, SettingsError> {
    let mut names = BTreeMap::new();
    let mut project_sources = BTreeMap::new();
    let mut licences = BTreeMap::new();
    for (project, own) in &configuration.project {
        if let Some(name) = &own.name {
            names.insert(project.clone(), name.clone());
        }
        if let Some(source) = own.source {
            project_sources.insert(project.clone(), source.into());
        }
        if let Some(licence) = &own.licence {
            licences.insert(project.clone(), licence.clone());
        }
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
        },
        packager: OneLine::new(&packager),
        release: flags.release.or(configuration.release).unwrap_or_else(|| "1".to_owned()),
        time: environment.source_date_epoch()?,
        licences,
        allowed_paths: configuration.allow_paths,
        allow_startup_code: configuration.allow_startup_code,
    };
    let exclude_newer = flags.exclude_newer.or(configuration.exclude_newer);
    let cache = flags.cache.or(configuration.cache).or_else(|| environment.cache());
    Ok(Settings {
        target: flags.target.or(configuration.target),
        python: flags.python.or(configuration.python),
        arch: flags.arch.or(configuration.arch),
        index_url: flags.index_url.or(configuration.index_url).or_else(|| environment.index_url()),
        offline: flags.offline,
        resolution: ResolveOptions {
            pre: flags.pre || configuration.pre,
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
        policy,
        templates: flags.templates.into_iter().chain(configuration.templates).collect(),
        targets: configuration.targets,
        jobs: flags.jobs.or(configuration.jobs).unwrap_or_else(available_cores),
        cache: cache.ok_or(SettingsError::NoCache)?,
        environment,
    })
}

fn available_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
