//! Apt's metadata on disk.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::index::{AptIndexFile, FORMS, HASH_FOLDER, POINTER, index, time};
use crate::{
    base::{
        files::durable::{create_folder, rename, write},
        signing::Signer,
    },
    format::{
        PackageError,
        deb::pool::Pool,
        repository::{
            Listing,
            metadata::{KEPT, data_files, holds, not_before},
        },
    },
};

/// `Release` with a signature around it, and the one apart from it.
pub(crate) const SIGNED: &str = "InRelease";
const SIGNATURE: &str = "Release.gpg";

/// A new apt index.
pub(crate) struct AptIndex {
    /// Where its files wait: lists by their hashes.
    work: PathBuf,
    /// Where they go, relative to the collection.
    folder: String,
    files: Vec<AptIndexFile>,
    /// The files that name all others, in the order in which they are replaced.
    pointers: Vec<&'static str>,
}

/// Writes new metadata; nothing where the present one is as it has to be.
pub(crate) fn prepare(listing: &Listing<'_>) -> Result<Option<AptIndex>, PackageError> {
    let Listing { collection, work, entries, pool, signer, .. } = *listing;
    let base = pool.map(Pool::metadata).unwrap_or_default();
    let place = collection.join(&base);
    let current = place.join(POINTER);
    if entries.is_empty() && !current.exists() {
        return Ok(None);
    }
    let index = index(entries, listing.suite, pool)
        .map_err(PackageError::at("pack metadata for", &current))?;
    let has_files = index.files.iter().all(|file| {
        let folder = place.join(&file.folder);
        let places = [folder.join(file.name), folder.join(HASH_FOLDER).join(&file.sha256)];
        places.iter().all(|path| holds(path, &file.content))
    });
    let release = fs::read_to_string(&current).unwrap_or_default();
    let present = time::stated(&release);
    if let Some(time) = present.filter(|time| has_files && index.release(*time) == release) {
        let pointers = pointers(&release, time, signer)?;
        if pointers.iter().all(|(name, bytes)| holds(&place.join(name), bytes)) {
            return Ok(None);
        }
    }
    let time = not_before(present, listing.time);
    let pointers = pointers(&index.release(time), time, signer)?;
    let work = work.join("apt");
    create_folder(&work)?;
    for (name, bytes) in &pointers {
        write(&work.join(name), bytes)?;
    }
    for file in &index.files {
        for name in [file.work_name(), file.hashed_work_name()] {
            write(&work.join(name), &file.content)?;
        }
    }
    let pointers = pointers.into_iter().map(|(name, _)| name).collect();
    Ok(Some(AptIndex { work, folder: base, files: index.files, pointers }))
}

/// The files that name all others, and their signatures of that time, in the order in which they are
/// replaced: the signed one comes first, since who reads it reads none of the others.
fn pointers(
    release: &str,
    time: u64,
    signer: Option<&Signer<'_>>,
) -> Result<Vec<(&'static str, Vec<u8>)>, PackageError> {
    let mut pointers = vec![(POINTER, release.as_bytes().to_vec())];
    if let Some(signer) = signer {
        let time = time as i64;
        pointers.insert(0, (SIGNED, signer.clear(release, time)?));
        pointers.push((SIGNATURE, signer.armoured(release.as_bytes(), time)?));
    }
    Ok(pointers)
}

impl AptIndex {
    /// What names the others comes last: until then clients find by hash what the old one names.
    pub(crate) fn publish(self, collection: &Path) -> Result<(), PackageError> {
        let base = collection.join(&self.folder);
        for file in &self.files {
            let hashes = base.join(&file.folder).join(HASH_FOLDER);
            create_folder(&hashes)?;
            rename(&self.work.join(file.hashed_work_name()), &hashes.join(&file.sha256))?;
        }
        for file in &self.files {
            let place = base.join(&file.folder).join(file.name);
            rename(&self.work.join(file.work_name()), &place)?;
        }
        for name in &self.pointers {
            rename(&self.work.join(name), &base.join(name))?;
        }
        if !self.folder.is_empty() {
            remove_flat(collection)?;
        }
        let current: BTreeSet<&String> = self.files.iter().map(|file| &file.sha256).collect();
        let folders: BTreeSet<&String> = self.files.iter().map(|file| &file.folder).collect();
        for folder in folders {
            let hashes = base.join(folder).join(HASH_FOLDER);
            let old = data_files(&hashes).into_iter().filter(|name| !current.contains(name));
            for name in old.skip(KEPT) {
                let path = hashes.join(name);
                fs::remove_file(&path).map_err(PackageError::at("remove", &path))?;
            }
        }
        Ok(())
    }
}

/// Removes the metadata of a flat repository: its packages lie elsewhere now.
fn remove_flat(collection: &Path) -> Result<(), PackageError> {
    let pointers = [SIGNED, POINTER, SIGNATURE];
    for name in pointers.into_iter().chain(FORMS) {
        let path = collection.join(name);
        if path.exists() {
            fs::remove_file(&path).map_err(PackageError::at("remove", &path))?;
        }
    }
    let hashes = collection.join("by-hash");
    if hashes.is_dir() {
        fs::remove_dir_all(&hashes).map_err(PackageError::at("remove", &hashes))
    } else {
        Ok(())
    }
}
