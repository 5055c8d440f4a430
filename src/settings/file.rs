//! `pypi2pkg.toml`.

use std::{
    collections::BTreeMap,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use url::Url;

use super::{
    DownloadConfiguration, LimitsConfiguration, SandboxConfiguration,
    choice::{
        BuilderChoice, ByteCodePolicy, CommandNamesChoice, KeyringProvider, OnConflict, Origin,
        RelaxChoice, SourceChoice, StrategyChoice, StrategyOfIndexes,
    },
    values::key,
};
use crate::{
    base::text::{line_at, unknown_key},
    distro::hints::HintError,
    format::deb::pool::SuiteName,
    planner::{FileRules, rules},
    plugin,
    python::{
        artifact::ProjectName,
        requirements::{FileOptions, ProjectRule},
    },
};

/// The configuration file. Every key may be missing; unknown ones are errors.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Configuration {
    pub target: Option<String>,
    pub python: Option<String>,
    pub arch: Option<String>,
    pub index_url: Option<String>,
    /// Further indexes, which are asked before `index-url`.
    pub extra_index_urls: Vec<String>,
    /// Folders and pages with release files.
    pub find_links: Vec<String>,
    pub no_index: bool,
    /// Hosts, with a port or without, that may be used without encryption.
    pub trusted_hosts: Vec<String>,
    /// How long downloads may take.
    pub download: DownloadConfiguration,
    /// How large archives may be.
    pub limits: LimitsConfiguration,
    pub index_strategy: Option<StrategyOfIndexes>,
    pub keyring_provider: Option<KeyringProvider>,
    pub pre: bool,
    pub prefer_binary: bool,
    pub require_hashes: bool,
    /// Whether nothing is built only to learn what it requires.
    pub no_build_metadata: bool,
    /// What confines the code of sources.
    pub sandbox: SandboxConfiguration,
    /// Whether packages of this machine's distribution that a build lacks are installed.
    pub install_build_deps: bool,
    pub source: Option<SourceChoice>,
    pub resolution: Option<StrategyChoice>,
    /// A date, a time, or a span back from now.
    pub exclude_newer: Option<String>,
    /// Projects that are left out, whatever requires them.
    pub exclude: Vec<ProjectName>,
    /// Whether a project that cannot be resolved or fetched does not end a run.
    pub keep_going: Option<bool>,
    pub builder: Option<BuilderChoice>,
    pub compression: Option<String>,
    pub source_packages: bool,
    #[serde(deserialize_with = "key::name_prefix")]
    pub name_prefix: Option<String>,
    /// How packages are named: `{name}` is the target's name for a project, `{project}` its own.
    #[serde(deserialize_with = "key::name_template")]
    pub name_template: Option<String>,
    /// A file with a project and its package's name in each line.
    pub name_map: Option<PathBuf>,
    pub relax: Option<RelaxChoice>,
    /// Files that say what projects need from the system, the strongest first.
    pub hints: Vec<PathBuf>,
    pub strict_hints: bool,
    /// Repositories whose packages are required where they satisfy a project's requirements.
    pub satisfy_from: Vec<String>,
    pub on_conflict: Option<OnConflict>,
    pub command_names: Option<CommandNamesChoice>,
    pub bytecode: Option<ByteCodePolicy>,
    /// How many builds of each package stay in a collection.
    pub keep: Option<NonZeroUsize>,
    /// A fingerprint that `gpg` knows, or a file with a secret key.
    pub sign_key: Option<String>,
    /// Where collections are served.
    #[serde(deserialize_with = "key::repo_url")]
    pub repo_url: Option<Url>,
    pub apt_suite: Option<SuiteName>,
    pub apt_component: Option<SuiteName>,
    /// The folder into which everything goes, beside the system's own.
    pub install_prefix: Option<String>,
    #[serde(deserialize_with = "key::packager")]
    pub packager: Option<String>,
    /// The licence of projects of one's own that state none: an SPDX expression.
    #[serde(deserialize_with = "key::unknown_licence")]
    pub unknown_licence: Option<String>,
    #[serde(deserialize_with = "key::release")]
    pub release: Option<String>,
    /// Folders with template packs, best first.
    pub templates: Vec<PathBuf>,
    /// A folder with further targets.
    pub targets: Option<PathBuf>,
    pub jobs: Option<usize>,
    pub cache: Option<PathBuf>,
    /// Absolute folders into which wheels may install data beside the usual ones.
    pub allow_paths: Vec<String>,
    /// Whether wheels may install code that every Python process runs.
    pub allow_startup_code: bool,
    /// Whether plugins publish collections in which something failed or is missing, too.
    pub publish_incomplete: bool,
    /// The plugins that take part, in their order.
    pub plugin: Vec<PluginConfiguration>,
    /// What holds for single projects.
    pub project: BTreeMap<ProjectName, ProjectConfiguration>,
}

/// What the configuration says of one project.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ProjectConfiguration {
    /// The native package's name, in full.
    #[serde(deserialize_with = "key::name")]
    pub name: Option<String>,
    /// Where the project's package comes from, whatever repositories have.
    pub origin: Option<Origin>,
    /// The only index in which the project is looked for.
    pub index: Option<String>,
    pub source: Option<SourceChoice>,
    /// What it is built with, besides what it states.
    #[serde(deserialize_with = "key::build_requires")]
    pub build_requires: Vec<String>,
    /// An SPDX expression.
    #[serde(deserialize_with = "key::licence")]
    pub licence: Option<String>,
    /// Files that are not installed: absolute paths, or members of the wheel.
    #[serde(deserialize_with = "rules::leave_out")]
    pub leave_out: Vec<String>,
    /// Files and folders that are installed elsewhere.
    #[serde(rename = "move", deserialize_with = "rules::moves")]
    pub moves: BTreeMap<String, String>,
    /// Absolute folders and files that are allowed beside the usual ones.
    #[serde(deserialize_with = "rules::allow_paths")]
    pub allow_paths: Vec<String>,
    /// Whether the project may run code in every Python process.
    pub allow_startup_code: bool,
}

