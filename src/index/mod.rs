//! Where releases come from: simple repositories (PEP 503, PEP 691), folders, and the cache
//! before them.

mod archive;
mod cache;
mod download;
mod error;
mod folder;
mod http;
mod page;
mod simple;
mod sparse;
mod stored;

#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use url::Url;

pub use self::error::IndexError;
use self::{folder::FolderIndex, simple::SimpleIndex};
use crate::{
    artifact::{ProjectName, ReleaseFile},
    metadata::CoreMetadata,
};

/// The public index.
pub const DEFAULT_INDEX: &str = "https://pypi.org/simple";

/// All files that an index lists for a project.
#[derive(Debug, Clone)]
pub struct ProjectFiles {
    pub project: ProjectName,
    /// Files whose names parse; the rest is not usable by any installer either.
    pub files: Vec<ReleaseFile>,
}

/// A source of releases. Calls block; what they wait for is fetched concurrently inside.
pub trait Index: Sync {
    /// Starts to fetch the pages of projects that will be asked for soon. Returns at once.
    fn prefetch_projects(&self, projects: &[ProjectName]);

    /// Starts to fetch metadata that will probably be asked for soon. Returns at once.
    fn prefetch_metadata(&self, files: &[ReleaseFile]);

    /// The files of a project, `None` where the index does not know it.
    fn project(&self, project: &ProjectName) -> Result<Option<Arc<ProjectFiles>>, IndexError>;

    /// The core metadata of a file without downloading all of it where that can be avoided.
    fn metadata(&self, file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError>;

    /// Downloads files concurrently and verifies their hashes. The answers are in the order of
    /// `files`; each is the path of a local, read-only copy. `progress` is called with the file's
    /// position and the number of bytes that have newly arrived.
    fn fetch(
        &self,
        files: &[ReleaseFile],
        progress: &(dyn Fn(usize, u64) + Sync),
    ) -> Vec<Result<PathBuf, IndexError>>;
}

/// How an index is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexSettings {
    /// The cache's folder; created when something is kept.
    pub cache: PathBuf,
    /// How long a kept page is taken as it is before the index is asked whether it changed.
    pub page_ttl: Duration,
    /// Whether only the cache may answer.
    pub offline: bool,
    /// Whether files are taken for which nothing states a usable hash. The caller should warn of
    /// those, whose [`ReleaseFile::hashes`] are empty.
    pub allow_unhashed: bool,
    /// How often a failed request is sent again.
    pub retries: u32,
    /// The wait before the first time, doubled for each further one.
    pub retry_delay: Duration,
}

impl IndexSettings {
    /// The defaults, with a cache in `cache`.
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            cache: cache.into(),
            page_ttl: Duration::from_secs(600),
            offline: false,
            allow_unhashed: false,
            retries: 3,
            retry_delay: Duration::from_millis(500),
        }
    }
}

/// Opens the index at `address`: an `http` or `https` URL of a simple repository, or a `file` URL
/// or path of a folder with release files or with a page `PROJECT/index.html` for each project.
///
/// # Errors
/// An address that is none of these, a folder that cannot be read.
pub fn open(address: &str, settings: &IndexSettings) -> Result<Box<dyn Index>, IndexError> {
    if !address.contains("://") {
        return Ok(Box::new(FolderIndex::open(Path::new(address))?));
    }
    // The address may hold a password, so it is not repeated before it is understood.
    let url = Url::parse(address).map_err(|error| IndexError::Address {
        address: address.split("://").next().unwrap_or_default().to_owned() + "://…",
        problem: error.to_string(),
    })?;
    let unusable = |problem: &str| IndexError::Address {
        address: error::redacted(&url),
        problem: problem.to_owned(),
    };
    match url.scheme() {
        "http" | "https" => Ok(Box::new(SimpleIndex::new(&url, settings)?)),
        "file" => {
            let path = url.to_file_path().map_err(|()| unusable("it names no local folder"))?;
            Ok(Box::new(FolderIndex::open(&path)?))
        }
        _ => Err(unusable("its scheme is none of `http`, `https`, `file`")),
    }
}
