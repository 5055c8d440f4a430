//! Apt's metadata on disk.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::index::{FORMS, HASH_FOLDER, IndexFile, POINTER, index};
use crate::collection::{
    CollectionError, Listing, Pool,
    metadata::{KEPT, data_files, holds, newest},
    staging::{create_folder, rename, write},
};

/// `Release` with a signature around it, and the one apart from it.
pub(super) const SIGNED: &str = "InRelease";
const SIGNATURE: &str = "Release.gpg";

/// A new apt index.
pub(super) struct AptIndex {
    /// Where its files wait: lists by their hashes.
    work: PathBuf,
    /// Where they go, relative to the collection.
    folder: String,
    files: Vec<IndexFile>,
    /// The files that name all others, in the order in which they are replaced.
    pointers: Vec<&'static str>,
}

/// Writes new metadata; nothing where the present one is as it has to be.
pub(super) fn prepare(listing: &Listing<'_>) -> Result<Option<AptIndex>, CollectionError> {
    let Listing { collection, work, stanzas, pool, signer, .. } = *listing;
    let base = pool.map(Pool::metadata).unwrap_or_default();
    let place = collection.join(&base);
    let current = place.join(POINTER);
    if stanzas.is_empty() && !current.exists() {
        return Ok(None);
    }
    let time = newest(stanzas);
    let index = index(stanzas, listing.suite, pool, time)
        .map_err(CollectionError::io("pack metadata for", &current))?;
    let release = index.release.as_bytes();
    // The signed one comes first: who reads it reads none of the others.
    let mut pointers = vec![(POINTER, release.to_vec())];
    if let Some(signer) = signer {
        let time = time as i64;
        pointers.insert(0, (SIGNED, signer.clear(&index.release, time)?));
        pointers.push((SIGNATURE, signer.armoured(release, time)?));
    }
    let is_there = index.files.iter().all(|file| {
        let folder = place.join(&file.folder);
        let places = [folder.join(file.name), folder.join(HASH_FOLDER).join(&file.sha256)];
        places.iter().all(|path| holds(path, &file.content))
    });
    if is_there && pointers.iter().all(|(name, bytes)| holds(&place.join(name), bytes)) {
        return Ok(None);
    }
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

impl AptIndex {
    /// What names the others comes last: until then clients find by hash what the old one names.
    pub(super) fn publish(self, collection: &Path) -> Result<(), CollectionError> {
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
                fs::remove_file(&path).map_err(CollectionError::io("remove", &path))?;
            }
        }
        Ok(())
    }
}

/// Removes the metadata of a flat repository: its packages lie elsewhere now.
fn remove_flat(collection: &Path) -> Result<(), CollectionError> {
    let pointers = [SIGNED, POINTER, SIGNATURE];
    for name in pointers.into_iter().chain(FORMS) {
        let path = collection.join(name);
        if path.exists() {
            fs::remove_file(&path).map_err(CollectionError::io("remove", &path))?;
        }
    }
    let hashes = collection.join("by-hash");
    match hashes.is_dir() {
        true => fs::remove_dir_all(&hashes).map_err(CollectionError::io("remove", &hashes)),
        false => Ok(()),
    }
}
