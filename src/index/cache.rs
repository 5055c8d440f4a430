//! The on-disk cache of pages, metadata and files.
//!
//! Everything is written to a temporary name and renamed, so that several runs may share the
//! folder, and contains or is named by its digest, so that damage is detected on reading.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use url::Url;

use super::{IndexError, error::redacted, stored};
use crate::{
    base::{files::create_private_folders, text::serialised},
    python::artifact::{HashCheck, Hashes, ProjectName, ReleaseFile},
};

/// The size of the pieces in which files are read, in bytes.
const PIECE: usize = 256 * 1024;

/// The cache's folder, readable by this user only. Its layout is `pages/v1/KEY`,
/// `metadata/v2/KIND/ab/KEY`, `digests/v1/ab/cdef…` and `files/ab/cdef…/NAME`.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    root: PathBuf,
}

/// The key of a metadata text. No index can forge another one's metadata: a text is kept by a
/// verified digest, or else by its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MetadataKey {
    /// The text with this SHA-256.
    Text(String),
    /// The text in the file with this SHA-256, verified over the whole file.
    File(String),
    /// A server's unverified statement: a digest of the user, the address and the file.
    Origin(String),
}

impl MetadataKey {
    /// Returns the key of a server's statement about a file, by address and user.
    pub(super) fn origin(url: &Url, user: &str, hashes: &Hashes) -> Self {
        let mut digest = Sha256::new();
        for part in [url.as_str(), user] {
            digest.update(part);
            digest.update([0]);
        }
        for (algorithm, hash) in &hashes.0 {
            digest.update(format!("{algorithm}={hash}\0"));
        }
        Self::Origin(hex::encode(digest.finalize()))
    }
}

/// A cached page's state besides its files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageState {
    /// Seconds since 1970.
    pub fetched: u64,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// The number of seconds for which the server allows the page to be used, if stated.
    #[serde(default)]
    pub fresh_for: Option<u64>,
    /// Whether the index answered that the project does not exist.
    #[serde(default)]
    pub is_missing: bool,
}

impl PageState {
    /// Returns whether the page may be used without revalidation: for the time that the server
    /// allows, or `default` seconds if it states none. A page from the future is not fresh.
    pub(super) fn is_fresh(&self, default: u64) -> bool {
        let lifetime = self.fresh_for.unwrap_or(default);
        now().checked_sub(self.fetched).is_some_and(|age| age < lifetime)
    }
}

