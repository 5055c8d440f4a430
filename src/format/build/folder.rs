//! Files and folders whose modes and times are exactly what is requested.

use std::{
    fs::{self, File, FileTimes, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use super::BuildError;
use crate::base::files::{Temporary, temporary_place};

/// Creates `path` and what is missing above it, each with mode 0755 whatever the umask.
pub(crate) fn create_folders(path: &Path) -> Result<(), BuildError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_folders(parent)?;
    }
    fs::create_dir(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o755)))
        .map_err(BuildError::at("create the folder", path))
}

/// Writes a new file with exactly that mode and time of last change.
pub(crate) fn write_file(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    time: u32,
) -> Result<(), BuildError> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.set_times(times(time))
    };
    write().map_err(BuildError::at("write", path))
}

/// Sets the time of last change of a folder, in seconds since 1970.
pub(crate) fn set_time(path: &Path, time: u32) -> Result<(), BuildError> {
    File::open(path)
        .and_then(|file| file.set_times(times(time)))
        .map_err(BuildError::at("set the time of", path))
}

fn times(time: u32) -> FileTimes {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(time));
    FileTimes::new().set_accessed(time).set_modified(time)
}

/// A private folder for a tool's work, removed with this value: below `TMPDIR`, where whoever has
/// the memory can offer a faster file system than the collection's. rpmbuild splits paths with
/// spaces and expands percent signs: a `TMPDIR` with such a name is left aside.
pub(crate) fn work_folder() -> Result<Temporary, BuildError> {
    const FALLBACK: &str = "/var/tmp";
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._+-".contains(c);
    let mut parent = temporary_place();
    if !parent.to_str().is_some_and(|path| path.chars().all(is_plain)) {
        parent = FALLBACK.into();
    }
    Temporary::new_in(&parent).map_err(BuildError::at("create a folder in", &parent))
}
