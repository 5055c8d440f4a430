//! How large archives may be.

use std::num::NonZeroU64;

use serde::Deserialize;

use crate::python::artifact::ArchiveLimits;

const MEBIBYTE: u64 = 1 << 20;

/// `[limits]` in the configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LimitsConfiguration {
    /// What a wheel inflates to, in MiB.
    wheel: Option<NonZeroU64>,
    /// How many times as large as itself a wheel of more than 64 MiB inflates to.
    wheel_ratio: Option<NonZeroU64>,
    /// How many files a wheel has.
    wheel_files: Option<NonZeroU64>,
    /// What an sdist unpacks to, in MiB.
    sdist: Option<NonZeroU64>,
    /// A file whose size the index does not state, in MiB.
    download: Option<NonZeroU64>,
}

/// What holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsSettings {
    pub archives: ArchiveLimits,
    /// In bytes.
    pub download: u64,
}

impl LimitsSettings {
    /// The configuration's word, else the defaults.
    pub fn new(configuration: &LimitsConfiguration) -> Self {
        let usual = ArchiveLimits::default();
        let bytes = |mebibytes: Option<NonZeroU64>, usual| {
            mebibytes.map_or(usual, |number| number.get().saturating_mul(MEBIBYTE))
        };
        let count = |number: Option<NonZeroU64>, usual| number.map_or(usual, NonZeroU64::get);
        Self {
            archives: ArchiveLimits {
                wheel: bytes(configuration.wheel, usual.wheel),
                wheel_ratio: count(configuration.wheel_ratio, usual.wheel_ratio),
                wheel_files: count(configuration.wheel_files, usual.wheel_files),
                sdist: bytes(configuration.sdist, usual.sdist),
            },
            download: bytes(configuration.download, 2 << 30),
        }
    }
}