/// Returns the current time in seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Cache {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Returns a project's cached page of the index at `index`, as served to `user`; `None` if
    /// missing or damaged.
    pub(super) fn page(
        &self,
        (index, user): (&Url, &str),
        project: &ProjectName,
    ) -> Option<(PageState, Vec<ReleaseFile>)> {
        let content = read_checked(&self.page_path((index, user), project))?;
        let end = content.iter().position(|byte| *byte == b'\n')?;
        let state = serde_json::from_slice(&content[..end]).ok()?;
        Some((state, stored::read(&content[end + 1..], project)?))
    }

    /// Keeps a page.
    pub(super) fn keep_page(
        &self,
        (index, user): (&Url, &str),
        project: &ProjectName,
        state: &PageState,
        files: &[ReleaseFile],
    ) -> Result<(), IndexError> {
        let mut content = serialised::json(state).into_bytes();
        content.push(b'\n');
        content.extend(stored::write(files));
        write_checked(&self.page_path((index, user), project), &content)
    }

    /// Returns the SHA-256 of the file last fetched from an address.
    pub(super) fn digest(&self, url: &Url) -> Option<String> {
        let digest = String::from_utf8(read_checked(&self.digest_path(url))?).ok()?;
        (digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then_some(digest)
    }

    /// Keeps the SHA-256 of the file fetched from an address.
    pub(super) fn keep_digest(&self, url: &Url, sha256: &str) -> Result<(), IndexError> {
        write_checked(&self.digest_path(url), sha256.as_bytes())
    }

    /// Returns a cached metadata text.
    pub(super) fn metadata(&self, key: &MetadataKey) -> Option<Vec<u8>> {
        read_checked(&self.metadata_path(key))
    }

    /// Keeps a metadata text.
    pub(super) fn keep_metadata(&self, key: &MetadataKey, text: &[u8]) -> Result<(), IndexError> {
        write_checked(&self.metadata_path(key), text)
    }

    /// Removes a metadata text that was found to be wrong.
    pub(super) fn forget_metadata(&self, key: &MetadataKey) {
        // If it cannot be removed, it is found to be wrong again.
        let _ = fs::remove_file(self.metadata_path(key));
    }

    /// Returns a file's cached copy, verified by every hash stated. A damaged copy is removed.
    pub(super) fn file(&self, file: &ReleaseFile) -> Option<PathBuf> {
        self.named_file(&file.hashes, &file.filename)
    }

    /// Like [`Self::file`], by hashes and name.
    pub(super) fn named_file(&self, hashes: &Hashes, filename: &str) -> Option<PathBuf> {
        let path = self.file_path(hashes.sha256()?, filename);
        if verify_file(&path, hashes).is_some() {
            return Some(path);
        }
        // If it cannot be removed, the next download overwrites it.
        let _ = fs::remove_file(&path);
        None
    }

    /// Creates a temporary file in the cache.
    pub(super) fn temporary(&self) -> Result<NamedTempFile, IndexError> {
        let folder = self.root.join("files");
        create_folder(&folder)?;
        NamedTempFile::new_in(&folder)
            .map_err(|error| IndexError::local("write a file in", &folder, error))
    }

    /// Moves a complete, verified file into place, read-only.
    pub(super) fn keep_file(
        &self,
        temporary: NamedTempFile,
        sha256: &str,
        filename: &str,
    ) -> Result<PathBuf, IndexError> {
        let path = self.file_path(sha256, filename);
        persist(temporary, &path, 0o400)?;
        Ok(path)
    }

    fn page_path(&self, (index, user): (&Url, &str), project: &ProjectName) -> PathBuf {
        let address = match user {
            "" => redacted(index),
            user => format!("{}\0{user}", redacted(index)),
        };
        let key = hex::encode(Sha256::digest(address));
        self.root.join("pages/v1").join(&key[..16]).join(project.as_ref())
    }

    fn digest_path(&self, url: &Url) -> PathBuf {
        let key = hex::encode(Sha256::digest(url.as_str()));
        self.root.join("digests/v1").join(&key[..2]).join(&key[2..])
    }

    fn metadata_path(&self, key: &MetadataKey) -> PathBuf {
        let (kind, key) = match key {
            MetadataKey::Text(key) => ("texts", key),
            MetadataKey::File(key) => ("files", key),
            MetadataKey::Origin(key) => ("origins", key),
        };
        self.root.join("metadata/v2").join(kind).join(&key[..2]).join(key)
    }

    fn file_path(&self, sha256: &str, filename: &str) -> PathBuf {
        self.root.join("files").join(&sha256[..2]).join(&sha256[2..]).join(filename)
    }
}

/// Returns `Some` if a file can be read and has every hash stated.
fn verify_file(path: &Path, hashes: &Hashes) -> Option<()> {
    let mut reader = fs::File::open(path).ok()?;
    let mut check = HashCheck::new(hashes);
    let mut piece = vec![0; PIECE];
    loop {
        let count = reader.read(&mut piece).ok()?;
        if count == 0 {
            break;
        }
        check.update(&piece[..count]);
    }
    check.finish().is_ok().then_some(())
}

/// Reads a file whose first 32 bytes are the SHA-256 of the rest.
fn read_checked(path: &Path) -> Option<Vec<u8>> {
    let mut content = fs::read(path).ok()?;
    let (digest, rest) = content.split_first_chunk::<32>()?;
    (Sha256::digest(rest)[..] == digest[..]).then(|| content.split_off(32))
}

fn write_checked(path: &Path, content: &[u8]) -> Result<(), IndexError> {
    let folder = path.parent().unwrap_or(path);
    create_folder(folder)?;
    let fail = |error| IndexError::local("write", path, error);
    let mut file = NamedTempFile::new_in(folder).map_err(fail)?;
    file.write_all(&Sha256::digest(content)).map_err(fail)?;
    file.write_all(content).map_err(fail)?;
    persist(file, path, 0o600)
}

fn persist(file: NamedTempFile, path: &Path, mode: u32) -> Result<(), IndexError> {
    create_folder(path.parent().unwrap_or(path))?;
    let fail = |error| IndexError::local("write", path, error);
    file.as_file().set_permissions(fs::Permissions::from_mode(mode)).map_err(fail)?;
    file.persist(path).map(|_| ()).map_err(|error| fail(error.error))
}

fn create_folder(folder: &Path) -> Result<(), IndexError> {
    create_private_folders(folder)
        .map_err(|error| IndexError::local("create the cache folder", folder, error))
}
