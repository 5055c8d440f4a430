//! The files that packages install.

use clap::ValueEnum;
use serde::Deserialize;

use crate::planner::CommandNames;

/// Options for installed files.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct InstallOptions {
    /// Install everything below a separate folder, such as /opt/acme
    #[arg(long, value_name = "FOLDER")]
    pub install_prefix: Option<String>,
    /// What to do if several packages contain the same file (default: fail)
    #[arg(long, value_enum, value_name = "POLICY")]
    pub on_conflict: Option<OnConflict>,
    /// The names of commands of a Python other than the target's default one (default: suffixed if
    /// a package of the default one could own the same path)
    #[arg(long, value_enum, value_name = "NAMES")]
    pub command_names: Option<CommandNames>,
    /// Whether RPM packages contain byte code (default: auto)
    #[arg(long, value_enum, value_name = "POLICY")]
    pub bytecode: Option<ByteCodePolicy>,
    /// Absolute folders into which wheels may install data besides the usual ones.
    #[arg(skip)]
    pub allow_paths: Vec<String>,
    /// Whether wheels may install code that every Python process runs.
    #[arg(skip)]
    pub allow_startup_code: bool,
}

/// What happens to files that several packages would own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// Build nothing
    #[default]
    Fail,
    /// The first project by name keeps the file
    Drop,
}

/// Whether modules are compiled for packages that contain byte code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ByteCodePolicy {
    /// If the target's Python is on this machine
    #[default]
    Auto,
    /// Always; fail without the target's Python
    Compile,
    /// Never
    None,
}

impl InstallOptions {
    /// Returns these options, with those of `lower` where they are not set; lists are joined.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            install_prefix: self.install_prefix.or(lower.install_prefix),
            on_conflict: self.on_conflict.or(lower.on_conflict),
            command_names: self.command_names.or(lower.command_names),
            bytecode: self.bytecode.or(lower.bytecode),
            allow_paths: [self.allow_paths, lower.allow_paths].concat(),
            allow_startup_code: self.allow_startup_code || lower.allow_startup_code,
        }
    }
}
