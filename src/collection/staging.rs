//! Private folders inside a collection, its lock, and swapping finished things in.

use std::{
    fmt,
    fs::{self, File},
    io::{self},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::{Errno, retry_on_intr},
};
use tempfile::TempDir;

use super::{
    CollectionError,
    folder::RECIPES,
    record::{BUILT, OWN, RECORDS},
};
use crate::base::{
    files::{open_lock, private_folder_in},
    process::interrupted,
    report::{Event, Reporter},
};

const LOCK_FILE: &str = ".pypi2pkg.lock";
const STAGING_PREFIX: &str = ".pypi2pkg-";
/// How long a run waits for another one without a word, and between two looks.
const MOMENT: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(20);

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
    pub(super) fn new(collection: &Path, _lock: &CollectionLock) -> Result<Self, CollectionError> {
        remove_stale(collection)?;
        let folder = private_folder_in(collection, STAGING_PREFIX)
            .map_err(CollectionError::at("create a folder in", collection))?;
        let claim = claim(folder.path(), FlockOperation::LockExclusive)
            .map_err(CollectionError::at("lock", folder.path()))?;
        Ok(Self { folder, _claim: claim })
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Who is told what happens to a collection.
#[derive(Clone, Copy, Default)]
pub(super) struct Listener<'k>(pub Option<&'k dyn Reporter>);

impl fmt::Debug for Listener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

impl Listener<'_> {
    /// Reports something that the user should look at.
    pub(super) fn warn(&self, line: &str) {
        if let Some(reporter) = self.0 {
            reporter.event(Event::Warning(line));
        }
    }
}

/// The right to change a collection. The system takes it back when the process ends, however that
/// happens.
pub(super) struct CollectionLock {
    _file: File,
}

impl CollectionLock {
    /// Waits until no other run changes the collection, and says so after a moment.
    pub(super) fn take(collection: &Path, listener: Listener<'_>) -> Result<Self, CollectionError> {
        refuse_links(collection)?;
        let path = collection.join(LOCK_FILE);
        let file = open_lock(&path).map_err(CollectionError::at("open", &path))?;
        let begun = Instant::now();
        let mut is_told = false;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(Errno::WOULDBLOCK | Errno::INTR) => {}
                Err(error) => return Err(CollectionError::at("lock", &path)(error.into())),
            }
            if interrupted().is_some() {
                return Err(CollectionError::Interrupted);
            }
            if !is_told && begun.elapsed() > MOMENT {
                is_told = true;
                let folder = collection.display();
                listener.warn(&format!("waiting for another pypi2pkg that works in `{folder}`"));
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Refuses folders of a collection that are links: what is written would land elsewhere.
fn refuse_links(collection: &Path) -> Result<(), CollectionError> {
    let own = collection.join(OWN);
    let paths = [own.join(RECORDS), own.join(BUILT), own, collection.join(RECIPES)];
    match paths.into_iter().find(|path| path.is_symlink()) {
        Some(path) => Err(CollectionError::Link { path }),
        None => Ok(()),
    }
}

fn claim(folder: &Path, operation: FlockOperation) -> io::Result<File> {
    let file = File::open(folder)?;
    retry_on_intr(|| flock(&file, operation))?;
    Ok(file)
}

fn remove_stale(collection: &Path) -> Result<(), CollectionError> {
    let attempt = |error| CollectionError::at("read", collection)(error);
    for entry in fs::read_dir(collection).map_err(attempt)? {
        let path = entry.map_err(attempt)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(STAGING_PREFIX)
            && claim(&path, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            // Leftovers that cannot be removed are harmless.
            let _ = fs::remove_dir_all(&path);
        }
    }
    Ok(())
}
