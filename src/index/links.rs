//! Sources besides the indexes (`--find-links`): folders, pages of links, single files.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use url::Url;

use super::{
    Address, IndexError,
    folder::{FolderIndex, PAGE_LIMIT, file_url, read_local, releases},
    page::{self, PageFormat},
    simple::SimpleIndexes,
};
use crate::python::artifact::{FileKind, ProjectName, ReleaseFile};

/// A page's text and address.
type Page = Result<(Vec<u8>, Url), IndexError>;

/// A source of release files.
pub(super) enum LinkIndex {
    Folder(FolderIndex),
    /// A release file: its folder and its name.
    File(PathBuf, String),
    /// A local page.
    LocalPage(PathBuf),
    /// A release file, by its address.
    RemoteFile(Url),
    /// A page, fetched on first use.
    RemotePage(Url, OnceLock<Page>),
}

impl LinkIndex {
    /// Opens a folder, page or file by its address.
    ///
    /// # Errors
    /// An invalid address, or a folder that cannot be read.
    pub(super) fn open(address: &str) -> Result<Self, IndexError> {
        match Address::parse(address)? {
            Address::Local(path) if path.is_dir() => Ok(Self::Folder(FolderIndex::open(&path)?)),
            Address::Local(path) => {
                let path = fs::canonicalize(&path)
                    .map_err(|error| IndexError::local("open", &path, error))?;
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                match FileKind::parse(&name, None) {
                    Ok(_) => Ok(Self::File(folder(&path).to_owned(), name)),
                    Err(_) => Ok(Self::LocalPage(path)),
                }
            }
            Address::Remote(url) => {
                let last = url.path_segments().and_then(|mut parts| parts.next_back());
                match FileKind::parse(last.unwrap_or_default(), None) {
                    Ok(_) => Ok(Self::RemoteFile(url)),
                    Err(_) => Ok(Self::RemotePage(url, OnceLock::new())),
                }
            }
        }
    }

    /// Returns a project's files.
    pub(super) fn files(
        &self,
        project: &ProjectName,
        remote: &SimpleIndexes,
    ) -> Result<Vec<ReleaseFile>, IndexError> {
        match self {
            Self::Folder(folder) => {
                let found = folder.project(project)?;
                Ok(found.map(|found| found.files.clone()).unwrap_or_default())
            }
            Self::File(folder, name) => releases(folder, std::slice::from_ref(name), project),
            Self::LocalPage(path) => {
                let text = read_local(path, PAGE_LIMIT)
                    .map_err(|error| IndexError::local("read", path, error))?;
                listed(&text, &file_url(path)?, project)
            }
            Self::RemoteFile(url) => {
                remote.hosts().check(url)?;
                let page = format!("<a href='{url}'>file</a>");
                listed(page.as_bytes(), url, project)
            }
            Self::RemotePage(url, page) => {
                let (text, url) =
                    page.get_or_init(|| remote.links(url)).as_ref().map_err(Clone::clone)?;
                let mut files = listed(text, url, project)?;
                files.retain(|file| remote.hosts().may_link(url, &file.url));
                Ok(files)
            }
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// Returns a project's files among a page's links.
fn listed(text: &[u8], url: &Url, project: &ProjectName) -> Result<Vec<ReleaseFile>, IndexError> {
    let unusable = |problem: String| IndexError::Page {
        project: project.clone(),
        url: super::error::redacted(url),
        problem,
    };
    page::parse(text, PageFormat::Html, url, project).map_err(|error| match error {
        page::PageError::Quarantined => IndexError::Quarantined { project: project.clone() },
        page::PageError::Unusable(problem) => unusable(problem),
    })
}
