//! Errors of targets, their names and files.

use std::path::PathBuf;

use crate::base::text::suggested;

/// Why no target is available.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error("unknown target `{name}`{}; the targets are {known}", suggested(.suggestion.as_deref()))]
    Unknown {
        name: String,
        suggestion: Option<String>,
        /// The available targets, separated by commas.
        known: String,
    },
    #[error("target `{target}` has no Python `{python}`; it has {known}")]
    UnknownPython { target: String, python: String, known: String },
    #[error("target `{target}` has no architecture `{architecture}`; it has {known}")]
    UnknownArchitecture { target: String, architecture: String, known: String },
    #[error("no target fits the system `{system}`; the targets are {known}")]
    Unrecognised {
        /// The system's own identifier and version from its os-release.
        system: String,
        known: String,
    },
    #[error("`{prefix}` cannot be an install prefix")]
    Prefix { prefix: String },
    #[error("cannot read `{}` for targets: {source}", .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("target file `{file}`, line {line}: {reason}")]
    Syntax { file: String, line: usize, reason: String },
    #[error("name map `{file}`, line {line}: `{text}` is not a project and a package")]
    NameLine { file: String, line: usize, text: String },
    #[error("target `{target}` extends `{base}`, which does not exist")]
    NoBase { target: String, base: String },
    #[error("target `{target}` extends itself")]
    Cycle { target: String },
    #[error("target `{target}` has no value for `{key}`")]
    Missing { target: String, key: String },
    #[error("target `{target}`: the value `{value}` of `{key}` is not {expected}")]
    Value { target: String, key: String, value: String, expected: &'static str },
}

impl TargetError {
    /// Returns the remedy.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Prefix { .. } => "name a folder such as /opt/acme",
            _ => "`pypi2pkg target list` shows the targets and their Pythons",
        };
        Some(hint.to_owned())
    }
}
