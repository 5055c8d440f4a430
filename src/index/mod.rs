//! Sources of releases: simple repositories (PEP 503, PEP 691) with a cache, and folders.

mod archive;
mod cache;
mod download;
mod error;
mod folder;
mod headers;
mod hosts;
mod http;
mod links;
mod login;
mod page;
mod repository;
mod simple;
mod sources;
mod sparse;
mod stored;
mod written;

#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use serde::Deserialize;
use url::Url;

#[cfg(fuzzing)]
pub(crate) use self::page::{PageFormat, parse as parse_page};
pub use self::{
    archive::{check_sdist, sdist_has, sdist_member, sdist_members, sdist_time},
    error::IndexError,
    login::Logins,
    written::{FrozenFile, may_replace, write_tree},
};
use crate::python::{
    artifact::{Hashes, ProjectName, ReleaseFile},
    metadata::CoreMetadata,
};

/// The public index.
pub const DEFAULT_INDEX: &str = "https://pypi.org/simple";

/// A project's files as listed by an index.
#[derive(Debug, Clone)]
pub struct ProjectFiles {
    /// Files whose names parse; no installer can use the rest either.
    pub files: Vec<ReleaseFile>,
}

impl ProjectFiles {
    /// Adds files whose names are new.
    fn merge(&mut self, files: Vec<ReleaseFile>) {
        for file in files {
            if !self.files.iter().any(|known| known.filename == file.filename) {
                self.files.push(file);
            }
        }
    }
}

/// A source of releases. Calls block; the transfers behind them run concurrently.
pub trait Index: Sync {
    /// Starts fetching the pages of projects that will be requested soon. Returns at once.
    fn prefetch_projects(&self, projects: &[ProjectName]);

    /// Starts fetching metadata that will probably be requested soon. Returns at once.
    fn prefetch_metadata(&self, files: &[ReleaseFile]);

    /// Returns a project's files; `None` if the index does not have the project.
    ///
    /// # Errors
    /// The index cannot be read.
    fn project(&self, project: &ProjectName) -> Result<Option<Arc<ProjectFiles>>, IndexError>;

    /// Returns a file's core metadata, without downloading all of it if possible.
    ///
    /// # Errors
    /// The metadata cannot be fetched or used.
    fn metadata(&self, file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError>;

    /// Downloads files concurrently and verifies their hashes. The results are in the order of
    /// `files`; each is the path of a local, read-only copy. `progress` is called with the file's
    /// position and the number of bytes that have newly arrived.
    fn fetch(
        &self,
        files: &[ReleaseFile],
        progress: &(dyn Fn(usize, u64) + Sync),
    ) -> Vec<Result<PathBuf, IndexError>>;

    /// Fetches a file by its address (`http`, `https`, `file`) and verifies the stated hashes;
    /// returns a local, read-only copy and all hashes, its SHA-256 among them.
    ///
    /// # Errors
    /// The file cannot be fetched, or has other hashes.
    fn download(&self, url: &Url, hashes: &Hashes) -> Result<(PathBuf, Hashes), IndexError>;

    /// Returns the requested items that are not in the cache if the network must not be used;
    /// sorted.
    fn missing(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The configured sources of releases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// Addresses of indexes, best first: an `http` or `https` URL of a simple repository, or a
    /// `file` URL or path of a folder with release files or with a page `PROJECT/index.html` or
    /// `PROJECT/index.json` for each project.
    pub indexes: Vec<String>,
    /// Folders with release files, pages of links to them, and single files, all searched besides
    /// the indexes.
    pub find_links: Vec<String>,
    pub strategy: IndexStrategy,
    /// Projects that are searched in one index only, by its address.
    pub pinned: BTreeMap<ProjectName, String>,
}

/// Which of several indexes answer for a project.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexStrategy {
    // A project of a private index cannot be replaced by a third-party project of the same name.
    /// The first index that has the project
    #[default]
    FirstIndex,
    /// All indexes: anyone who can upload to one of them can replace any project
    UnsafeBestMatch,
}

/// Settings of index access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexSettings {
    /// The cache's folder; created when needed.
    pub cache: PathBuf,
    /// The time for which a cached page is used without revalidation, if the index states none.
    pub page_ttl: Duration,
    /// Whether only the cache may be used.
    pub offline: bool,
    /// The number of retries of a failed request.
    pub retries: u32,
    /// The delay before the first retry, doubled for each further one.
    pub retry_delay: Duration,
    /// Hosts (`HOST` or `HOST:PORT`) that may be used without encryption.
    pub trusted_hosts: Vec<String>,
    /// The minimum speed of a response in bytes per second, over the time `speed_window`.
    pub least_speed: u64,
    pub speed_window: Duration,
    /// The time limit for a file.
    pub file_time: Duration,
    /// The size limit in bytes of a file whose size the index does not state.
    pub file_size: u64,
}

impl IndexSettings {
    /// Returns the defaults, with a cache in `cache`.
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            cache: cache.into(),
            page_ttl: Duration::from_secs(600),
            offline: false,
            retries: 3,
            retry_delay: Duration::from_millis(500),
            trusted_hosts: Vec::new(),
            least_speed: 1024,
            speed_window: Duration::from_secs(30),
            file_time: Duration::from_secs(15 * 60),
            file_size: 2 << 30,
        }
    }
}

/// Opens all sources.
///
/// # Errors
/// An address in a form other than those listed at [`Sources`], plain HTTP to another machine that
/// is not trusted, or a folder that cannot be read.
pub fn open(
    sources: &Sources,
    logins: Logins,
    settings: &IndexSettings,
) -> Result<Box<dyn Index>, IndexError> {
    Ok(Box::new(sources::AllSources::open(sources, logins, settings)?))
}

/// Refuses plain HTTP to another machine that is not one of the trusted hosts.
///
/// # Errors
/// [`IndexError::Insecure`], or an invalid trusted host.
pub fn may_use(url: &Url, trusted: &[String]) -> Result<(), IndexError> {
    hosts::TrustedHosts::parse(trusted)?.check(url)
}

/// A local path or an `http` or `https` URL.
enum Address {
    Local(PathBuf),
    Remote(Url),
}

impl Address {
    fn parse(address: &str) -> Result<Self, IndexError> {
        if !address.contains("://") {
            return Ok(Self::Local(PathBuf::from(
                address.strip_prefix("file:").unwrap_or(address),
            )));
        }
        // The address may contain a password, so messages omit it until it is parsed.
        let url = Url::parse(address).map_err(|error| IndexError::Address {
            address: address.split("://").next().unwrap_or_default().to_owned() + "://…",
            problem: error.to_string(),
        })?;
        let unusable = |problem: &str| IndexError::Address {
            address: error::redacted(&url),
            problem: problem.to_owned(),
        };
        match url.scheme() {
            "http" | "https" => Ok(Self::Remote(url)),
            "file" => {
                let path = url.to_file_path();
                Ok(Self::Local(path.map_err(|()| unusable("it names no local folder"))?))
            }
            _ => Err(unusable("its scheme is not one of `http`, `https`, `file`")),
        }
    }
}
