//! Why a collection could not be read or changed.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    base::{files::FileError, signing::SignError},
    format::PackageError,
};

/// Why a collection could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Package(PackageError),
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
            Self::File(_) => "choose another folder with `-o`",
            Self::Link { .. } => "remove the link",
            Self::Signed { .. } => "give the key with `--sign-key`",
            Self::OtherTarget { .. } => "use a separate folder for each target with `-o`",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Returns a function for `map_err` that adds the action and the path to an error.
    pub(crate) fn at<'p>(
        action: &'static str,
        path: &'p Path,
    ) -> impl Fn(io::Error) -> Self + use<'p> {
        move |source| FileError::at(action, path)(source).into()
    }
}

impl From<PackageError> for CollectionError {
    fn from(error: PackageError) -> Self {
        match error {
            PackageError::File(error) => Self::File(error),
            PackageError::Sign(error) => Self::Sign(error),
            error => Self::Package(error),
        }
    }
}
