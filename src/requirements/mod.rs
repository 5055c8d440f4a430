//! What a run is asked for: requirements of the command line and of requirements files.
//! Source: pip's requirements file format.

mod file;
mod line;
mod options;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Serialize, Serializer};

pub use self::options::{BinaryRule, FileOptions};
use self::{file::Reader, line::check_form};
use crate::{
    artifact::Hashes,
    metadata::{Requirement, RequirementError, parse_requirement},
};

/// Where a requirement was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    CommandLine,
    /// A file as it was named, and the line that the requirement begins on, from 1.
    File {
        path: PathBuf,
        line: usize,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("command line"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A requirement that someone wrote for this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootRequirement {
    /// Never has a URL.
    pub requirement: Requirement,
    pub origin: Origin,
    /// Each of `--hash`; a file that matches one of them may be used. Empty: every file may.
    pub hashes: Vec<Hashes>,
}

/// All that a run is asked for, in the order that it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    pub roots: Vec<RootRequirement>,
    /// Restrict a project where something needs it (`-c`); they need nothing themselves.
    pub constraints: Vec<RootRequirement>,
    /// What the files say besides.
    pub options: FileOptions,
}

impl Requirements {
    /// Reads the requirements of the command line, of requirements files and of constraints files
    /// (`-r`, `-c`), and the files that those name.
    ///
    /// # Errors
    /// A file that cannot be read or is too large, and with its file and line: what is no
    /// requirement, an unknown option, a form that is not supported (a path, a URL, `-e`).
    pub fn read(
        arguments: &[String],
        files: &[PathBuf],
        constraints: &[PathBuf],
    ) -> Result<Self, RequirementsError> {
        let mut reader = Reader::default();
        for argument in arguments {
            let requirement = parse_root(argument, &Origin::CommandLine)?;
            let hashes = Vec::new();
            let origin = Origin::CommandLine;
            reader.read.roots.push(RootRequirement { requirement, origin, hashes });
        }
        for path in files {
            reader.requirements_file(path)?;
        }
        for path in constraints {
            reader.constraints_file(path)?;
        }
        Ok(reader.read)
    }
}

/// Parses one requirement that names a project by its name.
fn parse_root(text: &str, origin: &Origin) -> Result<Requirement, RequirementsError> {
    let unsupported =
        |what| RequirementsError::Unsupported { origin: origin.clone(), what, text: text.into() };
    if let Some(what) = check_form(text) {
        return Err(unsupported(what));
    }
    let requirement = parse_requirement(text)
        .map_err(|error| RequirementsError::Requirement { origin: origin.clone(), error })?;
    match requirement.version_or_url {
        Some(pep508_rs::VersionOrUrl::Url(_)) => Err(unsupported("a URL")),
        _ => Ok(requirement),
    }
}

/// Why requirements could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementsError {
    /// A file that cannot be read; `named_by` where another file's line names it.
    #[error("cannot read the requirements file `{}`{}: {problem}", .path.display(), named(.named_by))]
    Read { path: PathBuf, named_by: Option<Origin>, problem: String },
    /// A file names itself, perhaps through others.
    #[error("{origin}: `{}` names itself", .path.display())]
    Recursion { origin: Origin, path: PathBuf },
    /// A line is no requirement.
    #[error("{origin}: {error}")]
    Requirement { origin: Origin, error: RequirementError },
    /// An option that pip does not know either, or that has no meaning here.
    #[error("{origin}: the option `{option}` is unknown")]
    UnknownOption { origin: Origin, option: String },
    /// An option whose value is missing or cannot be used.
    #[error("{origin}: the option `{option}` {problem}")]
    Option { origin: Origin, option: String, problem: String },
    /// A form of pip's that is not supported.
    #[error("{origin}: `{text}` is {what}, which is not supported: name a project of the index")]
    Unsupported { origin: Origin, what: &'static str, text: String },
}

fn named(by: &Option<Origin>) -> String {
    by.as_ref().map(|origin| format!(", which {origin} names")).unwrap_or_default()
}

/// A path that a file names, which is relative to that file.
fn beside(file: &Path, named: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(named)
}
