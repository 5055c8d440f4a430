//! What a run is given: requirements of the command line, of requirements files, of projects
//! and of lock files. Source: pip's requirements file format.

mod beside;
mod document;
mod encoding;
mod error;
mod file;
mod form;
mod line;
mod lock;
mod options;
mod project;
mod reader;
#[cfg(test)]
mod tests;
mod text;
mod written;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use serde::{Serialize, Serializer};

use self::reader::Reader;
pub use self::{
    error::RequirementsError,
    lock::{LockFile, LockFormat, LockedFile},
    options::{FileOptions, ProjectRule},
    written::{DirectLocation, Marker, Written},
};
use crate::python::{
    artifact::{Direct, ExtraName, Hashes, ProjectName},
    metadata::Requirement,
};

/// Where a requirement was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequirementOrigin {
    #[default]
    CommandLine,
    /// A file as it was named, and the line that the requirement begins on, from 1.
    File { path: PathBuf, line: usize },
    /// A file in which lines mean nothing, and where in it.
    Part { path: PathBuf, part: String },
}

impl fmt::Display for RequirementOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("command line"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Part { path, part } => write!(f, "{}: {part}", path.display()),
        }
    }
}

impl Serialize for RequirementOrigin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What to read.
pub struct InputRequest<'a> {
    /// Requirements, URLs, paths of archives and of projects' folders.
    pub arguments: &'a [String],
    /// Requirements files and `pyproject.toml` (`-r`).
    pub files: &'a [PathBuf],
    /// Constraints files (`-c`).
    pub constraints: &'a [PathBuf],
    /// Extras and dependency groups to take of the projects among the files.
    pub extras: &'a [ExtraName],
    pub all_extras: bool,
    pub groups: &'a [String],
    /// Whether every requirement must name one exact version.
    pub require_pinned: bool,
    /// What every file is, where it is not to be told by its name.
    pub lock_format: Option<LockFormat>,
    /// Where relative paths of requirements begin.
    pub folder: &'a Path,
    /// The variables of the environment, for `${NAME}`.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

/// All that was read, in the order that it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inputs {
    pub requirements: Vec<Written>,
    /// What the system must provide, as an application's `external-dependencies.txt` says.
    pub external: Vec<ExternalRequirement>,
    pub options: FileOptions,
    /// What is to be taken as it is, without choosing anything.
    pub lock: Option<LockFile>,
    /// What was read and has no effect, a sentence each.
    pub notes: Vec<String>,
}

/// Something that the system must provide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExternalRequirement {
    pub text: String,
    pub origin: RequirementOrigin,
}

/// A requirement that someone wrote for this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootRequirement {
    pub requirement: Requirement,
    pub origin: RequirementOrigin,
    /// Each of `--hash`; a file that matches one of them may be used. Empty: every file may.
    pub hashes: Vec<Hashes>,
    /// What is taken in place of the index's releases.
    pub direct: Option<Direct>,
    /// `--config-settings`, for the build of its sdist.
    pub config_settings: BTreeMap<String, Vec<String>>,
}

impl fmt::Display for RootRequirement {
    /// As it may be shown to others: without passwords, and without this machine's paths.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(direct) = &self.direct else { return self.requirement.fmt(f) };
        let bare = Requirement { version_or_url: None, ..self.requirement.clone() };
        let bare = bare.to_string();
        let (name, marker) = bare.split_once(';').unwrap_or((&bare, ""));
        write!(f, "{} @ {}", name.trim_end(), direct.shown())?;
        if marker.is_empty() { Ok(()) } else { write!(f, " ;{marker}") }
    }
}

/// What a run resolves, every project with its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    pub roots: Vec<RootRequirement>,
    /// Restrict a project where something needs it (`-c`); they need nothing themselves.
    pub constraints: Vec<RootRequirement>,
    pub external: Vec<ExternalRequirement>,
    /// What the files say besides.
    pub options: FileOptions,
    /// Whether the roots are a lock file's: all that is taken, and nothing else.
    pub is_lock: bool,
    /// What a lock was made for, where it tells; else every root counts as asked for.
    pub asked: Vec<RootRequirement>,
    /// What the project beside a lock requires, which the lock has to meet.
    pub stated: Vec<RootRequirement>,
}

impl Inputs {
    /// Reads all that a request names.
    ///
    /// # Errors
    /// A file that cannot be read or is too large, and with its file and line: what is no
    /// requirement, an unknown option, an unusable value.
    pub fn read(request: &InputRequest<'_>) -> Result<Self, RequirementsError> {
        let mut reader = Reader::new(request);
        for argument in request.arguments {
            reader.argument(argument)?;
        }
        for path in request.files {
            reader.requirements_file(path)?;
        }
        for path in request.constraints {
            reader.constraints_file(path)?;
        }
        let inputs = reader.finish()?;
        if request.require_pinned {
            inputs.check_pinned()?;
        }
        Ok(inputs)
    }

    fn check_pinned(&self) -> Result<(), RequirementsError> {
        let roots = self.requirements.iter().filter(|written| !written.is_constraint);
        let loose: Vec<_> = roots
            .filter(|written| !written.is_pinned())
            .map(|written| (written.origin.clone(), written.to_string()))
            .collect();
        if loose.is_empty() { Ok(()) } else { Err(RequirementsError::NotPinned { lines: loose }) }
    }

    /// What is to be resolved; `name` gives the name of a project of which only the place is
    /// known. One that has no name is left out.
    pub fn named(self, name: impl Fn(&Written) -> Option<ProjectName>) -> Requirements {
        let (external, options) = (self.external, self.options);
        let mut requirements = Requirements { external, options, ..Requirements::default() };
        for written in self.requirements {
            let known = written.name.clone().or_else(|| name(&written));
            let Some(project) = known else { continue };
            let list = if written.is_constraint {
                &mut requirements.constraints
            } else {
                &mut requirements.roots
            };
            list.push(written.into_root(project));
        }
        requirements
    }
}

/// A path that a file names, which is relative to that file.
fn beside(file: &Path, named: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(named)
}
