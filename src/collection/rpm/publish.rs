//! `repodata` on disk.

use std::{fs, path::PathBuf};

use super::repodata::{POINTER, repodata};
use crate::collection::{
    CollectionError, Listing,
    metadata::{KEPT, data_files, holds, newest},
    staging::{create_folder, write},
};

pub(super) const FOLDER: &str = "repodata";

/// The pointer's signature.
pub(super) const SIGNATURE: &str = "repomd.xml.asc";

/// Writes a new `repodata` folder; nothing where the present one is as it has to be.
pub(super) fn prepare(listing: &Listing<'_>) -> Result<Option<PathBuf>, CollectionError> {
    let Listing { collection, work, stanzas, signer, .. } = *listing;
    let current = collection.join(FOLDER);
    if stanzas.is_empty() && !current.exists() {
        return Ok(None);
    }
    let folder = work.join(FOLDER);
    let time = newest(stanzas);
    let mut files =
        repodata(stanzas, time).map_err(CollectionError::io("pack metadata for", &current))?;
    if let (Some(signer), Some(pointer)) = (signer, files.get(POINTER)) {
        let signature = signer.armoured(pointer, time as i64)?;
        files.insert(SIGNATURE.to_owned(), signature);
    }
    if files.iter().all(|(name, bytes)| holds(&current.join(name), bytes)) {
        return Ok(None);
    }
    create_folder(&folder)?;
    for (name, bytes) in &files {
        write(&folder.join(name), bytes)?;
    }
    for name in data_files(&current).into_iter().filter(|name| !files.contains_key(name)).take(KEPT)
    {
        let (from, to) = (current.join(&name), folder.join(&name));
        fs::hard_link(&from, &to)
            .or_else(|_| fs::copy(&from, &to).map(drop))
            .map_err(CollectionError::io("keep", &from))?;
    }
    Ok(Some(folder))
}
