//! Arguments that several verbs share.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, ValueEnum};

use crate::{
    artifact::{ProjectName, project_name},
    build::Preference,
    resolve::{SourcePolicy, Strategy},
    settings::Flags,
};

/// What is asked for, and for which target.
#[derive(Debug, Args)]
pub struct Inputs {
    /// Projects with optional extras and versions, such as `'requests[socks]==2.32.3'`
    #[arg(value_name = "REQUIREMENT")]
    pub requirements: Vec<String>,
    /// Take requirements from a file
    #[arg(short = 'r', long = "requirement", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Restrict versions by a file
    #[arg(short = 'c', long = "constraint", value_name = "FILE")]
    pub constraints: Vec<PathBuf>,
    /// The distribution to make packages for (default: this machine's)
    #[arg(short, long, value_name = "NAME")]
    pub target: Option<String>,
    /// Another of the target's Pythons, such as 3.12
    #[arg(long, value_name = "VERSION")]
    pub python: Option<String>,
    /// The machine architecture, such as aarch64 (default: the target's first)
    #[arg(long, value_name = "NAME")]
    pub arch: Option<String>,
    /// The package index: a URL of a simple repository, or a folder
    #[arg(short, long, value_name = "URL")]
    pub index_url: Option<String>,
    /// Use nothing but the cache
    #[arg(long)]
    pub offline: bool,
    #[command(flatten)]
    pub choice: Choice,
    /// Where downloads are kept
    #[arg(long, value_name = "FOLDER")]
    pub cache_dir: Option<PathBuf>,
    /// The configuration file (default: `pypi2pkg.toml`, where there is one)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Which releases are chosen.
#[derive(Debug, Args)]
#[command(next_help_heading = "Resolution")]
pub struct Choice {
    /// Take pre-releases too
    #[arg(long)]
    pub pre: bool,
    /// Which files to take
    #[arg(long, value_enum, value_name = "KIND")]
    pub source: Option<Source>,
    /// Which releases are best
    #[arg(long, value_enum, value_name = "STRATEGY")]
    pub resolution: Option<Resolution>,
    /// Pass over files uploaded after a date (2026-01-31), a time, or a span ago (7 days)
    #[arg(long, value_name = "TIME")]
    pub exclude_newer: Option<String>,
    /// Take only what is asked for, not what that requires
    #[arg(long)]
    pub no_deps: bool,
    /// Leave a project out, whatever requires it: the system provides it
    #[arg(long, value_name = "PROJECT", value_parser = parse_project)]
    pub exclude: Vec<ProjectName>,
}

/// How packages are named and described.
#[derive(Debug, Args, Default)]
pub struct Naming {
    /// Put a prefix before every package name
    #[arg(long, value_name = "PREFIX")]
    pub name_prefix: Option<String>,
    /// Name one project's package
    #[arg(long = "name", value_name = "PROJECT=NAME", value_parser = parse_name)]
    pub names: Vec<(ProjectName, String)>,
    /// Who answers for the packages: `Name <address>`
    #[arg(long, value_name = "PERSON")]
    pub packager: Option<String>,
    /// The release (Debian: revision) of the packages
    #[arg(long, value_name = "NUMBER", value_parser = parse_release)]
    pub release: Option<String>,
    /// A folder with templates that replace the built-in ones
    #[arg(long, value_name = "FOLDER")]
    pub templates: Vec<PathBuf>,
}

/// `--source`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Source {
    /// A compatible wheel, else the sdist
    Auto,
    /// Wheels only
    Wheel,
    /// Sdists only
    Sdist,
}

/// `--resolution`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Resolution {
    /// The newest releases
    Highest,
    /// The oldest releases
    Lowest,
    /// The oldest of what is asked for, the newest of what that requires
    LowestDirect,
}

/// `--builder`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Builder {
    /// The system's tool where it is installed, else the embedded writer
    Auto,
    /// rpmbuild, dpkg-deb
    System,
    /// The writers in this program
    Embedded,
}

impl Inputs {
    /// What these arguments say, with those on names.
    pub fn flags(&self, naming: Naming) -> Flags {
        Flags {
            target: self.target.clone(),
            python: self.python.clone(),
            arch: self.arch.clone(),
            index_url: self.index_url.clone(),
            offline: self.offline,
            pre: self.choice.pre,
            source: self.choice.source.map(|source| match source {
                Source::Auto => SourcePolicy::Auto,
                Source::Wheel => SourcePolicy::Wheel,
                Source::Sdist => SourcePolicy::Sdist,
            }),
            strategy: self.choice.resolution.map(|strategy| match strategy {
                Resolution::Highest => Strategy::Highest,
                Resolution::Lowest => Strategy::Lowest,
                Resolution::LowestDirect => Strategy::LowestDirect,
            }),
            exclude_newer: self.choice.exclude_newer.clone(),
            no_deps: self.choice.no_deps,
            excluded: self.choice.exclude.clone(),
            name_prefix: naming.name_prefix,
            names: naming.names.into_iter().collect::<BTreeMap<_, _>>(),
            packager: naming.packager,
            release: naming.release,
            templates: naming.templates,
            cache: self.cache_dir.clone(),
            ..Flags::default()
        }
    }
}

impl From<Builder> for Preference {
    fn from(builder: Builder) -> Self {
        match builder {
            Builder::Auto => Self::Auto,
            Builder::System => Self::System,
            Builder::Embedded => Self::Embedded,
        }
    }
}

fn parse_project(text: &str) -> Result<ProjectName, String> {
    project_name(text).ok_or_else(|| format!("`{text}` is no project name"))
}

fn parse_name(text: &str) -> Result<(ProjectName, String), String> {
    let (project, name) = text.split_once('=').ok_or("write PROJECT=NAME")?;
    Ok((parse_project(project)?, name.to_owned()))
}

fn parse_release(text: &str) -> Result<String, String> {
    let is_release = !text.is_empty()
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ".~+".contains(c));
    is_release.then(|| text.to_owned()).ok_or("write a number such as 1 or 2.1".to_owned())
}
