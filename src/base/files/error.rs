//! Errors of the file system.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// An operation on a file or folder that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot {action} `{}`: {source}", .path.display())]
pub struct FileError {
    /// What was attempted, as a verb: `read`, `create`.
    pub action: &'static str,
    pub path: PathBuf,
    pub source: Arc<io::Error>,
}

impl FileError {
    /// Returns a function for `map_err` that adds the action and the path to an error.
    pub fn at<'p>(action: &'static str, path: &'p Path) -> impl Fn(io::Error) -> Self + use<'p> {
        move |source| Self { action, path: path.to_owned(), source: Arc::new(source) }
    }

    /// Returns the same function for a file or folder that was to be written.
    pub fn write(path: &Path) -> impl Fn(io::Error) -> Self + use<'_> {
        Self::at("write", path)
    }
}

/// Two errors are equal if they read the same.
impl PartialEq for FileError {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for FileError {}
