//! Private folders inside a collection, its lock, and swapping finished things in.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use rustix::{
    fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with},
    io::{Errno, retry_on_intr},
};
use tempfile::TempDir;

use super::CollectionError;

const LOCK_FILE: &str = ".pypi2pkg.lock";
const STAGING_PREFIX: &str = ".pypi2pkg-";

/// A private, empty folder on the file system of a collection. Packages are built here and then
/// moved; what is left goes with this value.
#[derive(Debug)]
pub struct Staging {
    folder: TempDir,
    /// A lock on the folder itself: whoever can take it has found a dead run's remains.
    _claim: File,
}

impl Staging {
    /// Makes a staging folder, and removes those that killed runs have left. The collection's
    /// lock must be held, so that no folder is found before it is claimed.
    pub(super) fn new(collection: &Path, _lock: &Lock) -> Result<Self, CollectionError> {
        remove_stale(collection)?;
        let folder = tempfile::Builder::new()
            .prefix(STAGING_PREFIX)
            .tempdir_in(collection)
            .map_err(CollectionError::io("create a folder in", collection))?;
        let claim = claim(folder.path(), FlockOperation::LockExclusive)
            .map_err(CollectionError::io("lock", folder.path()))?;
        Ok(Self { folder, _claim: claim })
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// The right to change a collection. The system takes it back when the process ends, however that
/// happens.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until no other run changes the collection.
    pub(super) fn take(collection: &Path) -> Result<Self, CollectionError> {
        let path = collection.join(LOCK_FILE);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(CollectionError::io("open", &path))?;
        retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))
            .map_err(|error| CollectionError::io("lock", &path)(error.into()))?;
        Ok(Self { _file: file })
    }
}

fn claim(folder: &Path, operation: FlockOperation) -> io::Result<File> {
    let file = File::open(folder)?;
    retry_on_intr(|| flock(&file, operation))?;
    Ok(file)
}

fn remove_stale(collection: &Path) -> Result<(), CollectionError> {
    let attempt = |error| CollectionError::io("read", collection)(error);
    for entry in fs::read_dir(collection).map_err(attempt)? {
        let path = entry.map_err(attempt)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(STAGING_PREFIX)
            && claim(&path, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            // Remains that cannot be removed are in nobody's way.
            let _ = fs::remove_dir_all(&path);
        }
    }
    Ok(())
}

/// Writes a new file to the disk.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CollectionError> {
    let attempt = |error| CollectionError::io("write", path)(error);
    let mut file = File::create(path).map_err(attempt)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(attempt)
}

/// Brings a folder's list of files to the disk.
pub(super) fn sync_folder(path: &Path) -> Result<(), CollectionError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(CollectionError::io("write", path))
}

/// Creates a folder and those above it.
pub(super) fn create_folder(path: &Path) -> Result<(), CollectionError> {
    fs::create_dir_all(path).map_err(CollectionError::io("create", path))
}

/// Moves a file or folder; a file that is in the place is replaced in the same moment.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), CollectionError> {
    fs::rename(from, to).map_err(CollectionError::io("replace", to))
}

/// Puts the folder `new` in the place of `old`, which need not exist; what was there is at `new`
/// or beside it afterwards. At no moment the place is empty, where the file system can do that.
pub(super) fn swap(new: &Path, old: &Path) -> Result<(), CollectionError> {
    if fs::symlink_metadata(old).is_err() {
        return rename(new, old);
    }
    match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            rename(old, &new.with_extension("replaced"))?;
            rename(new, old)
        }
        Err(error) => Err(CollectionError::io("replace", old)(error.into())),
    }
}
