//! What was compiled, kept in the cache.

use std::{
    fs::{self, File, FileTimes},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    disk::WriteError,
    plan::{PackagePlan, PlannedFile},
    source::{Payload, built_digest},
};

use super::ByteCodeError;

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
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(&parent).map_err(WriteError::at(&parent))?;
    let new = tempfile::tempdir_in(&parent).map_err(WriteError::at(&parent))?;
    let mut payload = Payload::open(wheel, &plan.patches)?;
    let mut written = Vec::new();
    for module in modules {
        let path = new.path().join(module.path.trim_start_matches('/'));
        let bytes = payload.read(module)?;
        write(&path, &bytes, plan.time).map_err(WriteError::at(&path))?;
        written.push(path);
    }
    if !written.is_empty() {
        compile(new.path())?;
    }
    for path in &written {
        fs::remove_file(path).map_err(WriteError::at(path))?;
    }
    let new = new.keep();
    match fs::rename(&new, &folder) {
        Ok(()) => {}
        // Another run was faster; its files are the same.
        Err(_) if folder.is_dir() => fs::remove_dir_all(&new).map_err(WriteError::at(&new))?,
        Err(error) => return Err(WriteError::at(&folder)(error).into()),
    }
    Ok(folder)
}

/// The bytes of a compiled file, where there is one.
pub(super) fn read(folder: &Path, path: &str) -> Result<Option<Vec<u8>>, WriteError> {
    let path = folder.join(path.trim_start_matches('/'));
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(WriteError::at(&path)(error)),
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
    let built = built_digest(&plan.source, wheel).map_err(WriteError::at(wheel))?;
    let built = built.unwrap_or_default();
    let hashes = &plan.source.hashes;
    let (file, patches) = (&plan.source.filename, &plan.patches);
    let facts = json!([interpreter, plan.time, file, hashes, built, modules, patches]);
    Ok(hex::encode(Sha256::digest(facts.to_string())))
}
