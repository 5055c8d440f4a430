//! A folder of release files, or a tree of simple repository pages.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use url::Url;

use super::{
    IndexError, ProjectFiles,
    archive::{metadata_text, parse_metadata},
    page::{self, PageError, PageFormat},
};
use crate::{
    base::files::open_regular,
    python::{
        artifact::{FileKind, HashAlgorithm, HashCheck, Hashes, ProjectName, ReleaseFile},
        metadata::CoreMetadata,
    },
};

/// The names of a project's page in a tree, best first.
const PAGES: [(&str, PageFormat); 2] =
    [("index.json", PageFormat::Json), ("index.html", PageFormat::Html)];

/// The largest page and the largest metadata file read, in bytes.
pub(super) const PAGE_LIMIT: u64 = 64 * 1024 * 1024;
const METADATA_LIMIT: u64 = 4 * 1024 * 1024;

/// A folder as an index: the wheels and sdists in it, and a project's files that
/// `PROJECT/index.html` or `PROJECT/index.json` lists or that are in the folder `PROJECT`.
pub(super) struct FolderIndex {
    root: PathBuf,
    /// The names of the files directly in it, each preceded by its normalized form; sorted.
    names: Vec<(String, String)>,
}

impl FolderIndex {
    /// Lists the folder's files.
    pub(super) fn open(root: &Path) -> Result<Self, IndexError> {
        let root = fs::canonicalize(root)
            .map_err(|error| IndexError::local("open the index folder", root, error))?;
        let names = file_names(&root)?;
        let mut names: Vec<_> = names.into_iter().map(|name| (comparable(&name), name)).collect();
        names.sort();
        Ok(Self { root, names })
    }

    /// Returns the names of files that may be a project's: those with its name as a prefix.
    fn candidates(&self, project: &ProjectName) -> Vec<String> {
        let prefix = format!("{project}-");
        let from = self.names.partition_point(|(comparable, _)| *comparable < prefix);
        let with_prefix =
            self.names[from..].iter().take_while(|(name, _)| name.starts_with(&prefix));
        with_prefix.map(|(_, name)| name.clone()).collect()
    }

    fn listed(&self, project: &ProjectName) -> Result<Vec<ReleaseFile>, IndexError> {
        let folder = self.root.join(project.as_ref());
        for (name, format) in PAGES {
            let path = folder.join(name);
            let bytes = match read_local(&path, PAGE_LIMIT) {
                Ok(bytes) => bytes,
                Err(error) if is_absent(&error) => continue,
                Err(error) => return Err(IndexError::local("read", &path, error)),
            };
            let address = file_url(&path)?;
            return page::parse(&bytes, format, &address, project).map_err(|error| match error {
                PageError::Quarantined => IndexError::Quarantined { project: project.clone() },
                PageError::Unusable(problem) => {
                    IndexError::Page { project: project.clone(), url: address.into(), problem }
                }
            });
        }
        if folder.is_dir() {
            return releases(&folder, &file_names(&folder)?, project);
        }
        Ok(Vec::new())
    }
}

impl FolderIndex {
    /// Returns a project's files: those that its page lists, and those in the folder.
    pub(super) fn project(
        &self,
        project: &ProjectName,
    ) -> Result<Option<Arc<ProjectFiles>>, IndexError> {
        let files = self.listed(project)?;
        let mut found = ProjectFiles { files };
        found.merge(releases(&self.root, &self.candidates(project), project)?);
        found.files.sort_by(|a, b| a.filename.cmp(&b.filename));
        let is_known = !found.files.is_empty() || self.root.join(project.as_ref()).is_dir();
        Ok(is_known.then(|| Arc::new(found)))
    }
}

/// Returns the metadata of a local file.
pub(super) fn metadata(file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError> {
    let path = local_path(&file.url)?;
    let unknown = || IndexError::MetadataNotStatic { file: file.filename.clone() };
    let mut beside = path.clone().into_os_string();
    beside.push(".metadata");
    let text = match read_local(Path::new(&beside), METADATA_LIMIT) {
        Ok(text) if file.kind.wheel().is_some() => {
            let stated = file.metadata.clone().unwrap_or_default();
            stated.verify(&text).map_err(|mismatch| IndexError::Hash {
                file: format!("{}.metadata", file.filename),
                url: file.url.to_string(),
                mismatch,
            })?;
            text
        }
        _ => metadata_text(&path, file)?.ok_or_else(unknown)?,
    };
    let metadata = parse_metadata(&text, file)?;
    if file.kind.wheel().is_none() && !metadata.has_static_requirements() {
        return Err(unknown());
    }
    Ok(Arc::new(metadata))
}

/// Verifies a local file's hashes and returns its path and its size in bytes.
pub(super) fn verified(file: &ReleaseFile) -> Result<(PathBuf, u64), IndexError> {
    let path = local_path(&file.url)?;
    let (_, size) = hash(&path, &file.hashes)?;
    Ok((path, size))
}

/// Like [`super::Index::download`].
pub(super) fn download(url: &Url, hashes: &Hashes) -> Result<(PathBuf, Hashes), IndexError> {
    let path = local_path(url)?;
    let (sha256, _) = hash(&path, hashes)?;
    let mut hashes = hashes.clone();
    hashes.0.insert(HashAlgorithm::Sha256, sha256);
    Ok((path, hashes))
}

/// Returns a file name in the normalized form of project names. Source: PEP 503.
fn comparable(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let parts = lower.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

/// Returns the release files of `project` among the names in `folder`, hashed.
pub(super) fn releases(
    folder: &Path,
    names: &[String],
    project: &ProjectName,
) -> Result<Vec<ReleaseFile>, IndexError> {
    let mut files = Vec::new();
    for name in names {
        let Ok(kind) = FileKind::parse(name, Some(project)) else {
            continue;
        };
        let path = folder.join(name);
        let mut file = ReleaseFile::new(name.clone(), file_url(&path)?, kind, Hashes::default());
        let (sha256, size) = hash(&path, &file.hashes)?;
        file.hashes.0.insert(HashAlgorithm::Sha256, sha256);
        file.size = Some(size);
        files.push(file);
    }
    Ok(files)
}

/// Verifies a local file's stated hashes and returns its SHA-256 and size.
fn hash(path: &Path, hashes: &Hashes) -> Result<(String, u64), IndexError> {
    struct Writer(HashCheck);
    impl io::Write for Writer {
        fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
            self.0.update(piece);
            Ok(piece.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Writer(HashCheck::new(hashes));
    let size = open_regular(path)
        .and_then(|mut reader| io::copy(&mut reader, &mut writer))
        .map_err(|error| IndexError::local("read", path, error))?;
    let sha256 = writer.0.finish().map_err(|mismatch| IndexError::Hash {
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        url: path.display().to_string(),
        mismatch,
    })?;
    Ok((sha256, size))
}

fn file_names(folder: &Path) -> Result<Vec<String>, IndexError> {
    let fail = |error| IndexError::local("list the index folder", folder, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if entry.path().is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Reads a regular file of at most `limit` bytes.
pub(super) fn read_local(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        Err(io::Error::other(format!("it is larger than {limit} bytes")))
    } else {
        Ok(bytes)
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

pub(super) fn file_url(path: &Path) -> Result<Url, IndexError> {
    Url::from_file_path(path)
        .map_err(|()| IndexError::local("name", path, "it is not an absolute path"))
}

fn local_path(url: &Url) -> Result<PathBuf, IndexError> {
    url.to_file_path().map_err(|()| IndexError::Address {
        address: url.to_string(),
        problem: "it is not on this machine".to_owned(),
    })
}
