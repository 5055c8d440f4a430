//! `pypi2pkg.toml`.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

use super::{
    ProjectConfiguration, RunOptions, SettingsError,
    keys::{KeyError, UntakenKeys},
};
use crate::python::artifact::ProjectName;

/// The configuration file. All keys are optional; unknown ones are errors.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// The options that the command line may set, too, and tables of limits.
    pub options: RunOptions,
    /// The configuration of single projects.
    pub projects: BTreeMap<ProjectName, ProjectConfiguration>,
}

/// `[project]` in the configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProjectTable {
    project: BTreeMap<ProjectName, ProjectConfiguration>,
}

/// The configuration file that is read if none is named.
const FILE: &str = "pypi2pkg.toml";

impl Configuration {
    /// Reads `path`, or `pypi2pkg.toml` in the current folder if no path is given and the file
    /// exists.
    ///
    /// # Errors
    /// The file cannot be read, or has an unknown key or an invalid value.
    pub fn read(path: Option<&Path>) -> Result<Self, SettingsError> {
        let found = match path {
            Some(path) => path,
            None if Path::new(FILE).is_file() => Path::new(FILE),
            None => return Ok(Self::default()),
        };
        let unreadable = |e: std::io::Error| SettingsError::Unreadable {
            path: found.to_owned(),
            reason: e.to_string(),
        };
        let text = fs::read_to_string(found).map_err(unreadable)?;
        let mut configuration = Self::parse(&text).map_err(|KeyError { line, reason }| {
            SettingsError::Syntax { path: found.to_owned(), line, reason }
        })?;
        configuration.rebase(found.parent().unwrap_or(Path::new("")));
        Ok(configuration)
    }

    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys = UntakenKeys::parse(text)?;
        let options = RunOptions {
            target: keys.take(),
            index: keys.take(),
            candidates: keys.take(),
            sdists: keys.take(),
            resolution: keys.take(),
            failures: keys.take(),
            building: keys.take(),
            naming: keys.take(),
            relations: keys.take(),
            install: keys.take(),
            publishing: keys.take(),
            description: keys.take(),
            templates: keys.take(),
            cache: keys.take(),
            plugins: keys.take(),
            ..RunOptions::default()
        };
        let ProjectTable { project: projects } = keys.take();
        keys.finish()?;
        Ok(Self { options, projects })
    }

    /// Makes paths that are relative to the file's folder relative to the current one.
    fn rebase(&mut self, folder: &Path) {
        let RunOptions {
            target,
            index,
            naming,
            relations,
            publishing,
            templates,
            cache,
            plugins,
            ..
        } = &mut self.options;
        let single = [&mut naming.name_map, &mut target.targets, &mut cache.cache];
        let several = relations.hints.iter_mut().chain(&mut templates.templates);
        for path in single.into_iter().flatten().chain(several) {
            *path = folder.join(&*path);
        }
        for plugin in &mut plugins.plugin {
            plugin.rebase(folder);
        }
        // These are paths only if such a file exists.
        let indexes = index.index_url.iter_mut().chain(&mut index.extra_index_urls);
        let own = self.projects.values_mut().filter_map(|project| project.index.as_mut());
        let named = indexes.chain(&mut index.find_links).chain(&mut publishing.sign_key).chain(own);
        for text in named.filter(|text| !text.contains("://")) {
            let path = folder.join(&*text);
            if path.exists() {
                *text = path.display().to_string();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::plugin;

    #[test]
    fn paths_are_relative_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("wheels")).unwrap();
        fs::write(at("key.asc"), "").unwrap();
        let text = r#"
            find-links = ["wheels/", "https://wheels.example/"]
            sign-key = "key.asc"
            index-url = "https://index.example/simple"
            name-map = "names.txt"
            hints = ["hints.toml", "/etc/hints.toml"]
            templates = ["templates"]
            targets = "targets"
            cache = "/var/cache/acme"
            [[plugin]]
            name = "./policy"
            [[plugin]]
            name = "lint"
        "#;
        fs::write(at("pypi2pkg.toml"), text).unwrap();
        let read = Configuration::read(Some(&at("pypi2pkg.toml"))).unwrap().options;
        let below = |name: &str| at(name).display().to_string();
        assert_eq!(read.index.find_links, [below("wheels/"), "https://wheels.example/".to_owned()]);
        assert_eq!(read.publishing.sign_key, Some(below("key.asc")));
        assert_eq!(read.index.index_url.as_deref(), Some("https://index.example/simple"));
        assert_eq!(read.naming.name_map, Some(at("names.txt")));
        assert_eq!(read.relations.hints, [at("hints.toml"), PathBuf::from("/etc/hints.toml")]);
        assert_eq!(read.templates.templates, [at("templates")]);
        assert_eq!(read.target.targets, Some(at("targets")));
        assert_eq!(read.cache.cache, Some(PathBuf::from("/var/cache/acme")));
        let plugins = read.plugins.plugin.into_iter().map(plugin::PluginChoice::from);
        let plugins: Vec<_> = plugins.map(|choice| choice.plugin).collect();
        assert_eq!(plugins, [below("./policy"), "lint".to_owned()]);
    }
}
