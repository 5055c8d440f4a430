//! PEP 440 versions as rpm and Debian write and order them.

use serde::{Deserialize, Serialize};

/// A native version: epoch, version and release (Debian: revision).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Evr {
    /// `0` is the same as none.
    #[serde(default)]
    pub epoch: u64,
    pub version: String,
    pub release: String,
}
pub mod rpm;
pub mod deb;
mod dialect;
pub use dialect::Dialect;
impl std::fmt::Display for Evr { fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
