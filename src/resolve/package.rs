//! What the solver chooses releases of, and the requirements between them.

use std::fmt;

use super::positions::Positions;
use crate::python::{
    artifact::{ExtraName, ProjectName},
    metadata::Requirement,
};

/// What the solver chooses a release of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum ResolverPackage {
    /// All that was requested.
    Root,
    Project(ProjectName),
    /// What an extra adds; always of the same release as its project. The number counts how
    /// often its release was left open, see [`super::provider::Provider`].
    Extra(ProjectName, ExtraName, u32),
}

impl ResolverPackage {
    pub(super) fn project(&self) -> Option<&ProjectName> {
        match self {
            Self::Root => None,
            Self::Project(name) | Self::Extra(name, ..) => Some(name),
        }
    }

    /// Whether both stand for the same, however often its release was left open.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Extra(project, extra, _), Self::Extra(other, also, _)) => {
                (project, extra) == (other, also)
            }
            _ => self == other,
        }
    }
}

impl fmt::Display for ResolverPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the requirements"),
            Self::Project(name) => write!(f, "{name}"),
            Self::Extra(name, extra, _) => write!(f, "{name}[{extra}]"),
        }
    }
}

/// A requirement as the solver got it, kept to explain a conflict.
#[derive(Debug, Clone)]
pub(super) struct Dependent {
    pub from: ResolverPackage,
    pub position: u32,
    pub to: ResolverPackage,
    pub set: Positions,
    pub requirement: Requirement,
    /// Where it was written, for a root.
    pub origin: Option<String>,
}
