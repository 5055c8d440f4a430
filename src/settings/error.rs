//! Errors of settings.

use std::path::PathBuf;

use crate::distro::hints::HintError;

/// Why settings are wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {reason}")]
    Unreadable { path: PathBuf, reason: String },
    /// A line of a file is invalid.
    #[error("{path}:{line}: {reason}")]
    Syntax { path: PathBuf, line: usize, reason: String },
    /// A hint file is invalid.
    #[error(transparent)]
    Hint(#[from] HintError),
    /// `SOURCE_DATE_EPOCH` is invalid.
    #[error("`SOURCE_DATE_EPOCH` is `{value}`, which is not a number of seconds")]
    Epoch { value: String },
    /// `--exclude-newer` is invalid.
    #[error(
        "`{value}` is neither a date (2026-01-31), a time (2026-01-31T12:00:00Z), nor a span \
         (7 days)"
    )]
    Time { value: String },
    /// The cache folder cannot be found.
    #[error("cannot find the cache folder `{}`: {reason}", .cache.display())]
    Cache { cache: PathBuf, reason: String },
    /// There is no cache folder.
    #[error("there is no folder for the cache: neither `XDG_CACHE_HOME` nor `HOME` is set")]
    NoCache,
    /// A list of projects is invalid.
    #[error("`{option}` {problem}")]
    ProjectList { option: &'static str, problem: String },
}

impl SettingsError {
    /// Returns the remedy.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreadable { .. } => "give the path of a configuration file",
            Self::Hint { .. } => "correct that line",
            Self::NoCache | Self::Cache { .. } => "name a folder with `--cache-dir`",
            Self::Epoch { .. } => "set it to seconds since 1970, or unset it",
            Self::Time { .. } => "correct `--exclude-newer` or `exclude-newer`",
            Self::Syntax { .. } => "correct that line; docs/configuration.md lists all keys",
            Self::ProjectList { .. } => "write the names of projects, separated by commas",
        };
        Some(hint.to_owned())
    }
}
