//! Which of the two ways to write and order versions a target follows.

use pep440_rs::Version;
use serde::{Deserialize, Serialize};

use super::{deb, rpm};

/// A way to write and order versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    Rpm,
    Deb,
}

impl Dialect {
    /// The version without epoch and release, as a package of that version states it.
    pub fn upstream(self, version: &Version) -> String {
        match self {
            Self::Rpm => rpm::tag(version),
            Self::Deb => deb::upstream(version),
        }
    }
}
