//! The plugins that are part of the program. They are started out of a folder in the cache.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::PluginError;
use crate::base::files::{FileError, own_folder, write_texts};

/// A file of a plugin: its path, its text, and whether it is a program.
type BundledFile = (&'static str, &'static str, bool);

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

const BUNDLED: &[(&str, &[BundledFile])] = bundled!(
    "advisories" ["settings.schema.json"],
    "archlinux" [
        "alpm/__init__.py", "alpm/build.py", "alpm/errors.py", "alpm/lower.py", "alpm/makepkg.py",
        "alpm/mtree.py", "alpm/pep440.py", "alpm/pkginfo.py", "alpm/read.py", "alpm/relation.py",
        "alpm/repository.py", "alpm/verify.py", "alpm/version.py", "context.csv", "targets/archlinux.toml",
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
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    BUNDLED.iter().map(|(name, _)| *name)
}

/// The files of a bundled plugin; none for another name.
pub(crate) fn files(name: &str) -> &'static [BundledFile] {
    BUNDLED.iter().find(|(known, _)| *known == name).map_or(&[], |(_, files)| files)
}

/// The folder of a bundled plugin below `cache`, where it is put unless exactly its files are there;
/// nothing for another name. What others could change is not started.
pub(crate) fn folder(name: &str, cache: &Path) -> Result<Option<PathBuf>, PluginError> {
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
    own(cache)?;
    if !is_whole(&folder, files) {
        write_texts(&folder, files.iter().copied())?;
    }
    Ok(Some(folder))
}

/// Makes sure that no one else can write to the folder of bundled plugins, nor to the one above.
fn own(cache: &Path) -> Result<(), PluginError> {
    let above = cache.parent().filter(|above| !above.as_os_str().is_empty());
    for folder in above.into_iter().chain([cache]) {
        let refused = |reason: String| PluginError::Exposed { path: folder.to_owned(), reason };
        let owned = own_folder(folder, &[], &[]).map_err(FileError::write(folder))?;
        owned.map_err(|exposure| refused(exposure.to_string()))?;
    }
    Ok(())
}

/// Whether a folder has exactly these files: no text was changed, and nothing was added that an
/// interpreter would read in place of one.
fn is_whole(folder: &Path, files: &[BundledFile]) -> bool {
    let is_as_written = |(name, text, is_program): &BundledFile| {
        let path = folder.join(name);
        let found = path.symlink_metadata();
        found.is_ok_and(|found| {
            found.is_file() && (found.permissions().mode() & 0o100 != 0) == *is_program
        }) && fs::read(&path).is_ok_and(|bytes| bytes == text.as_bytes())
    };
    let entries = WalkDir::new(folder).min_depth(1).into_iter();
    let count = entries.filter(|e| !e.as_ref().is_ok_and(|e| e.file_type().is_dir())).count();
    count == files.len() && files.iter().all(is_as_written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::BuiltInFormats;
    use crate::plugin::PluginManifest;

    #[test]
    fn every_plugin_of_the_folder_is_bundled_and_usable() {
        let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
        let folders = std::fs::read_dir(plugins).unwrap().map(|entry| entry.unwrap());
        let folders = folders.filter(|entry| entry.path().join("plugin.toml").is_file());
        let mut found: Vec<String> =
            folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
        found.sort();
        assert_eq!(found, names().collect::<Vec<_>>());
        let root = tempfile::tempdir().unwrap();
        let cache = root.path().join("cache/plugins");
        for name in names() {
            let folder = folder(name, &cache).unwrap().unwrap();
            assert_eq!(
                PluginManifest::read(&folder, &BuiltInFormats::default()).unwrap().name,
                name
            );
            let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(name);
            for entry in walkdir::WalkDir::new(&own) {
                let path = entry.unwrap().into_path();
                let is_text = path.is_file() && path.extension().unwrap_or_default() != "pyc";
                let inside = path.strip_prefix(&own).unwrap();
                assert!(!is_text || folder.join(inside).is_file(), "{}", path.display());
            }
        }
        assert_eq!(folder("stranger", &cache).unwrap(), None);
    }

    #[test]
    fn what_was_changed_in_the_cache_is_not_started() {
        let root = tempfile::tempdir().unwrap();
        let cache = root.path().join("cache/plugins");
        let put = || folder("archlinux", &cache).unwrap().unwrap();
        let at = put();
        let program = at.join("archlinux");
        let original = fs::read(&program).unwrap();
        let replace = |path: &Path, text: &str| {
            let _ = fs::remove_file(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let changes: [&dyn Fn(); 5] = [
            &|| replace(&program, "#!/bin/sh\n"),
            &|| replace(&at.join("alpm/__pycache__/build.cpython-311.pyc"), "x"),
            &|| replace(&at.join("json.py"), "evil()"),
            &|| fs::remove_file(at.join("alpm/build.py")).unwrap(),
            &|| fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).unwrap(),
        ];
        for (number, change) in changes.iter().enumerate() {
            change();
            assert!(!is_whole(&at, files("archlinux")), "change {number}");
            assert_eq!(put(), at);
            assert!(is_whole(&at, files("archlinux")), "change {number}");
            assert_eq!(fs::read(&program).unwrap(), original);
        }
        fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
        let error = folder("archlinux", &cache).unwrap_err().to_string();
        assert!(error.contains("other users may write to it"), "{error}");
    }
}
