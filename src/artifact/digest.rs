//! Hashes that an index or a lock file states for a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A hash algorithm strong enough to identify a file.
///
/// pip accepts exactly these for `--hash`; an index may state weaker ones, which are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashAlgorithm {
    Sha256,
    Sha384,
    Sha512,
}

/// The lower-case hexadecimal digests of one file, by algorithm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hashes(pub BTreeMap<HashAlgorithm, String>);
