//! The plugins that take part in a run.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Configuration, ProcessEnvironment};
use crate::{
    format::Formats,
    plugin::{Finder, PluginChoice, PluginError, Provided},
};

/// Options for plugins.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PluginOptions {
    /// Use a plugin: its name, or the path of its folder
    #[arg(long = "plugin", value_name = "PLUGIN")]
    #[serde(skip)]
    pub named: Vec<String>,
    /// Whether plugins publish collections with failures, too.
    #[arg(skip)]
    pub publish_incomplete: bool,
    /// The plugins of the configuration, in the order in which they are called.
    #[arg(skip)]
    pub plugin: Vec<PluginConfiguration>,
}

/// `[[plugin]]` in the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
pub struct PluginConfiguration {
    /// A name, or the path of a folder with a slash in it.
    name: String,
    #[serde(default)]
    settings: serde_json::Map<String, serde_json::Value>,
    /// The folder of the configuration.
    #[serde(skip)]
    folder: PathBuf,
}

/// The plugins of a run, resolved.
#[derive(Debug, Clone)]
pub struct PluginSettings {
    /// The chosen plugins, in the order in which they are called.
    pub chosen: Vec<PluginChoice>,
    /// Finds plugins by their names.
    pub finder: Finder,
    /// Whether plugins publish collections with failures, too.
    pub publish_incomplete: bool,
}

impl PluginOptions {
    /// Returns these options, with those of `lower` where they are not set; lists are joined.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            named: [self.named, lower.named].concat(),
            publish_incomplete: self.publish_incomplete || lower.publish_incomplete,
            plugin: [self.plugin, lower.plugin].concat(),
        }
    }

    /// Returns the plugins of the configuration, followed by those of the command line.
    pub(super) fn settings(self, environment: &ProcessEnvironment, cache: &Path) -> PluginSettings {
        let configured = self.plugin.into_iter().map(Into::into);
        PluginSettings {
            chosen: configured.chain(self.named.into_iter().map(PluginChoice::named)).collect(),
            finder: Finder {
                folders: environment.plugin_folders(),
                bundled: cache.join("plugins"),
                built_in: Formats::default().built_in(),
            },
            publish_incomplete: self.publish_incomplete,
        }
    }
}

impl PluginConfiguration {
    /// Makes a path that is relative to the configuration's `folder` relative to the current one.
    pub(super) fn rebase(&mut self, folder: &Path) {
        folder.clone_into(&mut self.folder);
        if self.name.contains('/') {
            self.name = folder.join(&self.name).display().to_string();
        }
    }
}

impl From<PluginConfiguration> for PluginChoice {
    fn from(PluginConfiguration { name, settings, folder }: PluginConfiguration) -> Self {
        Self { plugin: name, settings: settings.into(), folder }
    }
}

impl PluginSettings {
    /// Returns the plugins of a configuration.
    pub fn of(configuration: &Configuration, environment: &ProcessEnvironment) -> Self {
        let options = &configuration.options;
        let cache = options.cache.folder(environment).unwrap_or_default();
        options.plugins.clone().settings(environment, &cache)
    }

    /// Returns the targets and templates that the plugins provide.
    ///
    /// # Errors
    /// A chosen plugin cannot be read.
    pub fn provided(&self) -> Result<Vec<Provided>, PluginError> {
        self.finder.provided(&self.chosen)
    }
}
