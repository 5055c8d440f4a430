//! The maximum sizes of archives.

use std::num::NonZeroU64;

use serde::Deserialize;

use crate::python::artifact::ArchiveLimits;

const MEBIBYTE: u64 = 1 << 20;

/// `[limits]` in the configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table", default)]
pub struct LimitOptions {
    /// The unpacked size of a wheel, in MiB.
    wheel: Option<NonZeroU64>,
    /// The ratio of unpacked to packed size of a wheel of more than 64 MiB.
    wheel_ratio: Option<NonZeroU64>,
    /// The number of files in a wheel.
    wheel_files: Option<NonZeroU64>,
    /// The unpacked size of an sdist, in MiB.
    sdist: Option<NonZeroU64>,
    /// The size of a file whose size the index does not state, in MiB.
    download: Option<NonZeroU64>,
}

/// The maximum sizes of archives, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsSettings {
    /// The limits of wheels and sdists.
    pub archives: ArchiveLimits,
    /// The size of a file whose size the index does not state, in bytes.
    pub download: u64,
}

impl LimitOptions {
    /// Returns these options, with those of `lower` where they are not set.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            wheel: self.wheel.or(lower.wheel),
            wheel_ratio: self.wheel_ratio.or(lower.wheel_ratio),
            wheel_files: self.wheel_files.or(lower.wheel_files),
            sdist: self.sdist.or(lower.sdist),
            download: self.download.or(lower.download),
        }
    }

    /// Returns the limits, with the defaults where none is set.
    pub(super) fn settings(&self) -> LimitsSettings {
        let default = ArchiveLimits::default();
        LimitsSettings {
            archives: ArchiveLimits {
                wheel: bytes(self.wheel, default.wheel),
                wheel_ratio: count(self.wheel_ratio, default.wheel_ratio),
                wheel_files: count(self.wheel_files, default.wheel_files),
                sdist: bytes(self.sdist, default.sdist),
            },
            download: bytes(self.download, 2 << 30),
        }
    }
}

/// Returns a number of MiB in bytes.
pub(super) fn bytes(mebibytes: Option<NonZeroU64>, default: u64) -> u64 {
    mebibytes.map_or(default, |number| number.get().saturating_mul(MEBIBYTE))
}

/// Returns a number without unit.
pub(super) fn count(number: Option<NonZeroU64>, default: u64) -> u64 {
    number.map_or(default, NonZeroU64::get)
}
