//! The time that downloads may take.

use std::{num::NonZeroU64, time::Duration};

use serde::Deserialize;

/// `[download]` in the configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table", default)]
pub struct DownloadOptions {
    /// The maximum time for a file, in seconds.
    seconds: Option<NonZeroU64>,
    /// The minimum speed in bytes a second; 0 for no limit.
    least_speed: Option<u64>,
    /// The time over which the speed is measured, in seconds.
    speed_seconds: Option<NonZeroU64>,
}

/// The limits of downloads, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadSettings {
    /// The maximum time for a file.
    pub time: Duration,
    /// The minimum speed in bytes a second; 0 for no limit.
    pub least_speed: u64,
    /// The time over which the speed is measured.
    pub speed_window: Duration,
}

impl DownloadOptions {
    /// Returns these options, with those of `lower` where they are not set.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            seconds: self.seconds.or(lower.seconds),
            least_speed: self.least_speed.or(lower.least_speed),
            speed_seconds: self.speed_seconds.or(lower.speed_seconds),
        }
    }

    /// Returns the limits, with the defaults where none is set.
    pub(super) fn settings(&self) -> DownloadSettings {
        let seconds = |number: Option<NonZeroU64>, default| {
            Duration::from_secs(number.map_or(default, NonZeroU64::get))
        };
        DownloadSettings {
            time: seconds(self.seconds, 15 * 60),
            least_speed: self.least_speed.unwrap_or(1024),
            speed_window: seconds(self.speed_seconds, 30),
        }
    }
}
