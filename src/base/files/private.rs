//! Files and folders that no one else may read.

use std::{
    fmt,
    fs::{self, DirBuilder, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::Path,
};

use tempfile::TempDir;

/// What the owner alone may do.
const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
/// What lets others write, what lets them do anything, and the bit by which a folder such as `/tmp`
/// is shared.
const WRITABLE: u32 = 0o022;
const OPEN: u32 = 0o077;
const SHARED: u32 = 0o1000;

/// An empty folder in `parent` that no one else may enter, removed with this value; its name begins
/// with `prefix`.
///
/// # Errors
/// It cannot be created.
pub fn private_folder_in(parent: &Path, prefix: &str) -> io::Result<TempDir> {
    let mode = Permissions::from_mode(FOLDER);
    tempfile::Builder::new().prefix(prefix).permissions(mode).tempdir_in(parent)
}

/// Creates a folder that no one else may enter, and those above it that are missing.
///
/// # Errors
/// It cannot be created.
pub fn create_private_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)
}

/// Writes a private file in place of an older one; its folder has to be there.
///
/// # Errors
/// It cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(Permissions::from_mode(FILE))?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Why what is in a folder cannot be this user's alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Another user owns it.
    Owner(u32),
    /// Other users may write to it: its mode.
    Mode(u32),
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(owner) => write!(f, "it belongs to the user {owner}"),
            Self::Mode(mode) => write!(f, "other users may write to it (mode {mode:04o})"),
        }
    }
}

/// Makes a folder one that only this user reads and writes, and creates it where it is missing.
/// One that others could read is closed. Where others could write to it, the entries `made`, which
/// are not verified whenever they are used, are removed first. `known` are all entries that such a
/// folder may have: one with anything else is somebody's own, and no mode of it is changed.
///
/// # Errors
/// The folder cannot be created or read. Within the answer: why it is not a place for private files.
pub fn own_folder(
    folder: &Path,
    known: &[&str],
    made: &[&str],
) -> io::Result<Result<(), Exposure>> {
    create_private_folders(folder)?;
    let found = fs::metadata(folder)?;
    let mode = found.mode() & 0o7777;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Ok(Err(Exposure::Owner(found.uid())));
    }
    if mode & OPEN == 0 {
        return Ok(Ok(()));
    }
    let is_known = |entry: &fs::DirEntry| known.iter().any(|name| entry.file_name() == *name);
    let is_ours = mode & SHARED == 0 && fs::read_dir(folder)?.flatten().all(|e| is_known(&e));
    if !is_ours {
        return Ok(if mode & WRITABLE == 0 { Ok(()) } else { Err(Exposure::Mode(mode)) });
    }
    fs::set_permissions(folder, Permissions::from_mode(FOLDER))?;
    if mode & WRITABLE != 0 {
        for name in made {
            match fs::remove_dir_all(folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn private_files_are_closed_to_others() {
        let root = private_folder_in(&std::env::temp_dir(), ".pypi2pkg-").unwrap();
        assert_eq!(mode(root.path()), 0o700);
        create_private_folders(&root.path().join("a/b")).unwrap();
        write_private(&root.path().join("a/b/c"), b"x").unwrap();
        let modes = ["a", "a/b", "a/b/c"].map(|path| mode(&root.path().join(path)));
        assert_eq!(modes, [0o700, 0o700, 0o600]);
    }

    #[test]
    fn a_folder_is_owned_where_only_known_entries_lie() {
        let root = private_folder_in(&std::env::temp_dir(), ".pypi2pkg-").unwrap();
        let folder = root.path().join("cache");
        let own = || own_folder(&folder, &["pages", "files"], &["pages"]).unwrap();
        let open = |mode| fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        assert_eq!(own(), Ok(()));
        assert_eq!(mode(&folder), 0o700);
        for name in ["pages", "files"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
        // What others could read is closed; what they could write is not believed.
        open(0o755);
        assert_eq!((own(), mode(&folder)), (Ok(()), 0o700));
        assert!(folder.join("pages").exists());
        open(0o777);
        assert_eq!((own(), mode(&folder)), (Ok(()), 0o700));
        assert!(!folder.join("pages").exists() && folder.join("files").exists());
        // A folder with other things in it is left as it is.
        fs::write(folder.join("other"), "").unwrap();
        open(0o755);
        assert_eq!((own(), mode(&folder)), (Ok(()), 0o755));
        open(0o775);
        assert_eq!((own(), mode(&folder)), (Err(Exposure::Mode(0o775)), 0o775));
        fs::remove_file(folder.join("other")).unwrap();
        open(0o1777);
        assert_eq!(own(), Err(Exposure::Mode(0o1777)));
    }
}
