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

impl Evr {
    /// Splits `[EPOCH:]VERSION[-RELEASE]`. An epoch that is not a number stays in the version.
    pub fn parse(text: &str) -> Self {
        let numbered =
            text.split_once(':').and_then(|(epoch, rest)| Some((epoch.parse().ok()?, rest)));
        let (epoch, rest) = numbered.unwrap_or((0, text));
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch, version: version.to_owned(), release: release.to_owned() }
    }
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
