//! A simple repository over HTTP, with the cache before it.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Shared},
    stream,
};
use rayon::prelude::*;
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED,
};
use tokio::runtime::Runtime;
use url::Url;

use super::{
    Index, IndexError, IndexSettings, ProjectFiles,
    cache::{Cache, PageState, now},
    download::download,
    error::{redacted, strip_credentials},
    http::{Ask, Http},
    page::{self, Format, PageError},
};
use crate::{
    artifact::{ProjectName, ReleaseFile},
    metadata::CoreMetadata,
};

/// The largest page read, in decoded bytes.
const PAGE_LIMIT: u64 = 64 * 1024 * 1024;
/// The forms of a page, best first (PEP 691).
const PAGE_FORMS: &str = "application/vnd.pypi.simple.v1+json, \
     application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";
/// How many files are downloaded at once.
const DOWNLOADS: usize = 16;

/// A simple repository over HTTP.
pub(super) struct SimpleIndex {
    /// Where all requests run; `None` only while it is dropped.
    runtime: Option<Runtime>,
    shared: Arc<Repository>,
    pages: Once<ProjectName, Option<Arc<ProjectFiles>>>,
    metadata: Once<Url, Arc<CoreMetadata>>,
}

/// What tasks need.
pub(super) struct Repository {
    /// Ends with a slash; without credentials.
    base: Url,
    pub http: Http,
    pub cache: Cache,
    pub settings: IndexSettings,
    /// Hosts that serve no metadata beside a wheel though nothing announces it.
    pub bare_hosts: Mutex<HashSet<String>>,
}

/// Results by key, each computed once; those who ask meanwhile wait for the same one.
struct Once<K, V>(Mutex<HashMap<K, Pending<V>>>);

type Pending<V> = Shared<BoxFuture<'static, Result<V, IndexError>>>;

/// Locks a map that stays usable after a panic elsewhere.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Eq + Hash, V: Clone + Send + Sync + 'static> Once<K, V> {
    fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// The result for `key`, which `start` begins to compute where nobody has asked before.
    fn get(
        &self,
        key: K,
        start: impl FnOnce() -> BoxFuture<'static, Result<V, IndexError>>,
    ) -> Pending<V> {
        lock(&self.0).entry(key).or_insert_with(|| start().shared()).clone()
    }
}

impl SimpleIndex {
    /// The repository at `address`, whose user name and password are sent to its origin only.
    pub fn new(address: &Url, settings: &IndexSettings) -> Result<Self, IndexError> {
        let http = Http::new(address, settings);
        let mut base = address.clone();
        strip_credentials(&mut base);
        base.set_fragment(None);
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("index")
            .build()
            .map_err(|error| IndexError::Setup {
                url: redacted(&base),
                problem: error.to_string(),
            })?;
        let shared = Arc::new(Repository {
            base,
            http,
            cache: Cache::new(settings.cache.clone()),
            settings: settings.clone(),
            bare_hosts: Mutex::default(),
        });
        let (pages, metadata) = (Once::new(), Once::new());
        Ok(Self { runtime: Some(runtime), shared, pages, metadata })
    }

    fn runtime(&self) -> Result<&Runtime, IndexError> {
        self.runtime.as_ref().ok_or_else(|| self.stopped("it was closed"))
    }

    fn stopped(&self, problem: &str) -> IndexError {
        IndexError::Setup { url: redacted(&self.shared.base), problem: problem.to_owned() }
    }

    /// Runs `work` on the index's own threads, whether or not anybody waits for it.
    fn spawn<V: Send + 'static>(
        &self,
        work: impl Future<Output = Result<V, IndexError>> + Send + 'static,
    ) -> BoxFuture<'static, Result<V, IndexError>> {
        let stopped = self.stopped("a task ended early");
        match self.runtime() {
            Ok(runtime) => {
                let task = runtime.spawn(work);
                async move { task.await.unwrap_or(Err(stopped)) }.boxed()
            }
            Err(error) => async move { Err(error) }.boxed(),
        }
    }

    fn pending_page(&self, project: &ProjectName) -> Pending<Option<Arc<ProjectFiles>>> {
        self.pages.get(project.clone(), || {
            let (shared, project) = (Arc::clone(&self.shared), project.clone());
            self.spawn(async move { shared.page(project).await })
        })
    }

    fn pending_metadata(&self, file: &ReleaseFile) -> Pending<Arc<CoreMetadata>> {
        self.metadata.get(file.url.clone(), || {
            let (shared, file) = (Arc::clone(&self.shared), file.clone());
            self.spawn(async move { shared.metadata(&file).await.map(Arc::new) })
        })
    }
}

