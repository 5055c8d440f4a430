//! What was compiled, kept in the cache. Each folder has a list of its files with their digests, and
//! what does not agree with that is compiled again.

use std::{
    fs::{self, File, FileTimes},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::json;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::{
    base::files::{FileError, create_private_folders, private_folder_in, swap, write_private},
    plan::{PackagePlan, PlannedFile},
    wheels::{Payload, built_digest},
};

use super::ByteCodeError;

/// The list of a folder's files; byte code has other names.
const LIST: &str = "digests";
/// What the names of folders begin with in which compiling is going on.
const WORK: &str = ".work-";

/// The folder in the cache with the byte code of `modules`; where it is not there, `compile` makes
/// it of a folder with the modules at their paths.
pub(super) fn compiled(
    plan: &PackagePlan,
    wheel: &Path,
    modules: &[PlannedFile],
    interpreter: &str,
    cache: &Path,
    compile: impl FnOnce(&Path) -> Result<(), ByteCodeError>,
) -> Result<PathBuf, ByteCodeError> {
    let parent = cache.join("bytecode");
    let folder = parent.join(key(plan, wheel, modules, interpreter)?);
    if is_whole(&folder) {
        return Ok(folder);
    }
    create_private_folders(&parent).map_err(FileError::write(&parent))?;
    let work = private_folder_in(&parent, WORK).map_err(FileError::write(&parent))?;
    let new = work.path().join("new");
    create_private_folders(&new).map_err(FileError::write(&new))?;
    let mut payload = Payload::open(wheel, &[], &plan.patches)?;
    let mut written = Vec::new();
    for module in modules {
        let path = new.join(module.path.trim_start_matches('/'));
        let bytes = payload.read(module)?;
        write(&path, &bytes, plan.time).map_err(FileError::write(&path))?;
        written.push(path);
    }
    if !written.is_empty() {
        compile(&new)?;
    }
    for path in &written {
        fs::remove_file(path).map_err(FileError::write(path))?;
    }
    let listed = list(&new).map_err(FileError::write(&new))?;
    write_private(&new.join(LIST), listed.as_bytes()).map_err(FileError::write(&new))?;
    // Another run may have been faster; its files are the same.
    if !is_whole(&folder) {
        swap(&new, &folder).map_err(FileError::write(&folder))?;
    }
    Ok(folder)
}

/// Whether a folder has exactly the files of its list, as they were written.
fn is_whole(folder: &Path) -> bool {
    let listed = fs::read_to_string(folder.join(LIST));
    listed.is_ok_and(|listed| list(folder).is_ok_and(|found| found == listed))
}

/// The list of the files in a folder: a digest of all lines, then of each file its own and its path.
fn list(folder: &Path) -> io::Result<String> {
    let mut lines = String::new();
    for entry in WalkDir::new(folder).min_depth(1).sort_by_file_name() {
        let entry = entry?;
        let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        if entry.file_type().is_dir() || inside == Path::new(LIST) {
            continue;
        }
        if !entry.file_type().is_file() {
            return Err(io::Error::other("it has something else than files"));
        }
        let sum = hex::encode(Sha256::digest(fs::read(entry.path())?));
        lines += &format!("{sum} {}\n", inside.display());
    }
    Ok(format!("{}\n{lines}", hex::encode(Sha256::digest(&lines))))
}

/// The bytes of a compiled file, where there is one.
pub(super) fn read(folder: &Path, path: &str) -> Result<Option<Vec<u8>>, FileError> {
    let path = folder.join(path.trim_start_matches('/'));
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::write(&path)(error)),
    }
}

/// Writes a module whose time of last change is the package's: its byte code states it.
fn write(path: &Path, bytes: &[u8], time: i64) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, bytes)?;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(time).unwrap_or(0));
    File::open(path)?.set_times(FileTimes::new().set_modified(time))
}

/// A digest of all that the byte code depends on.
fn key(
    plan: &PackagePlan,
    wheel: &Path,
    modules: &[PlannedFile],
    interpreter: &str,
) -> Result<String, ByteCodeError> {
    let built = built_digest(&plan.source, wheel).map_err(FileError::write(wheel))?;
    let built = built.unwrap_or_default();
    let hashes = &plan.source.hashes;
    let (file, patches) = (&plan.source.filename, &plan.patches);
    let facts = json!([interpreter, plan.time, file, hashes, built, modules, patches]);
    Ok(hex::encode(Sha256::digest(facts.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_whole_as_long_as_nothing_changes() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("kept");
        let make = || {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(folder.join("usr/__pycache__")).unwrap();
            fs::write(folder.join("usr/__pycache__/a.pyc"), "code").unwrap();
            fs::write(folder.join("usr/__pycache__/b.pyc"), "other").unwrap();
            fs::write(folder.join(LIST), list(&folder).unwrap()).unwrap();
        };
        let at = |name: &str| folder.join("usr/__pycache__").join(name);
        make();
        assert!(is_whole(&folder));
        let changes: [&dyn Fn(); 7] = [
            &|| fs::write(at("a.pyc"), "cod3").unwrap(),
            &|| fs::write(at("a.pyc"), "co").unwrap(),
            &|| {
                fs::copy(at("b.pyc"), at("a.pyc")).unwrap();
            },
            &|| fs::remove_file(at("a.pyc")).unwrap(),
            &|| fs::write(at("c.pyc"), "more").unwrap(),
            &|| fs::remove_file(folder.join(LIST)).unwrap(),
            &|| {
                fs::remove_file(at("a.pyc")).unwrap();
                std::os::unix::fs::symlink(at("b.pyc"), at("a.pyc")).unwrap();
            },
        ];
        for (number, change) in changes.iter().enumerate() {
            make();
            change();
            assert!(!is_whole(&folder), "change {number}");
        }
        assert!(!is_whole(&root.path().join("missing")));
    }
}
