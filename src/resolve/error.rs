//! Why no resolution was found.

use std::collections::BTreeMap;

use crate::{index::IndexError, python::artifact::ProjectName};

/// Why no resolution was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// A requested project is not in the index; `required_by` states its origins.
    #[error("`{project}` is required ({required_by}), but is not in the index")]
    UnknownProject { project: ProjectName, required_by: String },
    /// The requirements conflict; the explanation has a sentence per line, and so have the hints.
    /// `unknown` are the required projects that the index does not have, each with its
    /// dependants.
    #[error("{explanation}")]
    Unsatisfiable {
        explanation: String,
        hints: Vec<String>,
        unknown: BTreeMap<ProjectName, String>,
    },
    /// The requirements of a chosen sdist are known only after a build.
    #[error("the requirements of `{file}` are known only once it is built")]
    MetadataNotStatic { project: ProjectName, file: String },
    /// The index failed for a project.
    #[error("cannot resolve `{project}`: {error}")]
    Index { project: ProjectName, error: Box<IndexError> },
    /// Hashes are required, but a project has none.
    #[error("`{project}` is required ({required_by}) without a hash, but hashes are required")]
    NoHash { project: ProjectName, required_by: String },
    /// Locked releases that do not fit the target or each other, one sentence each.
    #[error("the lock does not fit:{}", .problems.iter().map(|p| format!("\n  {p}")).collect::<String>())]
    Lock { problems: Vec<String> },
    /// The search exceeded its limits.
    #[error("no resolution was found within {limit}")]
    Limit { limit: String },
}

impl ResolveError {
    /// Returns the remedies, one per line.
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

    /// Possible remedies, one per line.
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
