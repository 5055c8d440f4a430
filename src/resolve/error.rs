//! Why no resolution was found.

use crate::{artifact::ProjectName, index::IndexError};

/// Why no resolution was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// A project that was asked for is not in the index; `required_by` tells where.
    #[error("the index does not know the project `{project}`, which {required_by} asks for")]
    UnknownProject { project: ProjectName, required_by: String },
    /// The requirements exclude each other; the explanation is a sentence a line, and each hint
    /// one of its own.
    #[error("{explanation}")]
    Unsatisfiable { explanation: String, hints: Vec<String> },
    /// The requirements of a chosen sdist are known only once it is built.
    #[error("the requirements of `{file}` are known only once it is built")]
    MetadataNotStatic { project: ProjectName, file: String },
    /// The index could not answer about a project.
    #[error("cannot resolve `{project}`: {error}")]
    Index { project: ProjectName, error: Box<IndexError> },
    /// Hashes are required, but a project has none.
    #[error("hashes are required, but `{project}` has none: {required_by} asks for it")]
    NoHash { project: ProjectName, required_by: String },
    /// The search was given up.
    #[error("no resolution was found within {limit}")]
    Limit { limit: String },
}

impl ResolveError {
    /// What may help, a line each.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Unsatisfiable { hints, .. } => hints.clone(),
            Self::MetadataNotStatic { project, .. } => vec![format!(
                "take a release of `{project}` that has a wheel, or an sdist with static metadata \
                 (2.2 or newer)"
            )],
            Self::NoHash { project, .. } => {
                vec![format!("pin `{project}` in the requirements file with its `--hash`")]
            }
            Self::Limit { .. } => {
                vec!["restrict the requirements, or add constraints (`-c`)".to_owned()]
            }
            Self::UnknownProject { .. } | Self::Index { .. } => Vec::new(),
        }
    }
}
