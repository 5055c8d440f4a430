//! Digests of package files, each computed once in a run.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

/// The digests of files that were read in this run, each with what would tell that it has changed.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums(Arc<Mutex<HashMap<PathBuf, (Stamp, String)>>>);

/// Size, number and times of a file.
type Stamp = [i64; 6];

impl Sums {
    /// The SHA-256 of a regular file; nothing where it cannot be read.
    pub(super) fn of(&self, path: &Path) -> Option<String> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = File::open(path).ok()?;
        let found = file.metadata().ok().filter(|found| found.is_file())?;
        let stamp = [
            i64::try_from(found.size()).ok()?,
            found.ino().cast_signed(),
            found.mtime(),
            found.mtime_nsec(),
            found.ctime(),
            found.ctime_nsec(),
        ];
        if let Some((known, sum)) = known().get(path)
            && *known == stamp
        {
            return Some(sum.clone());
        }
        let mut digest = Sha256::new();
        io::copy(&mut file, &mut HashWriter(&mut digest)).ok()?;
        let sum = hex::encode(digest.finalize());
        known().insert(path.to_owned(), (stamp, sum.clone()));
        Some(sum)
    }
}

/// Hashes what is written to it.
struct HashWriter<'h>(&'h mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
