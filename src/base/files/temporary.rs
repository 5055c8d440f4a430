//! Private folders for a run's work, which the next run removes where this one is killed.

use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::{
        fd::AsFd,
        unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rustix::{
    fs::{CWD, FlockOperation, Mode, OFlags, flock, openat},
    io::retry_on_intr,
    process::geteuid,
};

/// What the folders' names begin with; as many random characters follow.
const PREFIX: &str = "pypi2pkg-work-";
const RANDOM: usize = 8;
/// In each of them: the file that its owner holds a lock on, and the folder to work in.
const CLAIM: &str = "claim";
const INNER: &str = "work";
/// How often a folder may be swept by another run before it is claimed.
const ATTEMPTS: usize = 16;

/// Where temporary folders lie: `TMPDIR`, else `/tmp`.
#[expect(clippy::disallowed_methods, reason = "temporary folders are created here")]
pub fn temporary_place() -> PathBuf {
    std::env::temp_dir()
}

/// A private folder, mode 0700, that is removed with this value. The system takes the lock on it
/// back when the process ends, however that happens: whoever can take it has found remains.
#[derive(Debug)]
pub struct Temporary {
    outer: PathBuf,
    inner: PathBuf,
    _claim: File,
}

impl Temporary {
    /// How much longer the path of a folder is than that of its place, in bytes.
    pub const DEPTH: usize = 1 + PREFIX.len() + RANDOM + 1 + INNER.len();

    /// A folder in the usual place.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn new() -> io::Result<Self> {
        Self::new_in(&temporary_place())
    }

    /// A folder in another place. The first one there removes what killed runs of this user have
    /// left.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn new_in(parent: &Path) -> io::Result<Self> {
        static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
        if SWEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(parent.to_owned()) {
            sweep(parent);
        }
        for _ in 0..ATTEMPTS {
            if let Some(created) = Self::attempt(parent)? {
                return Ok(created);
            }
        }
        Err(io::Error::other("other runs remove it at once"))
    }

    /// Nothing where another run took the folder for remains before it was claimed.
    fn attempt(parent: &Path) -> io::Result<Option<Self>> {
        let outer = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(RANDOM)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)?;
        let path = outer.path().join(CLAIM);
        let swept = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Ok(None),
            _ => Err(error),
        };
        let claim = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(claim) => claim,
            Err(error) => return swept(error),
        };
        // Where a file system has no locks, nobody finds it unlocked, either.
        let _ = retry_on_intr(|| flock(&claim, FlockOperation::LockExclusive));
        let inner = outer.path().join(INNER);
        if !is_at(&claim, &path) {
            return Ok(None);
        }
        match DirBuilder::new().mode(0o700).create(&inner) {
            Ok(()) => Ok(Some(Self { inner, outer: outer.keep(), _claim: claim })),
            Err(error) => swept(error),
        }
    }

    /// Where to work.
    pub fn path(&self) -> &Path {
        &self.inner
    }

    /// The private folder around it.
    pub fn outer(&self) -> &Path {
        &self.outer
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        remove(&self.outer);
    }
}

/// Removes the folders in `parent` whose owners, runs of this user, are dead.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let is_named = random.is_some_and(|random| {
            random.len() == RANDOM && random.chars().all(|c| c.is_ascii_alphanumeric())
        });
        if !is_named {
            continue;
        }
        // Held until the folder is gone: an owner who was about to claim it waits for that.
        if let Some(_claim) = claim_of_dead(&entry.path()) {
            remove(&entry.path());
        }
    }
}

/// The lock on a folder of this user that no other process holds. No link is followed.
fn claim_of_dead(outer: &Path) -> Option<File> {
    let open = |at, path, flags| {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        openat(at, path, flags, Mode::empty()).map(File::from)
    };
    let folder = open(CWD, outer, OFlags::RDONLY | OFlags::DIRECTORY).ok()?;
    if folder.metadata().ok()?.uid() != geteuid().as_raw() {
        return None;
    }
    let Ok(claim) = open(folder.as_fd(), Path::new(CLAIM), OFlags::RDWR) else {
        // Its owner died before it could claim it; one that lives makes another.
        let _ = fs::remove_dir(outer);
        return None;
    };
    flock(&claim, FlockOperation::NonBlockingLockExclusive).ok().map(|()| claim)
}

