//! Where plugins are.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{BuiltInFormats, MANIFEST, Plugin, PluginError, PluginManifest, bundled};
use crate::base::text::nearest;

/// A plugin that the user wants, and its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginChoice {
    /// A name, or the path of a folder, which has a slash.
    pub plugin: String,
    /// An object.
    pub settings: Value,
    /// What paths in the settings are relative to.
    pub folder: PathBuf,
}

impl PluginChoice {
    /// A plugin without settings.
    pub fn named(plugin: String) -> Self {
        Self { plugin, settings: serde_json::Map::new().into(), folder: PathBuf::new() }
    }
}

/// The folders in which plugins are looked for by name; never the current one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finder {
    /// Best first; a folder has one sub-folder for each plugin.
    pub folders: Vec<PathBuf>,
    /// Where bundled plugins, which are looked for last, are put to be started.
    pub bundled: PathBuf,
    /// Formats that no plugin may provide.
    pub built_in: BuiltInFormats,
}

impl Finder {
    /// The plugin that is wanted, with its settings checked.
    ///
    /// # Errors
    /// It is not there, its manifest is wrong, or its settings are.
    pub fn find(&self, choice: &PluginChoice) -> Result<Plugin, PluginError> {
        let settings = choice.settings.clone();
        let mut plugin = Plugin { settings, ..self.find_unset(&choice.plugin)? };
        let schema = plugin.schema()?;
        plugin.check_settings(schema.as_ref())?;
        if let Some(schema) = schema {
            root_paths(&schema, &mut plugin.settings, &choice.folder);
        }
        Ok(plugin)
    }

    /// A plugin by its name, or the path of its folder, which has a slash; without settings.
    ///
    /// # Errors
    /// It is not there, or its manifest is wrong.
    pub fn find_unset(&self, name: &str) -> Result<Plugin, PluginError> {
        let folder = if name.contains('/') {
            std::path::absolute(name).unwrap_or_else(|_| PathBuf::from(name))
        } else {
            self.folder(name)?
        };
        let manifest = PluginManifest::read(&folder, &self.built_in)?;
        Ok(Plugin { folder, manifest, settings: serde_json::Map::new().into() })
    }

    fn folder(&self, name: &str) -> Result<PathBuf, PluginError> {
        if let Some(folder) = self.installed().remove(name) {
            return Ok(folder);
        }
        if let Some(folder) = bundled::folder(name, &self.bundled)? {
            return Ok(folder);
        }
        let names = self.names();
        let suggestion = if Path::new(name).join(MANIFEST).is_file() {
            Some(format!("./{name}"))
        } else {
            nearest(name, names.keys().map(String::as_str)).map(str::to_owned)
        };
        Err(PluginError::Unknown { name: name.to_owned(), suggestion })
    }

    /// The names of all plugins that are found by name, sorted, and whether each is a bundled one.
    pub fn names(&self) -> BTreeMap<String, bool> {
        let bundled = bundled::names().map(|name| (name.to_owned(), true));
        let installed = self.installed().into_keys().map(|name| (name, false));
        bundled.chain(installed).collect()
    }

    /// The plugins in the folders, by their names there.
    pub(crate) fn installed(&self) -> BTreeMap<String, PathBuf> {
        let mut found = BTreeMap::new();
        for folder in &self.folders {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().join(MANIFEST).is_file() {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    found.entry(name).or_insert_with(|| entry.path());
                }
            }
        }
        found
    }
}

impl Plugin {
    /// The JSON Schema of its settings; nothing where it takes none.
    ///
    /// # Errors
    /// The file that its manifest names is not there, or is not a schema.
    pub fn schema(&self) -> Result<Option<Value>, PluginError> {
        let Some(name) = &self.manifest.settings else { return Ok(None) };
        let path = PluginManifest::inside(&self.folder, name).ok_or_else(|| {
            self.wrong_settings(format!("their schema `{name}` is not in its folder"))
        })?;
        let unreadable = |reason: String| PluginError::Unreadable { path: path.clone(), reason };
        let text = fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
        let schema: Value =
            serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        jsonschema::validator_for(&schema).map_err(|error| unreadable(error.to_string()))?;
        Ok(Some(schema))
    }

    /// Checks settings by the plugin's own schema; without one there is nothing to set.
    fn check_settings(&self, schema: Option<&Value>) -> Result<(), PluginError> {
        let Some(schema) = schema else {
            let is_empty = self.settings.as_object().is_some_and(serde_json::Map::is_empty);
            let refuse = || Err(self.wrong_settings("it takes none".to_owned()));
            return if is_empty { Ok(()) } else { refuse() };
        };
        jsonschema::validate(schema, &self.settings).map_err(|error| {
            self.wrong_settings(format!("{error} (at `{}`)", error.instance_path()))
        })
    }

    fn wrong_settings(&self, problem: String) -> PluginError {
        PluginError::Settings { plugin: self.manifest.name.clone(), problem }
    }
}

/// Makes the paths among settings absolute, which the schema marks with `"format": "path"`: a plugin
/// works in a folder of its own.
fn root_paths(schema: &Value, settings: &mut Value, folder: &Path) {
    match settings {
        Value::String(text) if schema["format"] == "path" => {
            let path = folder.join(&*text);
            let path = std::path::absolute(&path).unwrap_or(path);
            *text = path.display().to_string();
        }
        Value::Object(values) => {
            for (key, value) in values {
                let own = schema["properties"].get(key).unwrap_or(&schema["additionalProperties"]);
                root_paths(own, value, folder);
            }
        }
        Value::Array(values) => {
            values.iter_mut().for_each(|value| root_paths(&schema["items"], value, folder));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_found_wherever_a_schema_has_them() {
        let path = json!({"type": "string", "format": "path"});
        let schema = json!({
            "properties": {"one": path, "many": {"items": path}, "text": {"type": "string"}},
            "additionalProperties": {"additionalProperties": path},
        });
        let mut settings = json!({
            "one": "a/b", "many": ["c", "/d"], "text": "e", "more": {"x": "../f"}, "other": 7,
        });
        root_paths(&schema, &mut settings, Path::new("/etc/own"));
        assert_eq!(
            settings,
            json!({
                "one": "/etc/own/a/b", "many": ["/etc/own/c", "/d"], "text": "e",
                "more": {"x": "/etc/own/../f"}, "other": 7,
            })
        );
    }
}
