//! The plugins that are part of the program. They are started out of a folder in the cache.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::PluginError;
use crate::disk::write_texts;

/// A plugin's files: names, texts, and whether they are programs.
type Files = [(&'static str, &'static str, bool); 4];

macro_rules! bundled {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, [
            ("plugin.toml", include_str!(concat!("../../plugins/", $name, "/plugin.toml")), false),
            ($name, include_str!(concat!("../../plugins/", $name, "/", $name)), true),
            (
                "settings.schema.json",
                include_str!(concat!("../../plugins/", $name, "/settings.schema.json")),
                false,
            ),
            ("README.md", include_str!(concat!("../../plugins/", $name, "/README.md")), false),
        ])),+]
    };
}

const BUNDLED: &[(&str, Files)] = bundled!(
    "advisories",
    "git-changelog",
    "licence-policy",
    "lint",
    "publish-folder",
    "publish-http",
    "strip-tests",
);

/// The names of all bundled plugins.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    BUNDLED.iter().map(|(name, _)| *name)
}

/// The folder of a bundled plugin below `cache`, where it is put unless it is there; nothing for
/// another name.
pub(super) fn folder(name: &str, cache: &Path) -> Result<Option<PathBuf>, PluginError> {
    let Some((_, files)) = BUNDLED.iter().find(|(known, _)| *known == name) else {
        return Ok(None);
    };
    let mut digest = Sha256::new();
    for (file, text, _) in files {
        digest.update(format!("{file}\0{}\0{text}", text.len()));
    }
    // Another version of the program has other files.
    let folder = cache.join(&hex::encode(digest.finalize())[..16]).join(name);
    if !folder.is_dir() {
        write_texts(&folder, files.iter().copied())?;
    }
    Ok(Some(folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Manifest;

    #[test]
    fn every_plugin_of_the_folder_is_bundled_and_usable() {
        let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
        let folders = std::fs::read_dir(plugins).unwrap().map(|entry| entry.unwrap());
        let folders = folders.filter(|entry| entry.path().join("plugin.toml").is_file());
        let mut found: Vec<String> =
            folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
        found.sort();
        assert_eq!(found, names().collect::<Vec<_>>());
        let cache = tempfile::tempdir().unwrap();
        for name in names() {
            let folder = folder(name, cache.path()).unwrap().unwrap();
            assert_eq!(Manifest::read(&folder).unwrap().name, name);
        }
        assert_eq!(folder("stranger", cache.path()).unwrap(), None);
    }
}
