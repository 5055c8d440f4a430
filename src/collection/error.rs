//! Why a collection could not be read or changed.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::base::signing::SignError;

/// Why a collection could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was attempted: `read`, `create`, …
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("`{}` is not a usable package file: {reason}", path.display())]
    Package { path: PathBuf, reason: String },
    #[error("`{}` is not a collection manifest: {reason}", path.display())]
    Manifest { path: PathBuf, reason: String },
    #[error("`{}` is a collection for {present}, not for {wanted}", folder.display())]
    OtherTarget { folder: PathBuf, present: String, wanted: String },
    #[error("`{}` holds the package `{found}`, but `{planned}` was planned", path.display())]
    OtherPackage { path: PathBuf, found: String, planned: String },
    #[error("two projects have the package name `{package}`: {first} and {second}")]
    Twice { package: String, first: String, second: String },
    #[error("`{}` is signed, and no key is given: half of it would be unsigned", folder.display())]
    Signed { folder: PathBuf },
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error("`{}` contains `{format}` packages, but no plugin for that format is installed", folder.display())]
    Format { folder: PathBuf, format: String },
    /// What a format from elsewhere says.
    #[error("{problem}")]
    External { problem: String },
    #[error("`{}` is a symbolic link, which nothing is written through", path.display())]
    Link { path: PathBuf },
    #[error("interrupted")]
    Interrupted,
    #[error("`{}` has gone or changed since this run looked at it; run again", path.display())]
    Gone { path: PathBuf },
    #[error("the recipe of `{package}` may not have a file `{file}`")]
    RecipePath { package: String, file: String },
}

impl CollectionError {
    /// Returns the remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Sign(error) => return error.hint(),
            Self::Io { .. } => "choose another folder with `-o`",
            Self::Link { .. } => "remove the link",
            Self::Signed { .. } => "give the key with `--sign-key`",
            Self::OtherTarget { .. } => "use a separate folder for each target with `-o`",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// For `map_err`: what was attempted on which path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
