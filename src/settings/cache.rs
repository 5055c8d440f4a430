//! The cache folder.

use std::path::{self, PathBuf};

use serde::Deserialize;

use super::{ProcessEnvironment, SettingsError};

/// Options for the cache.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct CacheOptions {
    /// The cache folder
    #[arg(long = "cache-dir", value_name = "FOLDER")]
    pub cache: Option<PathBuf>,
}

impl CacheOptions {
    /// Returns these options, with those of `lower` where they are not set.
    pub(super) fn over(self, lower: Self) -> Self {
        Self { cache: self.cache.or(lower.cache) }
    }

    /// Returns the folder; the default is that of the environment.
    pub(super) fn folder(&self, environment: &ProcessEnvironment) -> Option<PathBuf> {
        self.cache.clone().or_else(|| environment.cache())
    }

    /// Returns the folder as an absolute path, since tools and plugins that read it work in folders
    /// of their own.
    ///
    /// # Errors
    /// No folder is set and the environment has none, or the current folder cannot be found.
    pub(super) fn absolute(
        &self,
        environment: &ProcessEnvironment,
    ) -> Result<PathBuf, SettingsError> {
        let cache = self.folder(environment).ok_or(SettingsError::NoCache)?;
        path::absolute(&cache)
            .map_err(|error| SettingsError::Cache { cache, reason: error.to_string() })
    }
}
