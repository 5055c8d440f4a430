//! The shared state of simple repository tasks: pages, and files by their addresses.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::future::join_all;
use reqwest::header::{
    ACCEPT, AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use url::Url;

use super::{
    IndexError, IndexSettings, IndexStrategy, Logins, ProjectFiles,
    cache::{Cache, PageState, now},
    download::{Download, download},
    error::redacted,
    headers::fresh_for,
    hosts::TrustedHosts,
    http::{Ask, Http},
    page::{self, PageError, PageFormat},
};
use crate::python::artifact::{
    HashAlgorithm, Hashes, ProjectName, ReleaseFile, without_credentials,
};

/// The largest page read, in decoded bytes.
const PAGE_LIMIT: u64 = 64 * 1024 * 1024;
/// The accepted formats of a page, best first (PEP 691).
const PAGE_FORMS: &str = "application/vnd.pypi.simple.v1+json, \
     application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/// The state that all tasks share.
pub(super) struct SimpleRepository {
    /// The addresses of each group, best first; they end with a slash and have no credentials.
    groups: Vec<Vec<Url>>,
    strategy: IndexStrategy,
    /// The index in which each project was found.
    homes: Mutex<HashMap<ProjectName, Url>>,
    /// The items missing in the cache while the network must not be used.
    missing: Mutex<BTreeSet<String>>,
    pub http: Http,
    pub cache: Cache,
    pub settings: IndexSettings,
    /// Hosts that serve no metadata beside a wheel, and do not announce any.
    pub bare_hosts: Mutex<HashSet<String>>,
}

/// Locks a mutex, even after a panic elsewhere.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimpleRepository {
    /// Creates the repositories at the addresses of each group.
    ///
    /// # Errors
    /// An address must not be used without encryption, or a trusted host is invalid.
    pub(super) fn new(
        groups: Vec<Vec<Url>>,
        strategy: IndexStrategy,
        logins: Logins,
        settings: &IndexSettings,
    ) -> Result<Self, IndexError> {
        let hosts = TrustedHosts::parse(&settings.trusted_hosts)?;
        groups.iter().flatten().try_for_each(|index| hosts.check(index))?;
        let groups = groups.into_iter().map(|group| group.into_iter().map(base).collect());
        Ok(Self {
            groups: groups.collect(),
            strategy,
            homes: Mutex::default(),
            missing: Mutex::default(),
            http: Http::new(logins, hosts, settings),
            cache: Cache::new(settings.cache.clone()),
            settings: settings.clone(),
            bare_hosts: Mutex::default(),
        })
    }

    /// Returns the items missing in the cache so far; sorted.
    pub(super) fn missing(&self) -> Vec<String> {
        lock(&self.missing).iter().cloned().collect()
    }

    /// Returns a project's files in a group: those of the first index that has it, or of all.
    pub(super) async fn project(
        &self,
        group: usize,
        project: ProjectName,
    ) -> Result<Option<Arc<ProjectFiles>>, IndexError> {
        let bases = self.groups.get(group).map_or(&[][..], Vec::as_slice);
        if self.strategy == IndexStrategy::FirstIndex {
            for base in bases {
                if let Some(files) = self.page(base, &project).await? {
                    lock(&self.homes).insert(project.clone(), base.clone());
                    return Ok(Some(Arc::new(ProjectFiles { files })));
                }
            }
            return Ok(None);
        }
        let pages = join_all(bases.iter().map(|base| self.page(base, &project))).await;
        let mut merged: Option<ProjectFiles> = None;
        for (base, page) in bases.iter().zip(pages) {
            let Some(files) = page? else { continue };
            lock(&self.homes).entry(project.clone()).or_insert_with(|| base.clone());
            match &mut merged {
                Some(known) => known.merge(files),
                None => merged = Some(ProjectFiles { files }),
            }
        }
        Ok(merged.map(Arc::new))
    }

    /// Returns a project's files in one index: from the cache if fresh or unchanged.
    async fn page(
        &self,
        base: &Url,
        project: &ProjectName,
    ) -> Result<Option<Vec<ReleaseFile>>, IndexError> {
        let kept = self.cache.page((base, self.http.user(base)), project);
        match kept {
            None if self.settings.offline => {
                Err(self.offline(format!("the list of files of {project}")))
            }
            Some((state, files))
                if self.settings.offline || state.is_fresh(self.settings.page_ttl.as_secs()) =>
            {
                Ok((!state.is_missing).then_some(files))
            }
            kept => self.fetch_page(base, project, kept).await,
        }
    }

    /// Records an item that the cache lacks.
    pub(super) fn offline(&self, subject: String) -> IndexError {
        lock(&self.missing).insert(subject.clone());
        IndexError::Offline { subject }
    }

    /// Fetches or revalidates a page and caches it.
    async fn fetch_page(
        &self,
        base: &Url,
        project: &ProjectName,
        kept: Option<(PageState, Vec<ReleaseFile>)>,
    ) -> Result<Option<Vec<ReleaseFile>>, IndexError> {
        let url = join(base, &format!("{project}/"))?;
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
            (404 | 410, _) => {
                let state = PageState { is_missing: true, ..PageState::default() };
                (state, Vec::new())
            }
            (304, Some(kept)) => kept,
            (200, _) => {
                let unusable = |problem| IndexError::Page {
                    project: project.clone(),
                    url: redacted(&url),
                    problem,
                };
                let format = format_of(answer.header(CONTENT_TYPE)).map_err(unusable)?;
                let files = page::parse(&body, format, &answer.url, project);
                let mut files = files.map_err(|error| match error {
                    PageError::Quarantined => IndexError::Quarantined { project: project.clone() },
                    PageError::Unusable(problem) => unusable(problem),
                })?;
                files.retain(|file| self.http.hosts().may_link(&answer.url, &file.url));
                let (etag, last_modified) = (text(ETAG), text(LAST_MODIFIED));
                (PageState { etag, last_modified, ..PageState::default() }, files)
            }
            (status, _) => return Err(IndexError::Status { url: redacted(&url), status }),
        };
        let fresh_for = fresh_for(answer.header(CACHE_CONTROL), answer.header(AGE));
        // A 304 updates only the headers that it contains. Source: RFC 9111, section 3.2.
        let fresh_for = fresh_for.or(state.fresh_for);
        let state = PageState { fetched: now(), fresh_for, ..state };
        self.cache.keep_page((base, self.http.user(base)), project, &state, &files)?;
        Ok((!state.is_missing).then_some(files))
    }

    pub(super) async fn links(&self, url: &Url) -> Result<(Vec<u8>, Url), IndexError> {
        if self.settings.offline {
            return Err(self.offline(format!("the page of links {}", redacted(url))));
        }
        let mut body = Vec::new();
        let answer = self.http.get(&Ask::page(url, PAGE_LIMIT), &mut body).await?;
        match answer.status {
            200 => Ok((body, answer.url)),
            status => Err(IndexError::Status { url: redacted(url), status }),
        }
    }

    /// Fetches a file that a requirement names by its address: from the cache if its hash is
    /// stated, or if only the cache may be used.
    pub(super) async fn download_direct(
        &self,
        url: &Url,
        hashes: &Hashes,
    ) -> Result<(PathBuf, Hashes), IndexError> {
        let bare = without_credentials(url);
        self.http.hosts().check(&bare)?;
        let filename = file_name(&bare)?;
        let mut known = hashes.clone();
        if self.settings.offline
            && known.sha256().is_none()
            && let Some(digest) = self.cache.digest(&bare)
        {
            known.0.insert(HashAlgorithm::Sha256, digest);
        }
        if let Some(path) = self.cache.named_file(&known, &filename) {
            return Ok((path, known));
        }
        let wanted = Download { filename: &filename, url: &bare, hashes, size: None };
        let (path, sha256) = download(self, &wanted, &|_| {}).await?;
        self.cache.keep_digest(&bare, &sha256)?;
        known.0.insert(HashAlgorithm::Sha256, sha256);
        Ok((path, known))
    }

    /// Returns the address of a release's JSON document, if the index has PyPI's layout.
    pub(super) fn document(&self, file: &ReleaseFile) -> Option<Url> {
        let homes = lock(&self.homes);
        let base = homes.get(file.kind.project())?;
        let (project, version) = (file.kind.project(), file.kind.version());
        let path = format!("../pypi/{project}/{version}/json");
        base.path().ends_with("/simple/").then(|| base.join(&path).ok()).flatten()
    }
}

/// Returns an index's address with a trailing slash, to which project names are joined.
fn base(url: Url) -> Url {
    let mut url = without_credentials(&url);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url
}

fn join(base: &Url, path: &str) -> Result<Url, IndexError> {
    base.join(path).map_err(|error| IndexError::Address {
        address: redacted(base),
        problem: error.to_string(),
    })
}

/// Returns the file name at the end of an address.
fn file_name(url: &Url) -> Result<String, IndexError> {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    let name = percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned();
    if name.is_empty() || name.contains(['/', '\0']) || name == ".." {
        let problem = "it names no file".to_owned();
        return Err(IndexError::Address { address: redacted(url), problem });
    }
    Ok(name)
}

fn add_header(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(name, value);
    }
}

/// Returns a page's format by its content type.
fn format_of(content_type: Option<&str>) -> Result<PageFormat, String> {
    let content_type = content_type.ok_or("the server does not say what it is")?;
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media.as_str() {
        "application/vnd.pypi.simple.v1+json" | "application/json" => Ok(PageFormat::Json),
        "application/vnd.pypi.simple.v1+html" | "text/html" => Ok(PageFormat::Html),
        _ => Err(format!("its content type `{media}` is not supported")),
    }
}
