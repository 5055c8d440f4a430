//! Writing files and folders so that what was there before stays whole until the new is complete.

use std::{
    fs::{self, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
};

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

/// The name that temporary files and folders begin with.
const PREFIX: &str = ".pypi2pkg-";

/// A file or folder that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {source}", .path.display())]
pub struct WriteError {
    pub path: PathBuf,
    pub source: io::Error,
}

impl WriteError {
    /// Adds the path to an error.
    pub fn at(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |source| Self { path: path.to_owned(), source }
    }
}

/// Writes a file with mode 0644 in place of an older one.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let parent = parent(path);
    let write = || {
        fs::create_dir_all(parent)?;
        let mut file = tempfile::Builder::new().prefix(PREFIX).tempfile_in(parent)?;
        file.write_all(bytes)?;
        file.as_file().set_permissions(Permissions::from_mode(0o644))?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map(drop).map_err(WriteError::at(path))
}

/// Gives a file the mode of a program, 0755.
pub fn make_executable(path: &Path) -> Result<(), WriteError> {
    fs::set_permissions(path, Permissions::from_mode(0o755)).map_err(WriteError::at(path))
}

/// Writes a folder in place of an older one: `fill` fills a temporary folder beside it, which is
/// then renamed.
pub fn write_folder<E: From<WriteError>>(
    folder: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |source| WriteError { path: folder.to_owned(), source };
    let parent = parent(folder);
    let temporary = || tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent);
    fs::create_dir_all(parent).map_err(failed)?;
    let new = temporary().map_err(failed)?;
    fill(new.path())?;
    fs::set_permissions(new.path(), Permissions::from_mode(0o755)).map_err(failed)?;
    // Removed with its content when this function ends.
    let old = temporary().map_err(failed)?;
    if folder.exists() {
        fs::rename(folder, old.path().join("old")).map_err(failed)?;
    }
    fs::rename(new.keep(), folder).map_err(failed)?;
    Ok(())
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes a folder of texts in place of an older one: their names in it, and whether each is a
/// program.
pub fn write_texts<T: AsRef<str>>(
    folder: &Path,
    files: impl IntoIterator<Item = (T, T, bool)>,
) -> Result<(), WriteError> {
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

/// Copies what is in a folder into another, empty one: folders, plain files with their modes, and
/// links as they are.
///
/// # Errors
/// What cannot be read or written, with its path.
pub fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    for entry in WalkDir::new(from).min_depth(1) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from).unwrap_or(entry.path()));
        let kind = entry.file_type();
        let copied = if kind.is_dir() {
            fs::create_dir(&target)
        } else if kind.is_symlink() {
            fs::read_link(entry.path()).and_then(|to| std::os::unix::fs::symlink(to, &target))
        } else if kind.is_file() {
            fs::copy(entry.path(), &target).map(drop)
        } else {
            Ok(())
        };
        copied.map_err(|e| io::Error::other(format!("`{}`: {e}", entry.path().display())))?;
    }
    Ok(())
}

/// Whether a relative path leads to something below where it begins.
pub fn stays_inside(path: &str) -> bool {
    let mut components = Path::new(path).components();
    !path.is_empty()
        && !path.chars().any(char::is_control)
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
    fn a_failed_write_leaves_the_old_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        let fill = |text: &'static str| {
            move |path: &Path| {
                fs::write(path.join("x"), text).unwrap();
                if text.is_empty() {
                    Err(WriteError::at(path)(io::Error::other("no")))
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
