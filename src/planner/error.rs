//! Why a package could not be planned.

use crate::{
    plan::{ShebangError, relation::RelationError},
    python::artifact::ProjectName,
};

use super::Misplaced;

/// Why a package could not be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("`{}`, the name for `{project}`, is not a valid {format} package name: expected {expected}", .name.escape_debug())]
    PackageName { project: ProjectName, name: String, format: String, expected: &'static str },
    #[error("`{file}`: member `{member}` {problem}")]
    Member { file: String, member: String, problem: String },
    #[error(transparent)]
    Interpreter(#[from] ShebangError),
    #[error(transparent)]
    Relation(#[from] RelationError),
    #[error("`{file}` installs `{path}` twice")]
    PathTwice { file: String, path: String },
    #[error("`{file}` installs `{path}` as a file, and other files in a folder of that name")]
    FileAndFolder { file: String, path: String },
    #[error(transparent)]
    Destination(Box<Misplaced>),
    #[error("`{file}` installs `{member}`, {problem}")]
    StartupCode { project: ProjectName, file: String, member: String, problem: &'static str },
    /// `hints` are quoted and escaped.
    #[error("`{project}` needs packages of the system that are not known: {hints}")]
    Hint { project: ProjectName, hints: String },
    #[error("`{file}` needs glibc {needed}, and the target has {present}")]
    Glibc { file: String, needed: String, present: String },
}

impl PlanError {
    /// Returns the remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::PackageName { .. } => {
                Some("give another name with `--name PROJECT=NAME`".to_owned())
            }
            Self::Destination(misplaced) => Some(misplaced.hint()),
            Self::StartupCode { project, member, .. } => Some(format!(
                "under `[project.{project}]` in the configuration, leave the file out with \
                 `leave-out = [\"{member}\"]`, or allow it with `allow-startup-code = true`"
            )),
            _ => None,
        }
    }
}
