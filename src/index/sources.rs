//! All sources of a run as one index.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use rayon::prelude::*;
use url::Url;

use super::{
    Address, Index, IndexError, IndexSettings, IndexStrategy, Logins, ProjectFiles, Sources,
    archive::{metadata_text, parse_metadata},
    error::redacted,
    folder::{self, FolderIndex},
    links::LinkIndex,
    repository::lock,
    simple::SimpleIndexes,
};
use crate::python::{
    artifact::{Hashes, ProjectName, ReleaseFile},
    metadata::CoreMetadata,
};

/// Indexes and other sources.
pub(super) struct AllSources {
    remote: SimpleIndexes,
    /// Best first.
    lists: Vec<List>,
    /// Indexes used for one project only.
    pinned: BTreeMap<ProjectName, List>,
    links: Vec<LinkIndex>,
    strategy: IndexStrategy,
    /// The metadata by which wheels were chosen, by address.
    stated: Mutex<HashMap<Url, Arc<CoreMetadata>>>,
}

/// A local index, or a group of remote ones.
enum List {
    Folder(FolderIndex),
    Group(usize),
}

impl AllSources {
    pub(super) fn open(
        sources: &Sources,
        logins: Logins,
        settings: &IndexSettings,
    ) -> Result<Self, IndexError> {
        let mut groups: Vec<Vec<Url>> = Vec::new();
        let mut lists = Vec::new();
        for address in &sources.indexes {
            match (Address::parse(address)?, lists.last()) {
                (Address::Local(path), _) => lists.push(List::Folder(FolderIndex::open(&path)?)),
                // Adjacent remote indexes form one group, queried without waiting in between.
                (Address::Remote(url), Some(List::Group(last))) => groups[*last].push(url),
                (Address::Remote(url), _) => {
                    lists.push(List::Group(groups.len()));
                    groups.push(vec![url]);
                }
            }
        }
        let mut pinned = BTreeMap::new();
        for (project, address) in &sources.pinned {
            let list = match Address::parse(address)? {
                Address::Local(path) => List::Folder(FolderIndex::open(&path)?),
                Address::Remote(url) => {
                    groups.push(vec![url]);
                    List::Group(groups.len() - 1)
                }
            };
            pinned.insert(project.clone(), list);
        }
        let links = sources.find_links.iter().map(|address| LinkIndex::open(address));
        let links = links.collect::<Result<_, _>>()?;
        let remote = SimpleIndexes::new(groups, sources.strategy, logins, settings)?;
        let stated = Mutex::default();
        Ok(Self { remote, lists, pinned, links, strategy: sources.strategy, stated })
    }

    /// Returns the path of a fetched wheel after checking that its own metadata have the same
    /// requirements as those by which it was chosen.
    fn as_stated(&self, file: &ReleaseFile, path: PathBuf) -> Result<PathBuf, IndexError> {
        let Some(stated) = lock(&self.stated).get(&file.url).cloned() else { return Ok(path) };
        let Some(text) = metadata_text(&path, file)? else { return Ok(path) };
        match stated.requirements_differ(&parse_metadata(&text, file)?) {
            None => Ok(path),
            Some(difference) => {
                if !is_local(file) {
                    self.remote.forget_metadata(file);
                }
                let (file, url) = (file.filename.clone(), redacted(&file.url));
                Err(IndexError::Differs { file, url, difference })
            }
        }
    }

    /// Returns the indexes that may provide a project.
    fn lists(&self, project: &ProjectName) -> &[List] {
        self.pinned.get(project).map_or(&self.lists, std::slice::from_ref)
    }
}

fn is_local(file: &ReleaseFile) -> bool {
    file.url.scheme() == "file"
}

impl Index for AllSources {
    fn prefetch_projects(&self, projects: &[ProjectName]) {
        for project in projects {
            // Only certain requests are prefetched: no server receives the name of another one's
            // project.
            if let Some(List::Group(group)) = self.lists(project).first() {
                self.remote.prefetch_project(*group, project);
            }
        }
    }

    fn prefetch_metadata(&self, files: &[ReleaseFile]) {
        for file in files.iter().filter(|file| !is_local(file)) {
            self.remote.prefetch_metadata(file);
        }
    }

    fn project(&self, project: &ProjectName) -> Result<Option<Arc<ProjectFiles>>, IndexError> {
        let mut found: Option<Arc<ProjectFiles>> = None;
        for list in self.lists(project) {
            let page = match list {
                List::Folder(folder) => folder.project(project)?,
                List::Group(group) => self.remote.project(*group, project)?,
            };
            found = match (found, page) {
                (Some(known), Some(page)) => {
                    let mut merged = Arc::unwrap_or_clone(known);
                    merged.merge(page.files.clone());
                    Some(Arc::new(merged))
                }
                (known, page) => known.or(page),
            };
            if found.is_some() && self.strategy == IndexStrategy::FirstIndex {
                break;
            }
        }
        let mut linked = ProjectFiles { files: Vec::new() };
        for links in &self.links {
            linked.merge(links.files(project, &self.remote)?);
        }
        match found {
            page if linked.files.is_empty() => Ok(page),
            Some(page) => {
                linked.merge(page.files.clone());
                Ok(Some(Arc::new(linked)))
            }
            None => Ok(Some(Arc::new(linked))),
        }
    }

    fn metadata(&self, file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError> {
        let metadata =
            if is_local(file) { folder::metadata(file)? } else { self.remote.metadata(file)? };
        if file.kind.wheel().is_some() {
            lock(&self.stated).insert(file.url.clone(), Arc::clone(&metadata));
        }
        Ok(metadata)
    }

    fn fetch(
        &self,
        files: &[ReleaseFile],
        progress: &(dyn Fn(usize, u64) + Sync),
    ) -> Vec<Result<PathBuf, IndexError>> {
        let (local, remote): (Vec<_>, Vec<_>) =
            files.iter().enumerate().partition(|(_, file)| is_local(file));
        let verify = |(position, file): &(usize, &ReleaseFile)| {
            let (path, size) = folder::verified(file)?;
            progress(*position, size);
            Ok(path)
        };
        let verified: Vec<_> = local.par_iter().map(verify).collect();
        let wanted: Vec<&ReleaseFile> = remote.iter().map(|(_, file)| *file).collect();
        let fetched = if wanted.is_empty() {
            Vec::new()
        } else {
            self.remote.fetch(&wanted, &|at, count| progress(remote[at].0, count))
        };
        let positions = local.iter().chain(&remote).map(|(position, _)| *position);
        let mut paths: Vec<_> = positions.zip(verified.into_iter().chain(fetched)).collect();
        paths.sort_by_key(|(position, _)| *position);
        let paths = paths.into_iter().zip(files);
        paths.map(|((_, path), file)| path.and_then(|path| self.as_stated(file, path))).collect()
    }

    fn download(&self, url: &Url, hashes: &Hashes) -> Result<(PathBuf, Hashes), IndexError> {
        match url.scheme() {
            "file" => folder::download(url, hashes),
            _ => self.remote.download(url, hashes),
        }
    }

    fn missing(&self) -> Vec<String> {
        self.remote.missing()
    }
}
