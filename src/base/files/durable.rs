//! Changes that are on the disk before the next step begins.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use super::{FileError, create_folders, publish_file};

/// Writes a new file that others may read, and waits until it is on the disk.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let attempt = FileError::write(path);
    let mut file = File::create(path).map_err(&attempt)?;
    publish_file(path).map_err(&attempt)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(&attempt)
}

/// Waits until a folder's list of files is on the disk.
///
/// # Errors
/// The folder cannot be opened or synchronised.
pub fn sync_folder(path: &Path) -> Result<(), FileError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(FileError::write(path))
}

/// Creates a folder that others may read, and those above it.
///
/// # Errors
/// A folder cannot be created.
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    create_folders(path).map_err(FileError::at("create", path))
}

/// Moves a file or folder; a file at `to` is replaced atomically.
///
/// # Errors
/// It cannot be renamed.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).map_err(FileError::at("replace", to))
}

/// Puts the folder `new` in the place of `old`; see [`super::swap`].
///
/// # Errors
/// A folder cannot be renamed.
pub fn swap(new: &Path, old: &Path) -> Result<(), FileError> {
    super::swap(new, old).map_err(FileError::at("replace", old))
}

/// Replaces a file atomically if it has other contents; the new one is written in `work`, a private
/// folder on the same file system.
///
/// # Errors
/// The file cannot be written or renamed.
pub fn replace_changed(path: &Path, work: &Path, bytes: &[u8]) -> Result<(), FileError> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let new = work.join("new");
    write(&new, bytes)?;
    rename(&new, path)
}
