//! What plugins that bring a package format bring beside their program: targets, and a pack of
//! templates.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{Finder, PluginChoice, PluginError, PluginManifest, bundled};

/// The folders of a plugin that hold targets and templates, and the table of the templates' context.
const TARGETS: &str = "targets/";
const TEMPLATES: &str = "templates/";
const CONTEXT: &str = "context.csv";

/// What a plugin provides for its format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provided {
    /// The plugin's name, which is that of the format and of the pack of templates.
    pub name: String,
    /// Whether it takes part; else it is only installed, and what is wrong with it is harmless.
    pub is_chosen: bool,
    /// Target files by the targets' names.
    pub targets: BTreeMap<String, String>,
    /// The pack's files by their names.
    pub templates: BTreeMap<String, String>,
    /// The table of what its templates may refer to beside the general context; may be empty.
    pub context: String,
}

impl Provided {
    fn add(&mut self, path: &str, text: &str) {
        if let Some(name) = path.strip_prefix(TARGETS).and_then(|name| name.strip_suffix(".toml")) {
            self.targets.insert(name.to_owned(), text.to_owned());
        } else if let Some(name) = path.strip_prefix(TEMPLATES) {
            self.templates.insert(name.to_owned(), text.to_owned());
        } else if path == CONTEXT {
            text.clone_into(&mut self.context);
        }
    }

    /// What the plugin `name` in `folder` brings.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn of_folder(name: &str, folder: &Path) -> Result<Self, PluginError> {
        let mut provided = Self { name: name.to_owned(), ..Self::default() };
        let unreadable = |path: &Path, error: std::io::Error| PluginError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let mut paths = vec![folder.join(CONTEXT)];
        for part in [TARGETS, TEMPLATES] {
            let listed = fs::read_dir(folder.join(part)).into_iter().flatten().flatten();
            paths.extend(listed.map(|entry| entry.path()));
        }
        for path in paths.into_iter().filter(|path| path.is_file()) {
            let inside = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy();
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            provided.add(&inside, &text);
        }
        Ok(provided)
    }
}

impl Finder {
    /// What all plugins provide that have a format: those that are found by name, and those of
    /// `chosen` that are named by their folders. Of two with one name the latter counts.
    ///
    /// # Errors
    /// A chosen plugin cannot be read. An installed one that is broken hides no other.
    pub fn provided(&self, chosen: &[PluginChoice]) -> Result<Vec<Provided>, PluginError> {
        let mut found = BTreeMap::new();
        let installed = self.installed();
        let mut names: BTreeSet<&str> = bundled::names().collect();
        names.extend(installed.keys().map(String::as_str));
        for name in names {
            let own = installed.get(name).and_then(|folder| {
                let manifest = PluginManifest::read(folder, &self.built_in).ok()?;
                (manifest.name == name && manifest.format.is_some())
                    .then(|| Provided::of_folder(name, folder).ok())?
            });
            // Behind one that is broken, or of another name, the bundled one is still known: that it
            // is in the way is told when the format is requested.
            let bundled = || {
                let mut provided = Provided { name: name.to_owned(), ..Provided::default() };
                bundled::files(name).iter().for_each(|(path, text, _)| provided.add(path, text));
                provided
            };
            found.insert(name.to_owned(), own.unwrap_or_else(bundled));
        }
        for choice in chosen.iter().filter(|choice| choice.plugin.contains('/')) {
            let plugin = self.find_unset(&choice.plugin)?;
            if plugin.manifest.format.is_some() {
                let name = plugin.manifest.name.clone();
                let provided = Provided::of_folder(&name, &plugin.folder)?;
                found.insert(name, Provided { is_chosen: true, ..provided });
            }
        }
        for choice in chosen {
            if let Some(provided) = found.get_mut(&choice.plugin) {
                provided.is_chosen = true;
            }
        }
        found.retain(|_, provided| !provided.templates.is_empty() || !provided.targets.is_empty());
        Ok(found.into_values().collect())
    }
}
