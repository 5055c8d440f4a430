//! Builds of sdists, and the sandbox that confines them.

use std::{num::NonZeroU64, time::Duration};

use serde::Deserialize;

use super::limits::{bytes, count};
use crate::base::process::Limits;

/// Options for builds of sdists.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[command(next_help_heading = "Resolution")]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct SdistOptions {
    /// Do not build sdists only to learn what they require
    #[arg(long)]
    pub no_build_metadata: bool,
    /// Build sdists without the sandbox, with all your permissions
    #[arg(long)]
    #[serde(skip)]
    pub no_sandbox: bool,
    /// The limits of the sandbox.
    #[arg(skip)]
    pub sandbox: SandboxOptions,
    /// Install missing build dependencies on this machine, with apt-get or dnf
    #[arg(long)]
    pub install_build_deps: bool,
}

/// `[sandbox]` in the configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table", default)]
pub struct SandboxOptions {
    /// Whether the code of sdists is confined; the default is that it is.
    enabled: Option<bool>,
    /// The maximum time for a build, in seconds.
    seconds: Option<NonZeroU64>,
    /// The address space of each process, in MiB.
    memory: Option<NonZeroU64>,
    /// The number of processes and threads at once.
    processes: Option<NonZeroU64>,
    /// The largest file, in MiB.
    file: Option<NonZeroU64>,
    /// All files together, in MiB.
    disk: Option<NonZeroU64>,
    /// The number of files at once.
    files: Option<NonZeroU64>,
}

/// The sandbox for the code of sdists, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxSettings {
    /// Whether the code is confined.
    pub enabled: bool,
    /// The resources that it may use.
    pub limits: Limits,
}

impl SdistOptions {
    /// Returns these options, with those of `lower` where they are not set.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            no_build_metadata: self.no_build_metadata || lower.no_build_metadata,
            no_sandbox: self.no_sandbox || lower.no_sandbox,
            sandbox: self.sandbox.over(lower.sandbox),
            install_build_deps: self.install_build_deps || lower.install_build_deps,
        }
    }

    /// Returns the sandbox with the default limits where none is set; `--no-sandbox` takes
    /// precedence over the configuration.
    pub(super) fn sandbox(&self) -> SandboxSettings {
        let (own, default) = (&self.sandbox, Limits::default());
        SandboxSettings {
            enabled: !self.no_sandbox && own.enabled.unwrap_or(true),
            limits: Limits {
                time: Duration::from_secs(count(own.seconds, default.time.as_secs())),
                memory: bytes(own.memory, default.memory),
                processes: count(own.processes, default.processes),
                file: bytes(own.file, default.file),
                disk: bytes(own.disk, default.disk),
                files: count(own.files, default.files),
            },
        }
    }
}

impl SandboxOptions {
    fn over(self, lower: Self) -> Self {
        Self {
            enabled: self.enabled.or(lower.enabled),
            seconds: self.seconds.or(lower.seconds),
            memory: self.memory.or(lower.memory),
            processes: self.processes.or(lower.processes),
            file: self.file.or(lower.file),
            disk: self.disk.or(lower.disk),
            files: self.files.or(lower.files),
        }
    }
}
