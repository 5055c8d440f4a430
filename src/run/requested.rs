//! The requirements of a run.

use std::collections::BTreeMap;

use crate::{
    collection::FailureRecord,
    planner::ProjectOrigin,
    python::{artifact::ProjectName, requirements::Requirements},
};

/// The requirements of a run, every project with its name, and what settling them found out.
#[derive(Debug, Default)]
pub struct Requested {
    pub requirements: Requirements,
    /// Where the projects come from that are taken from a file, folder or repository.
    pub(super) origins: BTreeMap<ProjectName, ProjectOrigin>,
    /// The projects whose file, folder or repository could not be used.
    pub(super) failures: Vec<FailureRecord>,
}
