//! Errors of package formats.

use std::path::{Path, PathBuf};

use crate::{
    base::{files::FileError, signing::SignError},
    plan::relation::RelationError,
};

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

/// Why a plan cannot be lowered to a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    #[error("unknown package format `{format}`")]
    Unknown { format: String },
    #[error("the templates of `{pack}` are not for `{target}`, whose format is {format}")]
    OtherPack { pack: String, target: String, format: String },
    #[error("package `{package}`: {source}")]
    Relation { package: String, source: RelationError },
    #[error(
        "package `{package}` needs `{soname}`, and no package of the target is known to contain it"
    )]
    Library { package: String, soname: String },
    #[error(
        "package `{package}`: the name of `{path}` would run as a command when the package is removed, \
         by the script that dh_python3 adds"
    )]
    Module { package: String, path: String },
    #[error("packages that are called `…{suffix}` are not compressed with `{compression}`")]
    Compression { suffix: String, compression: String },
    /// The plugin of a format failed, or refused the package.
    #[error("{problem}")]
    External { problem: String },
}

impl FormatError {
    /// Returns the remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::OtherPack { .. } => "`pypi2pkg target list` shows each target's format",
            Self::Compression { .. } => "omit `--compression`, or change only its level",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
