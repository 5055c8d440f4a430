//! Native versions.

use std::fmt;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A native version: epoch, version and release (Debian: revision).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Evr {
    /// `0` is the same as none.
    #[serde(default)]
    pub epoch: u64,
    pub version: String,
    pub release: String,
}

impl fmt::Display for Evr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch > 0 {
            write!(f, "{}:", self.epoch)?;
        }
        f.write_str(&self.version)?;
        if !self.release.is_empty() {
            write!(f, "-{}", self.release)?;
        }
        Ok(())
    }
}

/// The epoch of a native version, `[EPOCH:]VERSION[-RELEASE]`; 0 where it has none.
pub fn epoch(version: &str) -> u64 {
    version.split_once(':').and_then(|(epoch, _)| epoch.parse().ok()).unwrap_or_default()
}
