//! The plugins that are part of the program. They are started out of a folder in the cache.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::PluginError;
use crate::disk::write_texts;

/// A file of a plugin: its path, its text, and whether it is a program.
type File = (&'static str, &'static str, bool);

/// The files of a plugin: its program, those that all have, and further ones.
macro_rules! files {
    ($name:literal $(, $further:literal)* $(,)?) => {
        ($name, &[
            ($name, include_str!(concat!("../../plugins/", $name, "/", $name)), true),
            $(($further, include_str!(concat!("../../plugins/", $name, "/", $further)), false)),*
        ])
    };
}

macro_rules! bundled {
    ($($name:literal $([$($further:literal),+ $(,)?])?),+ $(,)?) => {
        &[$(files!(
            $name, "plugin.toml", "README.md" $($(, $further)+)?
        )),+]
    };
}

const BUNDLED: &[(&str, &[File])] = bundled!(
    "advisories" ["settings.schema.json"],
    "archlinux" [
        "alpm/__init__.py", "alpm/build.py", "alpm/errors.py", "alpm/lower.py", "alpm/makepkg.py",
        "alpm/mtree.py", "alpm/pep440.py", "alpm/pkginfo.py", "alpm/read.py", "alpm/relation.py",
        "alpm/repository.py", "alpm/version.py", "context.csv", "targets/archlinux.toml",
        "templates/header.hbs", "templates/install.hbs", "templates/metadata.hbs",
        "templates/pack.toml", "templates/package.hbs", "templates/pkgbuild.hbs",
        "templates/sources.hbs",
    ],
    "git-changelog" ["settings.schema.json"],
    "licence-policy" ["settings.schema.json"],
    "lint" ["settings.schema.json"],
    "publish-folder" ["settings.schema.json"],
    "publish-http" ["settings.schema.json"],
    "strip-tests" ["settings.schema.json"],
);

/// The names of all bundled plugins.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    BUNDLED.iter().map(|(name, _)| *name)
}

/// The files of a bundled plugin; none for another name.
pub(super) fn files(name: &str) -> &'static [File] {
    BUNDLED.iter().find(|(known, _)| *known == name).map_or(&[], |(_, files)| files)
}

/// The folder of a bundled plugin below `cache`, where it is put unless it is there; nothing for
/// another name.
pub(super) fn folder(name: &str, cache: &Path) -> Result<Option<PathBuf>, PluginError> {
    let files = files(name);
    if files.is_empty() {
        return Ok(None);
    }
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
            let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(name);
            for entry in walkdir::WalkDir::new(&own) {
                let path = entry.unwrap().into_path();
                let is_text = path.is_file() && path.extension().unwrap_or_default() != "pyc";
                let inside = path.strip_prefix(&own).unwrap();
                assert!(!is_text || folder.join(inside).is_file(), "{}", path.display());
            }
        }
        assert_eq!(folder("stranger", cache.path()).unwrap(), None);
    }
}
