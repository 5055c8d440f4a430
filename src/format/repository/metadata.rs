//! What metadata files of all formats are made with.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    time::SystemTime,
};

use flate2::{Compression, GzBuilder};
use liblzma::write::XzEncoder;
use sha2::{Digest, Sha256};

use super::{Listing, Swap};
use crate::{
    base::files::durable::{rename, write},
    format::PackageError,
};

/// How many replaced metadata files are kept for those who have begun to read: four generations
/// of the three files that either format has.
pub(crate) const KEPT: usize = 12;

/// The lower-case hexadecimal SHA-256 digest.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A gzip file without a name or a time in it.
pub(crate) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// An xz file.
pub(crate) fn xz(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = XzEncoder::new(Vec::new(), 6);
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Whether a file has exactly this content.
pub(crate) fn holds(path: &Path, bytes: &[u8]) -> bool {
    fs::read(path).is_ok_and(|present| present == bytes)
}

/// The clock: seconds since 1970.
pub(crate) fn clock() -> u64 {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| elapsed.as_secs())
}

/// The time of new metadata, in seconds since 1970: `time`, but never before that of the `present`
/// ones. Apt ignores metadata that are older than those it knows.
pub(crate) fn not_before(present: Option<u64>, time: u64) -> u64 {
    time.max(present.unwrap_or(0))
}

/// The files of a folder that are named by a hash, last written first.
pub(crate) fn data_files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<(SystemTime, String)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let is_named_by_hash =
                name.get(..64).is_some_and(|sum| sum.bytes().all(|b| b.is_ascii_hexdigit()));
            let metadata = entry.metadata().ok().filter(|data| data.is_file())?;
            is_named_by_hash.then_some((metadata.modified().ok()?, name))
        })
        .collect();
    files.sort_by(|a, b| b.cmp(a));
    files.into_iter().map(|(_, name)| name).collect()
}

/// Prepares files of the collection's own folder, which are swapped in in their order: what names
/// others comes last. Nothing where all of them are there already.
///
/// # Errors
/// They cannot be written.
pub fn flat_files(
    listing: &Listing<'_>,
    files: &[(String, Vec<u8>)],
) -> Result<Option<Swap>, PackageError> {
    if files.iter().all(|(name, bytes)| holds(&listing.collection.join(name), bytes)) {
        return Ok(None);
    }
    let work = listing.work.to_owned();
    for (name, bytes) in files {
        write(&work.join(name), bytes)?;
    }
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    Ok(Some(Box::new(move |collection| {
        names.iter().try_for_each(|name| Ok(rename(&work.join(name), &collection.join(name))?))
    })))
}