/// Whether an open file is the one at a path.
fn is_at(file: &File, path: &Path) -> bool {
    let id = |found: fs::Metadata| (found.dev(), found.ino());
    let (held, found) = (file.metadata().map(id), fs::symlink_metadata(path).map(id));
    matches!((held, found), (Ok(held), Ok(found)) if held == found)
}

/// Removes a folder, also one whose owner locked folders in it; what cannot be removed stays.
fn remove(folder: &Path) {
    if fs::remove_dir_all(folder).is_err() {
        unlock(folder);
        let _ = fs::remove_dir_all(folder);
    }
}

fn unlock(folder: &Path) {
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        unlock(&entry.path());
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_is_private_and_goes_with_its_value() {
        let place = tempfile::tempdir().unwrap();
        let folder = Temporary::new_in(place.path()).unwrap();
        assert_eq!(folder.outer().metadata().unwrap().permissions().mode() & 0o7777, 0o700);
        let locked = folder.path().join("a/b");
        fs::create_dir_all(&locked).unwrap();
        fs::set_permissions(&locked, Permissions::from_mode(0o000)).unwrap();
        fs::set_permissions(folder.path().join("a"), Permissions::from_mode(0o000)).unwrap();
        drop(folder);
        assert!(names(place.path()).is_empty());
    }

    #[test]
    fn only_remains_are_swept() {
        let place = tempfile::tempdir().unwrap();
        let at = place.path();
        let living = Temporary::new_in(at).unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join(CLAIM), "").unwrap();
        // Leftovers, what begins like them, and links.
        for name in ["pypi2pkg-work-AbCd0123", "pypi2pkg-work-AbCd", "pypi2pkg-work-Ab-d0123", "x"]
        {
            fs::create_dir_all(at.join(name).join(INNER)).unwrap();
            fs::write(at.join(name).join(CLAIM), "").unwrap();
        }
        fs::create_dir(at.join("pypi2pkg-work-empty000")).unwrap();
        fs::create_dir_all(at.join("pypi2pkg-work-others00/data")).unwrap();
        symlink(outside.path(), at.join("pypi2pkg-work-linked00")).unwrap();
        fs::create_dir(at.join("pypi2pkg-work-claim000")).unwrap();
        symlink(outside.path().join(CLAIM), at.join("pypi2pkg-work-claim000").join(CLAIM)).unwrap();
        sweep(at);
        let mut kept = vec![
            living.outer().file_name().unwrap().to_str().unwrap(),
            "pypi2pkg-work-Ab-d0123",
            "pypi2pkg-work-AbCd",
            "pypi2pkg-work-claim000",
            "pypi2pkg-work-linked00",
            "pypi2pkg-work-others00",
            "x",
        ];
        kept.sort_unstable();
        assert_eq!(names(at), kept);
        assert!(living.path().is_dir() && outside.path().join(CLAIM).exists());
    }

    #[test]
    fn remains_stay_locked_while_they_are_removed() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join(CLAIM), "").unwrap();
        let first = claim_of_dead(place.path());
        assert!(first.is_some() && claim_of_dead(place.path()).is_none());
        drop(first);
        assert!(claim_of_dead(place.path()).is_some());
    }

    #[test]
    fn folders_are_made_while_others_sweep() {
        let place = tempfile::tempdir().unwrap();
        let at = place.path();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        sweep(at);
                        let folder = Temporary::attempt(at).unwrap();
                        if let Some(folder) = folder {
                            fs::write(folder.path().join("file"), "").unwrap();
                        }
                    }
                });
            }
        });
        assert!(names(at).is_empty());
    }
}
