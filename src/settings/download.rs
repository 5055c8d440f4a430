//! How long downloads may take.

use std::{num::NonZeroU64, time::Duration};

use serde::Deserialize;

/// `[download]` in the configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct DownloadConfiguration {
    /// How long a file may take.
    seconds: Option<NonZeroU64>,
    /// The least speed, in bytes a second; none where it is zero.
    least_speed: Option<u64>,
    /// The time over which the speed is measured.
    speed_seconds: Option<NonZeroU64>,
}

/// What holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadSettings {
    pub time: Duration,
    /// Bytes a second.
    pub least_speed: u64,
    pub speed_window: Duration,
}

impl DownloadSettings {
    /// The configuration's word, else the defaults.
    pub fn new(configuration: &DownloadConfiguration) -> Self {
        let seconds = |number: Option<NonZeroU64>, usual| {
            Duration::from_secs(number.map_or(usual, NonZeroU64::get))
        };
        Self {
            time: seconds(configuration.seconds, 15 * 60),
            least_speed: configuration.least_speed.unwrap_or(1024),
            speed_window: seconds(configuration.speed_seconds, 30),
        }
    }
}
