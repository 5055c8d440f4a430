//! Simple repositories over HTTP behind the cache: tasks, each run once.

use std::{
    collections::HashMap,
    hash::Hash,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Shared},
    stream,
};
use rayon::prelude::*;
use tokio::runtime::Runtime;
use url::Url;

use super::{
    IndexError, IndexSettings, IndexStrategy, Logins, ProjectFiles,
    download::{Download, download},
    hosts::TrustedHosts,
    repository::{SimpleRepository, lock},
};
use crate::python::{
    artifact::{Hashes, ProjectName, ReleaseFile},
    metadata::CoreMetadata,
};

/// The number of concurrent downloads.
const DOWNLOADS: usize = 16;

/// Simple repositories over HTTP, in groups that act as one.
pub(super) struct SimpleIndexes {
    /// The runtime of all requests; `None` only during drop.
    runtime: Option<Runtime>,
    shared: Arc<SimpleRepository>,
    pages: Once<(usize, ProjectName), Option<Arc<ProjectFiles>>>,
    metadata: Once<Url, Arc<CoreMetadata>>,
}

/// Results by key, each computed once; concurrent callers wait for the same one.
struct Once<K, V>(Mutex<HashMap<K, Pending<V>>>);

type Pending<V> = Shared<BoxFuture<'static, Result<V, IndexError>>>;

impl<K: Eq + Hash, V: Clone + Send + Sync + 'static> Once<K, V> {
    fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// Returns the result for `key`; the first call begins its computation with `start`.
    fn get(
        &self,
        key: K,
        start: impl FnOnce() -> BoxFuture<'static, Result<V, IndexError>>,
    ) -> Pending<V> {
        lock(&self.0).entry(key).or_insert_with(|| start().shared()).clone()
    }
}

impl SimpleIndexes {
    /// Creates the repositories at the addresses of each group.
    pub(super) fn new(
        groups: Vec<Vec<Url>>,
        strategy: IndexStrategy,
        logins: Logins,
        settings: &IndexSettings,
    ) -> Result<Self, IndexError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("index")
            .build()
            .map_err(|error| IndexError::Setup { problem: error.to_string() })?;
        let shared = Arc::new(SimpleRepository::new(groups, strategy, logins, settings)?);
        let (pages, metadata) = (Once::new(), Once::new());
        Ok(Self { runtime: Some(runtime), shared, pages, metadata })
    }

    fn runtime(&self) -> Result<&Runtime, IndexError> {
        self.runtime.as_ref().ok_or_else(|| stopped("it was closed"))
    }

    /// Runs `work` on the index's own threads, even if its result is dropped.
    fn spawn<V: Send + 'static>(
        &self,
        work: impl Future<Output = Result<V, IndexError>> + Send + 'static,
    ) -> BoxFuture<'static, Result<V, IndexError>> {
        let stopped = stopped("a task ended early");
        match self.runtime() {
            Ok(runtime) => {
                let task = runtime.spawn(work);
                async move { task.await.unwrap_or(Err(stopped)) }.boxed()
            }
            Err(error) => async move { Err(error) }.boxed(),
        }
    }

    fn pending_page(
        &self,
        group: usize,
        project: &ProjectName,
    ) -> Pending<Option<Arc<ProjectFiles>>> {
        self.pages.get((group, project.clone()), || {
            let (shared, project) = (Arc::clone(&self.shared), project.clone());
            self.spawn(async move { shared.project(group, project).await })
        })
    }

    fn pending_metadata(&self, file: &ReleaseFile) -> Pending<Arc<CoreMetadata>> {
        self.metadata.get(file.url.clone(), || {
            let (shared, file) = (Arc::clone(&self.shared), file.clone());
            self.spawn(async move { shared.metadata(&file).await.map(Arc::new) })
        })
    }
}

fn stopped(problem: &str) -> IndexError {
    IndexError::Setup { problem: problem.to_owned() }
}

impl Drop for SimpleIndexes {
    fn drop(&mut self) {
        // Prefetches that are no longer needed must not delay the exit.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl SimpleIndexes {
    /// Starts fetching a project's pages in a group.
    pub(super) fn prefetch_project(&self, group: usize, project: &ProjectName) {
        drop(self.pending_page(group, project));
    }

    /// Like [`super::Index::prefetch_metadata`].
    pub(super) fn prefetch_metadata(&self, file: &ReleaseFile) {
        drop(self.pending_metadata(file));
    }

    /// Returns a project's files in a group.
    pub(super) fn project(
        &self,
        group: usize,
        project: &ProjectName,
    ) -> Result<Option<Arc<ProjectFiles>>, IndexError> {
        self.runtime()?.block_on(self.pending_page(group, project))
    }

    /// Like [`super::Index::metadata`].
    pub(super) fn metadata(&self, file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError> {
        self.runtime()?.block_on(self.pending_metadata(file))
    }

    /// Removes metadata that a server stated for a file and that are not the file's own.
    pub(super) fn forget_metadata(&self, file: &ReleaseFile) {
        self.shared.forget_metadata(file);
    }

    /// Returns the hosts that may be used without encryption.
    pub(super) fn hosts(&self) -> &TrustedHosts {
        self.shared.http.hosts()
    }

    /// Like [`super::Index::missing`].
    pub(super) fn missing(&self) -> Vec<String> {
        self.shared.missing()
    }

    /// Returns the text of a page of links, and its address after redirects.
    pub(super) fn links(&self, url: &Url) -> Result<(Vec<u8>, Url), IndexError> {
        self.runtime()?.block_on(self.shared.links(url))
    }

    /// Like [`super::Index::download`].
    pub(super) fn download(
        &self,
        url: &Url,
        hashes: &Hashes,
    ) -> Result<(PathBuf, Hashes), IndexError> {
        self.runtime()?.block_on(self.shared.download_direct(url, hashes))
    }

    /// Like [`super::Index::fetch`].
    pub(super) fn fetch(
        &self,
        files: &[&ReleaseFile],
        progress: &(dyn Fn(usize, u64) + Sync),
    ) -> Vec<Result<PathBuf, IndexError>> {
        // Cached copies are verified in parallel first; then the rest is awaited.
        let kept: Vec<Option<PathBuf>> = files
            .par_iter()
            .enumerate()
            .map(|(position, file)| {
                let path = self.shared.cache.file(file)?;
                progress(position, std::fs::metadata(&path).map_or(0, |data| data.len()));
                Some(path)
            })
            .collect();
        let downloads =
            files.iter().zip(kept).enumerate().map(|(position, (file, kept))| async move {
                match kept {
                    Some(path) => Ok(path),
                    None => {
                        let wanted = Download::of(file);
                        let progress = |count| progress(position, count);
                        download(&self.shared, &wanted, &progress).await.map(|(path, _)| path)
                    }
                }
            });
        match self.runtime() {
            Ok(runtime) => runtime.block_on(stream::iter(downloads).buffered(DOWNLOADS).collect()),
            Err(error) => files.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}
