//! Where releases come from: simple repositories (PEP 503, PEP 691), folders, and the cache
//! before them.

use std::{path::PathBuf, sync::Arc};

use crate::{
    artifact::{ProjectName, ReleaseFile},
    metadata::CoreMetadata,
};

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

/// Why an index could not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IndexError {
    #[error("placeholder")]
    Placeholder,
}
