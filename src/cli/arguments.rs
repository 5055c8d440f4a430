//! Arguments that several verbs share.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;

use super::choices::{
    ByteCode, CommandNames, IndexStrategy, KeyringProvider, LockFormat, OnConflict, Relax,
    Resolution, Source,
};
use crate::{
    base::files::FileError,
    cli::failure::{Failure, USAGE},
    python::{
        artifact::{ExtraName, ProjectName, extra_name, project_name},
        requirements::{self, FileOptions, ProjectRule, Request},
    },
    settings::{Environment, Flags, values},
};

/// What is requested.
#[derive(Debug, Args)]
pub struct Inputs {
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
    pub selection: Selection,
}

/// What of the files is taken.
#[derive(Debug, Default, Args)]
pub struct Selection {
    /// Include an extra of the project whose pyproject.toml or lock file is given
    #[arg(long = "extra", value_name = "NAME", value_parser = parse_extra)]
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

/// Where releases are looked for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Indexes")]
pub struct Sources {
    /// The package index: a URL of a simple repository, or a folder
    #[arg(short, long, value_name = "URL")]
    pub index_url: Option<String>,
    /// An additional index, searched before `--index-url`: the first that has a project is used
    #[arg(long, value_name = "URL")]
    pub extra_index_url: Vec<String>,
    /// Also look for files in a folder, or among the links of a page
    #[arg(short, long, value_name = "URL")]
    pub find_links: Vec<String>,
    /// Ignore all indexes
    #[arg(long)]
    pub no_index: bool,
    /// Allow a host, or one of its ports, without encryption
    #[arg(long = "trusted-host", value_name = "HOST[:PORT]")]
    pub trusted_hosts: Vec<String>,
    /// Which indexes are searched for a project
    #[arg(long, value_enum, value_name = "STRATEGY")]
    pub index_strategy: Option<IndexStrategy>,
    /// Where passwords are looked up
    #[arg(long, value_enum, value_name = "PROVIDER")]
    pub keyring_provider: Option<KeyringProvider>,
    /// Use only the cache
    #[arg(long)]
    pub offline: bool,
}

/// Recipes that are in folders, and where their files are.
#[derive(Debug, Args)]
pub struct Recipes {
    /// A recipe, or a folder of recipes
    #[arg(value_name = "FOLDER", default_value = "recipes")]
    pub folder: PathBuf,
    #[command(flatten)]
    pub sources: Sources,
    /// The cache folder
    #[arg(long, value_name = "FOLDER")]
    pub cache_dir: Option<PathBuf>,
    /// The configuration file (default: `pypi2pkg.toml`, if it exists)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl Recipes {
    /// What these arguments say.
    pub fn flags(&self) -> Flags {
        Flags {
            options: self.sources.options(),
            index_strategy: self.sources.index_strategy.map(Into::into),
            asks_keyring: self.sources.asks_keyring(),
            offline: self.sources.offline,
            cache: self.cache_dir.clone(),
            ..Flags::default()
        }
    }
}

impl Sources {
    /// What requirements files may say, too.
    fn options(&self) -> FileOptions {
        FileOptions {
            index_url: self.index_url.clone(),
            extra_index_urls: self.extra_index_url.clone(),
            find_links: self.find_links.clone(),
            no_index: self.no_index,
            trusted_hosts: self.trusted_hosts.clone(),
            ..FileOptions::default()
        }
    }