impl Drop for SimpleIndex {
    fn drop(&mut self) {
        // What was prefetched and is no longer wanted must not hold up the end.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Index for SimpleIndex {
    fn prefetch_projects(&self, projects: &[ProjectName]) {
        for project in projects {
            drop(self.pending_page(project));
        }
    }

    fn prefetch_metadata(&self, files: &[ReleaseFile]) {
        for file in files {
            drop(self.pending_metadata(file));
        }
    }

    fn project(&self, project: &ProjectName) -> Result<Option<Arc<ProjectFiles>>, IndexError> {
        self.runtime()?.block_on(self.pending_page(project))
    }

    fn metadata(&self, file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError> {
        self.runtime()?.block_on(self.pending_metadata(file))
    }

    fn fetch(
        &self,
        files: &[ReleaseFile],
        progress: &(dyn Fn(usize, u64) + Sync),
    ) -> Vec<Result<PathBuf, IndexError>> {
        // Kept copies are verified on all processors first; the rest is waited for.
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
                    None => download(&self.shared, file, &|count| progress(position, count)).await,
                }
            });
        match self.runtime() {
            Ok(runtime) => runtime.block_on(stream::iter(downloads).buffered(DOWNLOADS).collect()),
            Err(error) => files.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

impl Repository {
    /// The files of a project: from the cache while they are fresh or unchanged.
    async fn page(&self, project: ProjectName) -> Result<Option<Arc<ProjectFiles>>, IndexError> {
        let kept = self.cache.page(&self.base, &project);
        let found = |project, files| Ok(Some(Arc::new(ProjectFiles { project, files })));
        if self.settings.offline {
            return match kept {
                Some((_, files)) => found(project, files),
                None => {
                    let subject = format!("the list of files of {project}");
                    Err(IndexError::Offline { subject })
                }
            };
        }
        match kept {
            Some((state, files)) if state.is_fresh(self.settings.page_ttl.as_secs()) => {
                found(project, files)
            }
            kept => match self.fetch_page(&project, kept).await? {
                Some(files) => found(project, files),
                None => Ok(None),
            },
        }
    }

    /// Fetches or revalidates a page and keeps it.
    async fn fetch_page(
        &self,
        project: &ProjectName,
        kept: Option<(PageState, Vec<ReleaseFile>)>,
    ) -> Result<Option<Vec<ReleaseFile>>, IndexError> {
        let url = self.address(&format!("{project}/"))?;
        let mut ask = Ask::page(&url, PAGE_LIMIT);
        ask.headers.insert(ACCEPT, HeaderValue::from_static(PAGE_FORMS));
        if let Some((state, _)) = &kept {
            add_header(&mut ask.headers, IF_NONE_MATCH, state.etag.as_deref());
            add_header(&mut ask.headers, IF_MODIFIED_SINCE, state.last_modified.as_deref());
        }
        let mut body = Vec::new();
        let answer = self.http.get(&ask, &mut body).await?;
        let text = |name| answer.header(name).map(str::to_owned);
        let (state, files) = match (answer.status, kept) {
            (404 | 410, _) => return Ok(None),
            (304, Some((state, files))) => (PageState { fetched: now(), ..state }, files),
            (200, _) => {
                let unusable = |problem| IndexError::Page {
                    project: project.clone(),
                    url: redacted(&url),
                    problem,
                };
                let format = format_of(answer.header(CONTENT_TYPE)).map_err(unusable)?;
                let files = page::parse(&body, format, &answer.url, project);
                let files = files.map_err(|error| match error {
                    PageError::Quarantined => IndexError::Quarantined { project: project.clone() },
                    PageError::Unusable(problem) => unusable(problem),
                })?;
                let (etag, last_modified) = (text(ETAG), text(LAST_MODIFIED));
                (PageState { fetched: now(), etag, last_modified }, files)
            }
            (status, _) => return Err(IndexError::Status { url: redacted(&url), status }),
        };
        self.cache.keep_page(&self.base, project, &state, &files)?;
        Ok(Some(files))
    }

    fn address(&self, path: &str) -> Result<Url, IndexError> {
        self.base.join(path).map_err(|error| IndexError::Address {
            address: redacted(&self.base),
            problem: error.to_string(),
        })
    }

    /// Where a release's JSON document is, if the index has the default one's layout.
    pub fn document(&self, file: &ReleaseFile) -> Option<Url> {
        let is_default = self.base.path().ends_with("/simple/");
        let (project, version) = (file.kind.project(), file.kind.version());
        let path = format!("../pypi/{project}/{version}/json");
        is_default.then(|| self.base.join(&path).ok()).flatten()
    }
}

fn add_header(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(name, value);
    }
}

/// A page's form, by what the server calls it.
fn format_of(content_type: Option<&str>) -> Result<Format, String> {
    let content_type = content_type.ok_or("the server does not say what it is")?;
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media.as_str() {
        "application/vnd.pypi.simple.v1+json" | "application/json" => Ok(Format::Json),
        "application/vnd.pypi.simple.v1+html" | "text/html" => Ok(Format::Html),
        _ => Err(format!("its content type `{media}` is not supported")),
    }
}
