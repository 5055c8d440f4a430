//! Wheel file names. Source: PyPA binary distribution format.

use pep440_rs::Version;

use super::{ProjectName, Tag};

/// A parsed wheel file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelName {
    pub project: ProjectName,
    pub version: Version,
    /// The build tag: its leading number and the rest of its text.
    pub build: Option<(u64, String)>,
    /// All tags that the compressed tag set stands for.
    pub tags: Vec<Tag>,
}