    fn asks_keyring(&self) -> Option<bool> {
        self.keyring_provider.map(|provider| provider == KeyringProvider::Subprocess)
    }
}

/// What is requested, and for which target.
#[derive(Debug, Args)]
pub struct Asked {
    #[command(flatten)]
    pub inputs: Inputs,
    /// The distribution to build packages for (default: this machine's)
    #[arg(short, long, value_name = "NAME")]
    pub target: Option<String>,
    /// Another of the target's Pythons, such as 3.12
    #[arg(long, value_name = "VERSION")]
    pub python: Option<String>,
    /// The machine architecture, such as aarch64 (default: the target's first)
    #[arg(long, value_name = "NAME")]
    pub arch: Option<String>,
    #[command(flatten)]
    pub sources: Sources,
    #[command(flatten)]
    pub choice: Choice,
    /// The cache folder
    #[arg(long, value_name = "FOLDER")]
    pub cache_dir: Option<PathBuf>,
    /// The configuration file (default: `pypi2pkg.toml`, if it exists)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Which releases are chosen.
#[derive(Debug, Args)]
#[command(next_help_heading = "Resolution")]
pub struct Choice {
    /// Allow pre-releases
    #[arg(long)]
    pub pre: bool,
    /// Which files to use
    #[arg(long, value_enum, value_name = "KIND")]
    pub source: Option<Source>,
    /// Do not use wheels of projects: names, `:all:` or `:none:`
    #[arg(long, value_name = "PROJECTS")]
    pub no_binary: Vec<String>,
    /// Use only wheels of projects: names, `:all:` or `:none:`
    #[arg(long, value_name = "PROJECTS")]
    pub only_binary: Vec<String>,
    /// Prefer an older wheel to a newer sdist
    #[arg(long)]
    pub prefer_binary: bool,
    /// Refuse requirements without a hash
    #[arg(long)]
    pub require_hashes: bool,
    /// Do not build sdists only to learn what they require
    #[arg(long)]
    pub no_build_metadata: bool,
    /// Build sdists without the sandbox, with all your permissions
    #[arg(long)]
    pub no_sandbox: bool,
    /// Install missing build dependencies on this machine, with apt-get or dnf
    #[arg(long)]
    pub install_build_deps: bool,
    /// Which releases to prefer
    #[arg(long, value_enum, value_name = "STRATEGY")]
    pub resolution: Option<Resolution>,
    /// Ignore files uploaded after a date (2026-01-31), a time, or a duration ago (7 days)
    #[arg(long, value_name = "TIME")]
    pub exclude_newer: Option<String>,
    /// Ignore dependencies
    #[arg(long)]
    pub no_deps: bool,
    /// Exclude a project: the distribution provides it
    #[arg(long, value_name = "PROJECT", value_parser = parse_project)]
    pub exclude: Vec<ProjectName>,
}

/// How packages are named and described.
#[derive(Debug, Args, Default)]
pub struct Naming {
    /// Prefix every package name
    #[arg(long, value_name = "PREFIX", value_parser = values::name_prefix)]
    pub name_prefix: Option<String>,
    /// The template of package names: `{name}` is the target's usual name, `{project}` the
    /// project's
    #[arg(long, value_name = "TEMPLATE", value_parser = values::name_template)]
    pub name_template: Option<String>,
    /// The package name of a project; `PROJECT=` may be omitted if only one is given
    #[arg(long = "name", value_name = "[PROJECT=]NAME", value_parser = parse_name)]
    pub names: Vec<(Option<ProjectName>, String)>,
    /// A file of package names: a project and a name in each line
    #[arg(long, value_name = "FILE")]
    pub name_map: Option<PathBuf>,
    /// How strictly packages require each other's versions (default: compatible)
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub relax: Option<Relax>,
    /// A file that lists what projects need from the system
    #[arg(long, value_name = "FILE")]
    pub hints: Vec<PathBuf>,
    /// Fail if a project needs something from the system that is not a known package
    #[arg(long)]
    pub strict_hints: bool,
    /// Require packages of this repository of the distribution instead of building them: a URL or
    /// folder, an apt source (`http://… bookworm main`), or `system`
    #[arg(long, value_name = "REPOSITORY")]
    pub satisfy_from: Vec<String>,
    /// Install everything below a separate folder, such as /opt/acme
    #[arg(long, value_name = "FOLDER")]
    pub install_prefix: Option<String>,
    /// What to do if several packages contain the same file (default: fail)
    #[arg(long, value_enum, value_name = "POLICY")]
    pub on_conflict: Option<OnConflict>,
    /// The names of commands of a Python other than the target's default one (default: suffixed if
    /// a package of the default one could own the same path)
    #[arg(long, value_enum, value_name = "NAMES")]
    pub command_names: Option<CommandNames>,
    /// Whether RPM packages contain byte code (default: auto)
    #[arg(long, value_enum, value_name = "POLICY")]
    pub bytecode: Option<ByteCode>,
    /// The packager or maintainer: `Name <address>`
    #[arg(long, value_name = "PERSON", value_parser = values::packager)]
    pub packager: Option<String>,
    /// The release (Debian: revision) of the packages
    #[arg(long, value_name = "NUMBER", value_parser = values::release)]
    pub release: Option<String>,
    /// Use a plugin: its name, or the path of its folder
    #[arg(long = "plugin", value_name = "PLUGIN")]
    pub plugins: Vec<String>,
    /// A folder with templates that replace the built-in ones
    #[arg(long, value_name = "FOLDER")]
    pub templates: Vec<PathBuf>,
}

impl Inputs {
    /// Reads all that is named.
    ///
    /// # Errors
    /// Nothing is named, or what is cannot be read.
    pub fn read(&self, environment: &Environment) -> Result<requirements::Inputs, Failure> {
        let selection = &self.selection;
        if self.requirements.is_empty() && self.files.is_empty() && selection.groups.is_empty() {
            return Err(Failure {
                status: USAGE,
                message: "no requirements were given".to_owned(),
                hint: Some("name a project, or a requirements file with `-r FILE`".to_owned()),
            });
        }
        let folder = std::env::current_dir().map_err(FileError::write(Path::new(".")))?;
        Ok(requirements::Inputs::read(&Request {
            arguments: &self.requirements,
            files: &self.files,
            constraints: &self.constraints,
            extras: &selection.extras,
            all_extras: selection.all_extras,
            groups: &selection.groups,
            require_pinned: selection.require_pinned,
            lock_format: selection.lock_format.map(Into::into),
            folder: &folder,
            variable: &|name| environment.variable(name),
        })?)
    }
}

impl Asked {
    /// What these arguments say, with those on names.
    ///
    /// # Errors
    /// What names no projects.
    pub fn flags(&self, naming: Naming) -> Result<Flags, Failure> {
        let (mut names, mut only_name) = (BTreeMap::new(), None);
        for (project, name) in naming.names {
            match project {
                Some(project) => drop(names.insert(project, name)),
                None => only_name = Some(name),
            }
        }
        Ok(Flags {
            target: self.target.clone(),
            python: self.python.clone(),
            arch: self.arch.clone(),
            options: self.options()?,
            index_strategy: self.sources.index_strategy.map(Into::into),
            asks_keyring: self.sources.asks_keyring(),
            offline: self.sources.offline,
            no_build_metadata: self.choice.no_build_metadata,
            no_sandbox: self.choice.no_sandbox,
            install_build_deps: self.choice.install_build_deps,
            source: self.choice.source.map(Into::into),
            strategy: self.choice.resolution.map(Into::into),
            exclude_newer: self.choice.exclude_newer.clone(),
            no_deps: self.choice.no_deps,
            excluded: self.choice.exclude.clone(),
            name_prefix: naming.name_prefix,
            name_template: naming.name_template,
            names,
            only_name,
            name_map: naming.name_map,
            hints: naming.hints,
            strict_hints: naming.strict_hints,
            satisfy_from: naming.satisfy_from,
            install_prefix: naming.install_prefix,
            on_conflict: naming.on_conflict.map(Into::into),
            command_names: naming.command_names.map(Into::into),
            bytecode: naming.bytecode.map(Into::into),
            relax: naming.relax.map(Into::into),
            packager: naming.packager,
            release: naming.release,
            plugins: naming.plugins,
            templates: naming.templates,
            cache: self.cache_dir.clone(),
            ..Flags::default()
        })
    }

