//! Arguments that several verbs share.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    base::files::FileError,
    cli::failure::{Failure, USAGE},
    python::{
        artifact::ExtraName,
        requirements::{self, InputRequest, LockFormat},
    },
    settings::{
        CacheOptions, CandidateOptions, Configuration, DescriptionOptions, IndexOptions,
        InstallOptions, NamingOptions, PluginOptions, ProcessEnvironment, RelationOptions,
        ResolutionOptions, RunOptions, SdistOptions, TargetOptions, TemplateOptions, values,
    },
};

/// The requirements.
#[derive(Debug, Args)]
pub(super) struct InputArguments {
    /// Projects with optional extras and versions, such as `'requests[socks]==2.32.3'`; URLs,
    /// archives and folders of projects
    #[arg(value_name = "REQUIREMENT")]
    pub requirements: Vec<String>,
    /// Read requirements from a file: requirements.txt, pyproject.toml, or a lock file
    #[arg(short = 'r', long = "requirement", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Constrain versions by a file
    #[arg(short = 'c', long = "constraint", value_name = "FILE")]
    pub constraints: Vec<PathBuf>,
    #[command(flatten)]
    pub selection: SelectionArguments,
}

/// The parts of the files that are read.
#[derive(Debug, Default, Args)]
pub(super) struct SelectionArguments {
    /// Include an extra of the project whose pyproject.toml or lock file is given
    #[arg(long = "extra", value_name = "NAME", value_parser = values::extra)]
    pub extras: Vec<ExtraName>,
    /// Include all its extras
    #[arg(long)]
    pub all_extras: bool,
    /// Include a dependency group of pyproject.toml or a lock file
    #[arg(long = "group", value_name = "[FILE:]NAME")]
    pub groups: Vec<String>,
    /// Refuse requirements without an exact version
    #[arg(long)]
    pub require_pinned: bool,
    /// The format of the lock file (default: by its name)
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub lock_format: Option<LockFormat>,
}

/// The configuration file.
#[derive(Debug, Args)]
pub(super) struct ConfigurationArgument {
    /// The configuration file (default: `pypi2pkg.toml`, if it exists)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The requirements, the target, and how releases are chosen.
#[derive(Debug, Args)]
pub(super) struct ProjectArguments {
    #[command(flatten)]
    pub inputs: InputArguments,
    #[command(flatten)]
    target: TargetOptions,
    #[command(flatten)]
    index: IndexOptions,
    #[command(flatten)]
    candidates: CandidateOptions,
    #[command(flatten)]
    sdists: SdistOptions,
    #[command(flatten)]
    resolution: ResolutionOptions,
    #[command(flatten)]
    cache: CacheOptions,
    #[command(flatten)]
    pub configuration: ConfigurationArgument,
}

/// What packages are called, and what they contain.
#[derive(Debug, Args)]
pub(super) struct PackageArguments {
    #[command(flatten)]
    naming: NamingOptions,
    #[command(flatten)]
    relations: RelationOptions,
    #[command(flatten)]
    install: InstallOptions,
    #[command(flatten)]
    description: DescriptionOptions,
    #[command(flatten)]
    plugins: PluginOptions,
    #[command(flatten)]
    templates: TemplateOptions,
}

/// Recipes in folders, and where their files are downloaded from.
#[derive(Debug, Args)]
pub(super) struct RecipeArguments {
    /// A recipe, or a folder of recipes
    #[arg(value_name = "FOLDER", default_value = "recipes")]
    pub folder: PathBuf,
    #[command(flatten)]
    index: IndexOptions,
    #[command(flatten)]
    cache: CacheOptions,
    #[command(flatten)]
    pub configuration: ConfigurationArgument,
}

impl InputArguments {
    /// Reads the requirements and their files.
    ///
    /// # Errors
    /// No requirements are given, or they cannot be read.
    pub(super) fn read(
        &self,
        environment: &ProcessEnvironment,
    ) -> Result<requirements::Inputs, Failure> {
        let selection = &self.selection;
        if self.requirements.is_empty() && self.files.is_empty() && selection.groups.is_empty() {
            return Err(Failure {
                status: USAGE,
                message: "no requirements were given".to_owned(),
                hint: Some("name a project, or a requirements file with `-r FILE`".to_owned()),
            });
        }
        let folder = std::env::current_dir().map_err(FileError::write(Path::new(".")))?;
        Ok(requirements::Inputs::read(&InputRequest {
            arguments: &self.requirements,
            files: &self.files,
            constraints: &self.constraints,
            extras: &selection.extras,
            all_extras: selection.all_extras,
            groups: &selection.groups,
            require_pinned: selection.require_pinned,
            lock_format: selection.lock_format,
            folder: &folder,
            variable: &|name| environment.variable(name),
        })?)
    }
}

impl ConfigurationArgument {
    /// Reads the configuration.
    ///
    /// # Errors
    /// The file cannot be read, or has an unknown key or an invalid value.
    pub(super) fn read(&self) -> Result<Configuration, Failure> {
        Ok(Configuration::read(self.config.as_deref())?)
    }
}

impl ProjectArguments {
    /// Returns the options of these arguments.
    pub(super) fn options(&self) -> RunOptions {
        RunOptions {
            target: self.target.clone(),
            index: self.index.clone(),
            candidates: self.candidates.clone(),
            sdists: self.sdists.clone(),
            resolution: self.resolution.clone(),
            cache: self.cache.clone(),
            ..RunOptions::default()
        }
    }
}

impl PackageArguments {
    /// Returns `options` with those of these arguments.
    pub(super) fn add_to(self, options: RunOptions) -> RunOptions {
        let Self { naming, relations, install, description, plugins, templates } = self;
        RunOptions { naming, relations, install, description, plugins, templates, ..options }
    }
}

impl RecipeArguments {
    /// Returns the options of these arguments.
    pub(super) fn options(&self) -> RunOptions {
        RunOptions { index: self.index.clone(), cache: self.cache.clone(), ..RunOptions::default() }
    }
}
