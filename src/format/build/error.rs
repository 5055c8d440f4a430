//! Why a package could not be built.

use std::{io, path::Path};

use crate::{
    base::{
        files::FileError,
        process::{ProcessError, SandboxError},
    },
    wheels::SourceError,
};

/// Why a package could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Code of a project that nothing confines.
    #[error(
        "`{package}` is built by its project's own code, which nothing confines here: {error}; \
         install bubblewrap, or use `--no-sandbox`"
    )]
    Unconfined { package: String, error: SandboxError },
    /// A tool of the system that nothing confines.
    #[error(
        "nothing confines `{program}` here: {reason}; install bubblewrap, use `--builder embedded`, \
         or `--no-sandbox`"
    )]
    Exposed { program: &'static str, reason: String },
    /// The same, for a recipe that takes the tool.
    #[error(
        "`{package}` has an edited recipe, which only {tool} can build, and nothing confines that \
         here: {reason}; install bubblewrap, or use `--no-sandbox`"
    )]
    ExposedRecipe { package: String, tool: &'static str, reason: String },
    /// A writer that does not read recipes.
    #[error("`{package}` has an edited recipe, which only {tool} can build")]
    OwnRecipe { package: String, tool: &'static str },
    #[error("cannot build `{package}`: {problem}")]
    Source { package: String, problem: SourceError },
    #[error(transparent)]
    File(#[from] FileError),
    #[error(
        "the compression `{text}` is not one of zstd:1-22, xz:0-9, gzip:1-9, these without a level, and none"
    )]
    Compression { text: String },
    #[error("cannot write the relation `{relation}` of `{package}`: {reason}")]
    Relation { package: String, relation: String, reason: &'static str },
    #[error("cannot build `{package}`: {reason}")]
    Refused { package: String, reason: String },
    #[error("the recipe of `{package}` has no file `{file}`")]
    Recipe { package: String, file: String },
    #[error("`{tool}` failed for `{package}` with status {status}: {reason}")]
    Tool { tool: String, package: String, status: i32, reason: String },
    #[error("cannot build `{package}`: its build requires {}", .missing.join(", "))]
    Requirements { package: String, missing: Vec<String> },
    #[error("`{package}` has no source package: {problem}")]
    NoSource { package: String, problem: String },
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("`{file}` was built with the {field} `{found}`, but `{wanted}` was planned")]
    Other { file: String, field: &'static str, found: String, wanted: String },
    /// A finished package that is not the planned one, or has what its recipe does not say.
    #[error("`{file}` was built otherwise than planned: {differences}")]
    Different { file: String, differences: String },
    #[error("`{file}` was built damaged: {reason}")]
    Damaged { file: String, reason: String },
    #[error("no builder knows the package format `{format}`")]
    Format { format: String },
    #[error("`{program}` is not installed, and packages of the format `{format}` need it")]
    Missing { program: &'static str, format: String },
}

impl BuildError {
    /// Returns the remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { program: "rpmbuild" | "dpkg-deb", .. } => {
                "install it, or use `--builder embedded`"
            }
            Self::Missing { .. } => "install it",
            Self::Requirements { .. } => "install these packages",
            Self::NoSource { .. } => "build its sdist with `--source sdist`",
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
