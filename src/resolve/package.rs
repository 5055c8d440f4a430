//! The solver's packages, and the requirements between them.

use std::fmt;

use super::positions::Positions;
use crate::python::{
    artifact::{ExtraName, ProjectName},
    metadata::Requirement,
};

/// A unit for which the solver chooses a release.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum ResolverPackage {
    /// All requested requirements.
    Root,
    Project(ProjectName),
    /// An extra's requirements; always of its project's release. The number counts how often the
    /// release was left open, see [`super::provider::Provider`].
    Extra(ProjectName, ExtraName, u32),
}

impl ResolverPackage {
    pub(super) fn project(&self) -> Option<&ProjectName> {
        match self {
            Self::Root => None,
            Self::Project(name) | Self::Extra(name, ..) => Some(name),
        }
    }

    /// Returns whether both are the same package, however often its release was left open.
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

/// A requirement as passed to the solver, kept to explain conflicts.
#[derive(Debug, Clone)]
pub(super) struct Dependent {
    pub from: ResolverPackage,
    pub position: u32,
    pub to: ResolverPackage,
    pub set: Positions,
    pub requirement: Requirement,
    /// A root's origin.
    pub origin: Option<String>,
}