    /// What requirements files may say, too.
    fn options(&self) -> Result<FileOptions, Failure> {
        let choice = &self.choice;
        let mut options = FileOptions {
            all_releases: ProjectRule { all: choice.pre, ..ProjectRule::default() },
            prefer_binary: choice.prefer_binary,
            require_hashes: choice.require_hashes,
            ..self.sources.options()
        };
        let wrong = |flag: &'static str| {
            move |problem: String| Failure {
                status: USAGE,
                message: format!("`{flag}` {problem}"),
                hint: Some("write the names of projects, separated by commas".to_owned()),
            }
        };
        let FileOptions { no_binary, only_binary, .. } = &mut options;
        for list in &choice.no_binary {
            no_binary.add(list, only_binary).map_err(wrong("--no-binary"))?;
        }
        for list in &choice.only_binary {
            only_binary.add(list, no_binary).map_err(wrong("--only-binary"))?;
        }
        Ok(options)
    }
}

pub fn parse_project(text: &str) -> Result<ProjectName, String> {
    project_name(text).ok_or_else(|| format!("`{text}` is not a valid project name"))
}

fn parse_extra(text: &str) -> Result<ExtraName, String> {
    extra_name(text).ok_or_else(|| format!("`{text}` is not a valid extra name"))
}

fn parse_name(text: &str) -> Result<(Option<ProjectName>, String), String> {
    match text.split_once('=') {
        Some((project, name)) => Ok((Some(parse_project(project)?), values::package_name(name)?)),
        None => Ok((None, values::package_name(text)?)),
    }
}
