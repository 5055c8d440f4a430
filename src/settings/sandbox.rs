//! What confines the code of sources.

use std::{num::NonZeroU64, time::Duration};

use serde::Deserialize;

use crate::base::process::Limits;

const MEBIBYTE: u64 = 1 << 20;

/// `[sandbox]` in the configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct SandboxConfiguration {
    /// Whether the code of sources is confined; it is where nothing is said.
    enabled: Option<bool>,
    /// How long a build may take.
    seconds: Option<NonZeroU64>,
    /// The address space of each process, in MiB.
    memory: Option<NonZeroU64>,
    /// How many processes and threads there are at once.
    processes: Option<NonZeroU64>,
    /// The largest file, in MiB.
    file: Option<NonZeroU64>,
    /// All files together, in MiB.
    disk: Option<NonZeroU64>,
    /// How many files there are at once.
    files: Option<NonZeroU64>,
}

/// What holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxSettings {
    pub enabled: bool,
    pub limits: Limits,
}

impl SandboxSettings {
    /// The command line's word, else the configuration's.
    pub fn new(no_sandbox: bool, configuration: &SandboxConfiguration) -> Self {
        let usual = Limits::default();
        let bytes = |mebibytes: Option<NonZeroU64>, usual| {
            mebibytes.map_or(usual, |number| number.get().saturating_mul(MEBIBYTE))
        };
        let count = |number: Option<NonZeroU64>, usual| number.map_or(usual, NonZeroU64::get);
        Self {
            enabled: !no_sandbox && configuration.enabled.unwrap_or(true),
            limits: Limits {
                time: Duration::from_secs(count(configuration.seconds, usual.time.as_secs())),
                memory: bytes(configuration.memory, usual.memory),
                processes: count(configuration.processes, usual.processes),
                file: bytes(configuration.file, usual.file),
                disk: bytes(configuration.disk, usual.disk),
                files: count(configuration.files, usual.files),
            },
        }
    }
}