impl ProjectConfiguration {
    /// What is decided about the project's files.
    pub(super) fn file_rules(&self) -> FileRules {
        FileRules {
            leave_out: self.leave_out.clone(),
            moves: self.moves.clone(),
            allow_paths: self.allow_paths.clone(),
            allow_startup_code: self.allow_startup_code,
        }
    }
}

/// A plugin in the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PluginConfiguration {
    /// A name, or the path of a folder with a slash in it.
    name: String,
    #[serde(default)]
    settings: serde_json::Map<String, serde_json::Value>,
    /// The configuration's.
    #[serde(skip)]
    folder: PathBuf,
}

impl From<PluginConfiguration> for plugin::Choice {
    fn from(PluginConfiguration { name, settings, folder }: PluginConfiguration) -> Self {
        Self { plugin: name, settings: settings.into(), folder }
    }
}

/// The configuration's name where it is looked for without being named.
const FILE: &str = "pypi2pkg.toml";

impl Configuration {
    /// What requirements files may say, too.
    pub(super) fn options(&self) -> FileOptions {
        FileOptions {
            index_url: self.index_url.clone(),
            extra_index_urls: self.extra_index_urls.clone(),
            find_links: self.find_links.clone(),
            no_index: self.no_index,
            trusted_hosts: self.trusted_hosts.clone(),
            prefer_binary: self.prefer_binary,
            require_hashes: self.require_hashes,
            all_releases: ProjectRule { all: self.pre, ..ProjectRule::default() },
            ..FileOptions::default()
        }
    }

    /// Reads `path`, or `pypi2pkg.toml` in the current folder where none is given and one is
    /// there.
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
        let parsed: Result<Self, _> = toml::from_str(&text);
        let mut configuration = parsed.map_err(|e| {
            let end = e.span().map_or(0, |span| span.start);
            SettingsError::Syntax {
                path: found.to_owned(),
                line: line_at(&text, end),
                reason: unknown_key(e.message()),
            }
        })?;
        configuration.rebase(found.parent().unwrap_or(Path::new("")));
        Ok(configuration)
    }

    /// Makes what is relative to the folder of the file relative to the current one.
    fn rebase(&mut self, folder: &Path) {
        let single = [&mut self.name_map, &mut self.targets, &mut self.cache];
        let several = self.hints.iter_mut().chain(&mut self.templates);
        for path in single.into_iter().flatten().chain(several) {
            *path = folder.join(&*path);
        }
        for plugin in &mut self.plugin {
            folder.clone_into(&mut plugin.folder);
            if plugin.name.contains('/') {
                plugin.name = folder.join(&plugin.name).display().to_string();
            }
        }
        // These may be something else than a path, which is then not there.
        let indexes = self.index_url.iter_mut().chain(&mut self.extra_index_urls);
        let own = self.project.values_mut().filter_map(|project| project.index.as_mut());
        let named = indexes.chain(&mut self.find_links).chain(&mut self.sign_key).chain(own);
        for text in named.filter(|text| !text.contains("://")) {
            let path = folder.join(&*text);
            if path.exists() {
                *text = path.display().to_string();
            }
        }
    }
}

/// Why settings are wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("cannot read `{path}`: {reason}")]
    Unreadable { path: PathBuf, reason: String },
    #[error("{path}:{line}: {reason}")]
    Syntax { path: PathBuf, line: usize, reason: String },
    #[error(transparent)]
    Hint(#[from] HintError),
    #[error("`SOURCE_DATE_EPOCH` is `{value}`, which is not a number of seconds")]
    Epoch { value: String },
    #[error(
        "`{value}` is neither a date (2026-01-31), a time (2026-01-31T12:00:00Z), nor a span \
         (7 days)"
    )]
    Time { value: String },
    #[error("cannot find the cache folder `{}`: {reason}", .cache.display())]
    Cache { cache: PathBuf, reason: String },
    #[error("there is no folder for the cache: neither `XDG_CACHE_HOME` nor `HOME` is set")]
    NoCache,
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let read = Configuration::read(Some(&at("pypi2pkg.toml"))).unwrap();
        let text = |name: &str| at(name).display().to_string();
        assert_eq!(read.find_links, [text("wheels/"), "https://wheels.example/".to_owned()]);
        assert_eq!(read.sign_key, Some(text("key.asc")));
        assert_eq!(read.index_url.as_deref(), Some("https://index.example/simple"));
        assert_eq!(read.name_map, Some(at("names.txt")));
        assert_eq!(read.hints, [at("hints.toml"), PathBuf::from("/etc/hints.toml")]);
        assert_eq!(read.templates, [at("templates")]);
        assert_eq!(read.targets, Some(at("targets")));
        assert_eq!(read.cache, Some(PathBuf::from("/var/cache/acme")));
        let plugins: Vec<_> = read.plugin.into_iter().map(|plugin| plugin.name).collect();
        assert_eq!(plugins, [text("./policy"), "lint".to_owned()]);
    }
}
