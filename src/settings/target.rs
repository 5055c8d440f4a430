//! The distribution that packages are built for.

use std::path::PathBuf;

use serde::Deserialize;

/// Options for the target.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TargetOptions {
    /// The distribution to build packages for (default: this machine's)
    #[arg(short, long, value_name = "NAME")]
    pub target: Option<String>,
    /// Another of the target's Pythons, such as 3.12
    #[arg(long, value_name = "VERSION")]
    pub python: Option<String>,
    /// The machine architecture, such as aarch64 (default: the target's first)
    #[arg(long, value_name = "NAME")]
    pub arch: Option<String>,
    /// A folder with additional targets.
    #[arg(skip)]
    pub targets: Option<PathBuf>,
}

impl TargetOptions {
    /// Returns these options, with those of `lower` where they are not set.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            target: self.target.or(lower.target),
            python: self.python.or(lower.python),
            arch: self.arch.or(lower.arch),
            targets: self.targets.or(lower.targets),
        }
    }
}
