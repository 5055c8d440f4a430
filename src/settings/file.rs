//! `pypi2pkg.toml`.

use std::{
    collections::BTreeMap,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use url::Url;

use super::SandboxConfiguration;
use crate::{
    artifact::ProjectName,
    build::Preference,
    collection::SuiteName,
    hint::HintError,
    index::IndexStrategy,
    planner::Relax,
    plugin,
    requirements::{FileOptions, ProjectRule},
    resolve::{SourcePolicy, Strategy},
    text::{line_at, unknown_key},
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
    pub builder: Option<BuilderChoice>,
    pub compression: Option<String>,
    pub source_packages: bool,
    pub name_prefix: Option<String>,
    /// How packages are named: `{name}` is the target's name for a project, `{project}` its own.
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
    pub bytecode: Option<ByteCodePolicy>,
    /// How many builds of each package stay in a collection.
    pub keep: Option<NonZeroUsize>,
    /// A fingerprint that `gpg` knows, or a file with a secret key.
    pub sign_key: Option<String>,
    /// Where collections are served.
    pub repo_url: Option<Url>,
    pub apt_suite: Option<SuiteName>,
    pub apt_component: Option<SuiteName>,
    /// The folder into which everything goes, beside the system's own.
    pub install_prefix: Option<String>,
    pub packager: Option<String>,
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
    pub name: Option<String>,
    /// Where the project's package comes from, whatever repositories have.
    pub origin: Option<Origin>,
    /// The only index in which the project is looked for.
    pub index: Option<String>,
    pub source: Option<SourceChoice>,
    /// An SPDX expression.
    pub licence: Option<String>,
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

/// `source` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceChoice {
    Auto,
    Wheel,
    Sdist,
}

impl From<SourceChoice> for SourcePolicy {
    fn from(choice: SourceChoice) -> Self {
        match choice {
            SourceChoice::Auto => Self::Auto,
            SourceChoice::Wheel => Self::Wheel,
            SourceChoice::Sdist => Self::Sdist,
        }
    }
}

/// `resolution` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyChoice {
    Highest,
    Lowest,
    LowestDirect,
}

impl From<StrategyChoice> for Strategy {
    fn from(choice: StrategyChoice) -> Self {
        match choice {
            StrategyChoice::Highest => Self::Highest,
            StrategyChoice::Lowest => Self::Lowest,
            StrategyChoice::LowestDirect => Self::LowestDirect,
        }
    }
}

/// `index-strategy` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyOfIndexes {
    FirstIndex,
    UnsafeBestMatch,
}

impl From<StrategyOfIndexes> for IndexStrategy {
    fn from(choice: StrategyOfIndexes) -> Self {
        match choice {
            StrategyOfIndexes::FirstIndex => Self::FirstIndex,
            StrategyOfIndexes::UnsafeBestMatch => Self::UnsafeBestMatch,
        }
    }
}

/// `keyring-provider` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyringProvider {
    Disabled,
    /// The program `keyring`.
    Subprocess,
}

/// What happens to files that several packages would own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// Nothing is built.
    #[default]
    Fail,
    /// The first project keeps them.
    Drop,
}

/// Whether modules are compiled for packages that bring byte code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ByteCodePolicy {
    /// Where the target's Python is on this machine.
    #[default]
    Auto,
    /// A run without the target's Python fails.
    Compile,
    None,
}

/// Where a project's package comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// It is built.
    Build,
    /// The distribution has it.
    Distro,
    /// Nobody needs it.
    Ignore,
}

/// `relax` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RelaxChoice {
    Exact,
    Compatible,
    Minimum,
    None,
}

impl From<RelaxChoice> for Relax {
    fn from(choice: RelaxChoice) -> Self {
        match choice {
            RelaxChoice::Exact => Self::Exact,
            RelaxChoice::Compatible => Self::Compatible,
            RelaxChoice::Minimum => Self::Minimum,
            RelaxChoice::None => Self::None,
        }
    }
}

/// `builder` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BuilderChoice {
    Auto,
    System,
    Embedded,
}

impl From<BuilderChoice> for Preference {
    fn from(choice: BuilderChoice) -> Self {
        match choice {
            BuilderChoice::Auto => Self::Auto,
            BuilderChoice::System => Self::System,
            BuilderChoice::Embedded => Self::Embedded,
        }
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
            prefer_binary: self.prefer_binary,
            require_hashes: self.require_hashes,
            all_releases: ProjectRule { all: self.pre, ..ProjectRule::default() },
            ..FileOptions::default()
        }
    }

    /// Reads `path`, or `pypi2pkg.toml` in the current folder where none is given and one is
    /// there.
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
    #[error("`SOURCE_DATE_EPOCH` is `{value}`, which is no number of seconds")]
    Epoch { value: String },
    #[error(
        "`{value}` is neither a date (2026-01-31), a time (2026-01-31T12:00:00Z), nor a span \
         (7 days)"
    )]
    Time { value: String },
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
