//! Writing files and folders so that what was there before stays whole until the new is complete.
//!
//! What others may read has the modes 0644 and 0755 less the umask; what is private has 0600 and
//! 0700 whatever the umask.

pub mod durable;
mod error;
mod private;
mod temporary;
mod tree;

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Component, Path},
    sync::OnceLock,
};

use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::base::text::is_hidden;

pub use self::{
    error::FileError,
    private::{Exposure, create_private_folders, own_folder, private_folder_in, write_private},
    temporary::{Temporary, temporary_place},
    tree::{LinkPolicy, copy_tree, open_lock, open_regular, read_inside},
};

/// The name that temporary files and folders begin with.
const PREFIX: &str = ".pypi2pkg-";

/// The mode of files that others may read, and that of programs and folders, before the umask.
const FILE: u32 = 0o644;
const FOLDER: u32 = 0o755;

/// Writes a file that others may read in place of an older one.
///
/// # Errors
/// The file cannot be written or renamed; the older one is unchanged then.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let parent = parent(path);
    let write = || {
        create_folders(parent)?;
        let mut file = tempfile::Builder::new().prefix(PREFIX).tempfile_in(parent)?;
        file.write_all(bytes)?;
        file.as_file().set_permissions(public(FILE))?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map(drop).map_err(FileError::write(path))
}

/// Creates a folder that others may read, and those above it.
///
/// # Errors
/// It cannot be created.
pub fn create_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)
}

/// Gives a file the mode of one that others may read, whatever mode it was made with.
///
/// # Errors
/// Its mode cannot be changed.
pub fn publish_file(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, public(FILE))
}

/// Gives a file the mode of a program that others may start.
///
/// # Errors
/// The mode cannot be changed.
pub fn make_executable(path: &Path) -> Result<(), FileError> {
    fs::set_permissions(path, public(FOLDER)).map_err(FileError::at("set the mode of", path))
}

/// A mode without what the umask takes.
fn public(mode: u32) -> Permissions {
    Permissions::from_mode(mode & !umask())
}

/// The umask of this process. Source: proc(5); it cannot be read without being changed.
fn umask() -> u32 {
    const USUAL: u32 = 0o022;
    static UMASK: OnceLock<u32> = OnceLock::new();
    *UMASK.get_or_init(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        line.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(USUAL)
    })
}

/// Writes a folder in place of an older one: `fill` fills a temporary folder beside it, which is
/// then renamed.
///
/// # Errors
/// The folder cannot be written, or `fill` fails.
pub fn write_folder<E: From<FileError>>(
    folder: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let failed = FileError::write(folder);
    let parent = parent(folder);
    create_folders(parent).map_err(&failed)?;
    // Removed with what is left in it when this function ends.
    let work = private_folder_in(parent, PREFIX).map_err(&failed)?;
    let new = work.path().join("new");
    fs::create_dir(&new).map_err(&failed)?;
    fill(&new)?;
    fs::set_permissions(&new, public(FOLDER)).map_err(&failed)?;
    Ok(swap(&new, folder).map_err(&failed)?)
}

/// Puts the folder `new` in the place of `old`, which need not exist; what was there is at `new`
/// or beside it afterwards. At no moment the place is empty, where the file system can do that.
///
/// # Errors
/// One of them cannot be moved.
pub fn swap(new: &Path, old: &Path) -> io::Result<()> {
    if fs::symlink_metadata(old).is_err() {
        return fs::rename(new, old);
    }
    match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            fs::rename(old, new.with_extension("replaced"))?;
            fs::rename(new, old)
        }
        Err(error) => Err(error.into()),
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes a folder of texts in place of an older one: their names in it, and whether each is a
/// program.
///
/// # Errors
/// A file cannot be written.
pub fn write_texts<T: AsRef<str>>(
    folder: &Path,
    files: impl IntoIterator<Item = (T, T, bool)>,
) -> Result<(), FileError> {
    write_folder(folder, |new| {
        for (name, text, is_program) in files {
            let path = new.join(name.as_ref());
            write_file(&path, text.as_ref().as_bytes())?;
            if is_program {
                make_executable(&path)?;
            }
        }
        Ok(())
    })
}

/// Whether a relative path leads to something below where it begins.
pub fn stays_inside(path: &str) -> bool {
    let mut components = Path::new(path).components();
    !path.is_empty()
        && !path.chars().any(is_hidden)
        && components.all(|part| matches!(part, Component::Normal(_)))
}

/// A digest of all files below a folder, by their names; what interpreters leave there does
/// not count.
///
/// # Errors
/// A file cannot be read.
pub fn tree_digest(folder: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| entry.file_name() != "__pycache__") {
        let entry = entry?;
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            let bytes = fs::read(entry.path())?;
            digest.update(format!("{}\0{}\0", name.display(), bytes.len()));
            digest.update(bytes);
        }
    }
    Ok(hex::encode(digest.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_may_read_has_one_mode() {
        let root = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        write_file(&root.path().join("a/b/file"), b"").unwrap();
        make_executable(&root.path().join("a/b/file")).unwrap();
        write_file(&root.path().join("a/b/other"), b"").unwrap();
        write_folder(&root.path().join("a/folder"), |_| Ok::<(), FileError>(())).unwrap();
        let modes = ["a/b/file", "a/b/other", "a", "a/b", "a/folder"];
        let expected = [0o755, 0o644, 0o755, 0o755, 0o755].map(|mode| mode & !umask());
        assert_eq!(modes.map(|path| mode(&root.path().join(path))), expected);
    }

    #[test]
    fn a_failed_write_leaves_the_old_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        let fill = |text: &'static str| {
            move |path: &Path| {
                fs::write(path.join("x"), text).unwrap();
                if text.is_empty() {
                    Err(FileError::write(path)(io::Error::other("no")))
                } else {
                    Ok(())
                }
            }
        };
        write_folder(&folder, fill("one")).unwrap();
        write_folder(&folder, fill("two")).unwrap();
        write_folder(&folder, fill("")).unwrap_err();
        assert_eq!(fs::read_to_string(folder.join("x")).unwrap(), "two");
        assert_eq!(fs::read_dir(root.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn a_file_replaces_an_older_one() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("sub/file");
        write_file(&path, b"one").unwrap();
        write_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(root.path().join("sub")).unwrap().count(), 1);
        let error = write_file(&path.join("below"), b"").unwrap_err().to_string();
        assert!(error.starts_with("cannot write `") && error.contains("sub/file/below"), "{error}");
    }
}
