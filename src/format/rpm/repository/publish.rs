//! `repodata` on disk.

use std::{collections::BTreeMap, fs, path::PathBuf};

use super::repodata::{POINTER, PackedPart, parts, repomd, revision};
use crate::{
    base::{
        files::durable::{create_folder, write},
        signing::Signer,
    },
    format::{
        PackageError,
        repository::{
            Listing,
            metadata::{KEPT, data_files, holds, not_before},
        },
    },
};

pub(crate) const FOLDER: &str = "repodata";

/// The pointer's signature.
pub(crate) const SIGNATURE: &str = "repomd.xml.asc";

/// Writes a new `repodata` folder; nothing where the present one is as it has to be.
pub(crate) fn prepare(listing: &Listing<'_>) -> Result<Option<PathBuf>, PackageError> {
    let Listing { collection, work, entries, signer, .. } = *listing;
    let current = collection.join(FOLDER);
    if entries.is_empty() && !current.exists() {
        return Ok(None);
    }
    let folder = work.join(FOLDER);
    let parts = parts(entries).map_err(PackageError::at("pack metadata for", &current))?;
    let pointer = fs::read_to_string(current.join(POINTER)).unwrap_or_default();
    let present = revision(&pointer);
    if let Some(time) = present.filter(|time| pointer == repomd(&parts, *time)) {
        let files = files(&parts, time, signer)?;
        if files.iter().all(|(name, bytes)| holds(&current.join(name), bytes)) {
            return Ok(None);
        }
    }
    let files = files(&parts, not_before(present, listing.time), signer)?;
    create_folder(&folder)?;
    for (name, bytes) in &files {
        write(&folder.join(name), bytes)?;
    }
    for name in data_files(&current).into_iter().filter(|name| !files.contains_key(name)).take(KEPT)
    {
        let (from, to) = (current.join(&name), folder.join(&name));
        fs::hard_link(&from, &to)
            .or_else(|_| fs::copy(&from, &to).map(drop))
            .map_err(PackageError::at("keep", &from))?;
    }
    Ok(Some(folder))
}

/// The files of a `repodata` folder of that time, by name, with the signature where somebody signs.
fn files(
    parts: &[PackedPart],
    time: u64,
    signer: Option<&Signer<'_>>,
) -> Result<BTreeMap<String, Vec<u8>>, PackageError> {
    let pointer = repomd(parts, time).into_bytes();
    let mut files: BTreeMap<String, Vec<u8>> =
        parts.iter().map(|part| (part.name(), part.packed.clone())).collect();
    if let Some(signer) = signer {
        files.insert(SIGNATURE.to_owned(), signer.armoured(&pointer, time as i64)?);
    }
    files.insert(POINTER.to_owned(), pointer);
    Ok(files)
}
