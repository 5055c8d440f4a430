//! Why no resolution was found.

use std::collections::BTreeMap;

use crate::{index::IndexError, python::artifact::ProjectName};

/// Why no resolution was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// A project that was requested is not in the index; `required_by` tells where.
    #[error("`{project}` is required ({required_by}), but is not in the index")]
    UnknownProject { project: ProjectName, required_by: String },
    /// The requirements exclude each other; the explanation is a sentence a line, and each hint
    /// one of its own. `unknown` are the projects that were required and that the index does not
    /// know, and what requires each.
    #[error("{explanation}")]
    Unsatisfiable {
        explanation: String,
        hints: Vec<String>,
        unknown: BTreeMap<ProjectName, String>,
    },
    /// The requirements of a chosen sdist are known only once it is built.
    #[error("the requirements of `{file}` are known only once it is built")]
    MetadataNotStatic { project: ProjectName, file: String },
    /// The index could not answer about a project.
    #[error("cannot resolve `{project}`: {error}")]
    Index { project: ProjectName, error: Box<IndexError> },
    /// Hashes are required, but a project has none.
    #[error("`{project}` is required ({required_by}) without a hash, but hashes are required")]
    NoHash { project: ProjectName, required_by: String },
    /// Locked releases that do not fit the target or each other, a sentence each.
    #[error("the lock does not fit:{}", .problems.iter().map(|p| format!("\n  {p}")).collect::<String>())]
    Lock { problems: Vec<String> },
    /// The search was given up.
    #[error("no resolution was found within {limit}")]
    Limit { limit: String },
}

impl ResolveError {
    /// Returns the remedies, one a line.
    pub fn hint(&self) -> Option<String> {
        if let Self::Index { error, .. } = self {
            return error.hint();
        }
        let mut hints = self.hints();
        if hints.is_empty() {
            hints.push("relax or remove one of these requirements".to_owned());
        }
        Some(hints.join("\n      "))
    }

    /// What may help, a line each.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Unsatisfiable { hints, .. } => hints.clone(),
            Self::MetadataNotStatic { project, .. } => vec![
                format!(
                    "take a release of `{project}` that has a wheel, or an sdist with static \
                     metadata (2.2 or newer)"
                ),
                "allow only wheels: releases without one are then passed over".to_owned(),
            ],
            Self::NoHash { project, .. } => {
                vec![format!("pin `{project}` in the requirements file with its `--hash`")]
            }
            Self::Limit { .. } => {
                vec!["restrict the requirements, or add constraints (`-c`)".to_owned()]
            }
            Self::Lock { .. } => {
                vec!["lock again for the target, or exclude a project with `--exclude`".to_owned()]
            }
            Self::UnknownProject { .. } => {
                vec!["check the spelling, or use another index with `--index-url`".to_owned()]
            }
            Self::Index { project, error } => match &**error {
                IndexError::Metadata { .. } => vec![format!(
                    "require another release of `{project}`, or leave it out with `--exclude {project}`"
                )],
                _ => Vec::new(),
            },
        }
    }
}
