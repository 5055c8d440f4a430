//! The package formats of existing collections.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    base::{process::HostRunner, report::Terminal},
    cli::failure::{Failure, USAGE},
    collection::{CollectionManifest, check::manifest},
    distro::targets::Target,
    format::{self, plugin::PluginFormat},
    plugin::{CallContext, Plugin},
    run::available,
    settings::{Configuration, PluginSettings, ProcessEnvironment},
};

/// The package format of collections, with the plugin that provides it if it is not built in.
pub(super) struct CollectionFormats {
    foreign: Option<(Target, Plugin)>,
    path: Vec<PathBuf>,
    time: Option<i64>,
    reporter: Terminal,
}

impl CollectionFormats {
    /// Returns the format of the collections among `folders`.
    ///
    /// # Errors
    /// The target no longer exists, no plugin provides its format, or the collections have different
    /// formats.
    pub(super) fn of(folders: &[&Path], configuration: &Configuration) -> Result<Self, Failure> {
        let manifests = folders.iter().filter_map(|folder| manifest(folder).ok());
        let is_foreign = |manifest: &CollectionManifest| {
            !manifest.format.is_empty() && format::Formats::default().of(&manifest.format).is_none()
        };
        let foreign: Vec<CollectionManifest> = manifests.filter(is_foreign).collect();
        let formats: BTreeSet<&str> = foreign.iter().map(|found| found.format.as_str()).collect();
        if formats.len() > 1 {
            let formats: Vec<&str> = formats.into_iter().collect();
            return Err(Failure {
                status: USAGE,
                message: format!("the collections are of several formats: {}", formats.join(", ")),
                hint: Some("name collections of one format".to_owned()),
            });
        }
        let first = foreign.first();
        let first = first.map(|found| (found.target.as_str(), Some(found.python.as_str())));
        Self::of_target(first, configuration)
    }

    /// Returns the format of a target and one of its Pythons.
    ///
    /// # Errors
    /// The target does not exist, or no plugin provides its format.
    pub(super) fn of_target(
        target: Option<(&str, Option<&str>)>,
        configuration: &Configuration,
    ) -> Result<Self, Failure> {
        let environment = ProcessEnvironment::of_process();
        let mut foreign = None;
        if let Some((name, python)) = target {
            let plugins = PluginSettings::of(configuration, &environment);
            let targets = available::configured_targets(configuration)?;
            let loaded = targets.load(name, python, None)?;
            let plugin = available::plugins(&plugins)?.format(&loaded, &plugins.finder)?;
            foreign = plugin.map(|plugin| (loaded, plugin));
        }
        Ok(Self {
            foreign,
            path: environment.path(),
            time: environment.source_date_epoch()?,
            reporter: Terminal::new(0),
        })
    }

    /// Returns the format that a plugin provides.
    pub(super) fn external(&self) -> Option<PluginFormat<'_>> {
        let (target, plugin) = self.foreign.as_ref()?;
        let context = CallContext {
            target,
            runner: &HostRunner,
            reporter: &self.reporter,
            time: self.time,
            path: &self.path,
        };
        PluginFormat::of(plugin, context)
    }
}

/// Returns the built-in formats, and that of a plugin.
pub(super) fn formats<'k>(plugin: Option<&'k PluginFormat<'_>>) -> format::Formats<'k> {
    match plugin {
        Some(plugin) => format::Formats::default().with(plugin),
        None => format::Formats::default(),
    }
}
