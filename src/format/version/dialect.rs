//! Which way to write versions a target follows.

use std::cmp::Ordering;

use pep440_rs::Version;
use serde::{Deserialize, Serialize};

use crate::format::{deb::version as deb, rpm::version as rpm};

/// A way to write versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    Rpm,
    Deb,
    /// As the plugin says that brings the format.
    Format,
}

impl Dialect {
    /// Orders two native versions, `[EPOCH:]VERSION-RELEASE`; nothing where a plugin does.
    pub fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        match self {
            Self::Rpm => Some(rpm::compare_evr(a, b)),
            Self::Deb => Some(deb::compare(a, b)),
            Self::Format => None,
        }
    }

    /// The version without epoch and release, as a package of that version states it; nothing where
    /// a plugin says it.
    pub fn upstream(self, version: &Version) -> Option<String> {
        match self {
            Self::Rpm => Some(rpm::tag(version)),
            Self::Deb => Some(deb::upstream(version)),
            Self::Format => None,
        }
    }
}
