//! Why a package or a repository could not be read or written.

use std::path::{Path, PathBuf};

use crate::base::{files::FileError, signing::SignError};

/// Why a package file or a repository's metadata could not be read, written or signed.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("`{}` is not a usable package file: {reason}", path.display())]
    Package { path: PathBuf, reason: String },
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A format from a plugin: its plugin failed or gave an unusable answer.
    #[error("{problem}")]
    External { problem: String },
}

impl PackageError {
    /// Returns a function for `map_err` that adds the action and the path to an error.
    pub(crate) fn at<'p>(
        action: &'static str,
        path: &'p Path,
    ) -> impl Fn(std::io::Error) -> Self + use<'p> {
        move |source| FileError::at(action, path)(source).into()
    }
}
