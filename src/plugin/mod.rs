//! Plugins: programs that change or check a step of a run, one JSON object in and one out.
//!
//! A plugin is a folder with a manifest, `plugin.toml`, and an executable; `plugins/README.md` is the
//! protocol. What an answer holds is trusted no more than what an index says.

pub(crate) mod answer;
mod bundled;
mod error;
mod find;
pub(crate) mod hooks;
pub(crate) mod manifest;
pub(crate) mod protocol;
mod provided;
pub(crate) mod start;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde_json::Value;

use crate::base::files::{FileError, tree_digest};

#[cfg(fuzzing)]
pub(crate) use answer::changed as check_changed_plan;
pub use error::PluginError;
pub use find::{Finder, PluginChoice};
pub use hooks::{Gathered, Plugins};
pub use manifest::{BuiltInFormats, ClientFile, Escaping, FormatTable, Hook, PluginManifest};
pub use protocol::{API, Level, Message};
pub use provided::Provided;
pub use start::CallContext;

/// The manifest's name in a plugin's folder.
pub const MANIFEST: &str = "plugin.toml";

/// A plugin that was found, with its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Plugin {
    pub folder: PathBuf,
    pub manifest: PluginManifest,
    /// What the user sets, checked by the plugin's own schema.
    pub settings: Value,
}

impl Plugin {
    /// As messages call it: `lint 1.0.0`.
    pub fn title(&self) -> String {
        format!("{} {}", self.manifest.name, self.manifest.version)
    }

    /// Returns what its answers depend on: its version and settings, and a digest of all its files,
    /// which authors change between releases.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn identity(&self) -> Result<String, FileError> {
        let digest = tree_digest(&self.folder).map_err(FileError::at("read", &self.folder))?;
        Ok(format!("{} {digest} {}", self.title(), self.settings))
    }
}
