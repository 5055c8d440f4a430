//! Which plugins take part, and where they are.

use std::path::Path;

use crate::format::Formats;
use crate::plugin::{Brought, Choice, Finder, PluginError};

use super::{Configuration, Environment};

/// Which plugins take part, and where they are.
#[derive(Debug, Clone)]
pub struct PluginSettings {
    /// In their order.
    pub chosen: Vec<Choice>,
    pub finder: Finder,
    /// Whether they publish collections in which something failed or is missing, too.
    pub publish_incomplete: bool,
}

impl PluginSettings {
    /// Those of the configuration, and behind them those that the command line names.
    pub fn new(
        named: Vec<String>,
        configuration: &Configuration,
        environment: &Environment,
        cache: &Path,
    ) -> Self {
        let configured = configuration.plugin.iter().cloned().map(Into::into);
        Self {
            chosen: configured.chain(named.into_iter().map(Choice::named)).collect(),
            finder: Finder {
                folders: environment.plugin_folders(),
                bundled: cache.join("plugins"),
                built_in: Formats::default().built_in(),
            },
            publish_incomplete: configuration.publish_incomplete,
        }
    }

    /// Those of a configuration.
    pub fn of(configuration: &Configuration, environment: &Environment) -> Self {
        let cache = configuration.cache.clone().or_else(|| environment.cache());
        Self::new(Vec::new(), configuration, environment, &cache.unwrap_or_default())
    }

    /// The targets and templates that they provide.
    ///
    /// # Errors
    /// A plugin of the configuration or the command line cannot be read.
    pub fn brought(&self) -> Result<Vec<Brought>, PluginError> {
        self.finder.brought(&self.chosen)
    }
}
