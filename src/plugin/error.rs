//! What can be wrong with a plugin.

use std::path::PathBuf;

use crate::base::{files::FileError, process::ProcessError, text::suggested};

/// Why a plugin cannot be used, or its answer not taken.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    #[error("unknown plugin `{name}`{}", suggested(.suggestion.as_deref()))]
    Unknown { name: String, suggestion: Option<String> },
    #[error("`{}` is not a plugin: it has no `plugin.toml`", .folder.display())]
    NoManifest { folder: PathBuf },
    #[error("{}:{line}: {problem}", .path.display())]
    Manifest { path: PathBuf, line: usize, problem: String },
    #[error("cannot read `{}`: {reason}", .path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("plugins cannot be started from `{}`: {reason}", .path.display())]
    Exposed { path: PathBuf, reason: String },
    #[error("the plugin `{plugin}` speaks version {wanted} of the protocol, and this is {present}")]
    Api { plugin: String, wanted: semver::VersionReq, present: semver::Version },
    #[error("the settings of the plugin `{plugin}`: {problem}")]
    Settings { plugin: String, problem: String },
    #[error("no plugin provides the format `{format}` of the target `{target}`")]
    NoFormat { target: String, format: String },
    #[error("the plugin `{plugin}` provides the target `{target}`, which exists already")]
    SameTarget { plugin: String, target: String },
    #[error("the plugin `{plugin}` has no hook `{hook}`")]
    NoHook { plugin: String, hook: String },
    #[error("the plugin `{plugin}` in `{hook}`: {error}")]
    Process { plugin: String, hook: String, error: ProcessError },
    #[error("the plugin `{plugin}` in `{hook}` ended with status {status}{}", behind(.reason))]
    Status { plugin: String, hook: String, status: i32, reason: String },
    #[error("the plugin `{plugin}` in `{hook}` gave an answer that cannot be read: {problem}")]
    Answer { plugin: String, hook: String, problem: String },
    #[error("the plugin `{plugin}` in `{hook}` must not {what}")]
    Refused { plugin: String, hook: String, what: String },
    /// An error that is about no project.
    #[error("the plugin `{plugin}`: {text}")]
    Said { plugin: String, text: String },
    #[error(transparent)]
    Write(#[from] FileError),
}

impl PluginError {
    /// Returns the remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unknown { .. } | Self::NoFormat { .. } => {
                "`pypi2pkg plugin list` lists the installed plugins"
            }
            Self::NoManifest { .. } => "`pypi2pkg plugin new` creates a working plugin",
            Self::Manifest { .. } | Self::SameTarget { .. } | Self::Settings { .. } => "correct it",
            Self::Exposed { .. } => {
                "name another folder with `--cache-dir`, or close it with `chmod 700`"
            }
            Self::Api { .. } => "install a version of it that fits this program",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn behind(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}
