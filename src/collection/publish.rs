//! Repository metadata on disk: prepared in a private folder, then swapped in.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    CollectionError, Entry, Pool, Stanza,
    deb::{self, IndexFile},
    rpm,
    staging::{create_folder, rename, swap, write},
};
use crate::sign::Signer;

/// How many replaced metadata files are kept for those who have begun to read: four generations
/// of the three files that either format has.
const KEPT: usize = 12;

const REPODATA: &str = "repodata";

const REPODATA_SIGNATURE: &str = "repomd.xml.asc";
/// `Release` with a signature around it, and the one apart from it.
const APT_SIGNED: &str = "InRelease";
const APT_SIGNATURE: &str = "Release.gpg";

/// Whether the metadata of a folder is signed.
pub(super) fn is_signed(collection: &Path) -> bool {
    let suite = Pool::of(collection).map(|pool| pool.metadata()).unwrap_or_default();
    let places = [
        Path::new(REPODATA).join(REPODATA_SIGNATURE),
        APT_SIGNED.into(),
        Path::new(&suite).join(APT_SIGNED),
    ];
    places.iter().any(|path| collection.join(path).exists())
}

/// Metadata that is ready to be swapped in.
pub(super) struct Metadata {
    /// The new `repodata` folder.
    repodata: Option<PathBuf>,
    apt: Option<AptIndex>,
}

/// A new apt index.
struct AptIndex {
    /// Where its files wait: lists by their hashes.
    work: PathBuf,
    /// Where they go, relative to the collection.
    folder: String,
    files: Vec<IndexFile>,
    /// The files that name all others, in the order in which they are replaced.
    pointers: Vec<&'static str>,
}

impl Metadata {
    /// Writes into `work` what metadata `collection` needs to describe exactly `stanzas`. Where
    /// that is there already, nothing is written.
    pub(super) fn prepare(
        collection: &Path,
        work: &Path,
        stanzas: &[&Stanza],
        target: &str,
        pool: Option<&Pool>,
        signer: Option<&Signer<'_>>,
    ) -> Result<Self, CollectionError> {
        let (rpm, deb): (Vec<&Stanza>, Vec<&Stanza>) =
            stanzas.iter().partition(|stanza| matches!(stanza.entry, Entry::Rpm { .. }));
        Ok(Self {
            repodata: prepare_repodata(collection, work, &rpm, signer)?,
            apt: prepare_apt(collection, work, &deb, (target, pool), signer)?,
        })
    }

    /// Swaps the metadata in. The packages that it names must be there.
    pub(super) fn publish(self, collection: &Path) -> Result<(), CollectionError> {
        if let Some(folder) = self.repodata {
            swap(&folder, &collection.join(REPODATA))?;
        }
        self.apt.map_or(Ok(()), |index| index.publish(collection))
    }
}

fn prepare_repodata(
    collection: &Path,
    work: &Path,
    stanzas: &[&Stanza],
    signer: Option<&Signer<'_>>,
) -> Result<Option<PathBuf>, CollectionError> {
    let current = collection.join(REPODATA);
    if stanzas.is_empty() && !current.exists() {
        return Ok(None);
    }
    let folder = work.join(REPODATA);
    let time = newest(stanzas);
    let mut files =
        rpm::repodata(stanzas, time).map_err(CollectionError::io("pack metadata for", &current))?;
    if let (Some(signer), Some(pointer)) = (signer, files.get(rpm::POINTER)) {
        let signature = signer.armoured(pointer, time as i64)?;
        files.insert(REPODATA_SIGNATURE.to_owned(), signature);
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

fn prepare_apt(
    collection: &Path,
    work: &Path,
    stanzas: &[&Stanza],
    (target, pool): (&str, Option<&Pool>),
    signer: Option<&Signer<'_>>,
) -> Result<Option<AptIndex>, CollectionError> {
    let base = pool.map(Pool::metadata).unwrap_or_default();
    let place = collection.join(&base);
    let current = place.join(deb::POINTER);
    if stanzas.is_empty() && !current.exists() {
        return Ok(None);
    }
    let time = newest(stanzas);
    let index = deb::index(stanzas, target, pool, time)
        .map_err(CollectionError::io("pack metadata for", &current))?;
    let release = index.release.as_bytes();
    // The signed one comes first: who reads it reads none of the others.
    let mut pointers = vec![(deb::POINTER, release.to_vec())];
    if let Some(signer) = signer {
        let time = time as i64;
        pointers.insert(0, (APT_SIGNED, signer.clear(&index.release, time)?));
        pointers.push((APT_SIGNATURE, signer.armoured(release, time)?));
    }
    let is_there = index.files.iter().all(|file| {
        let folder = place.join(&file.folder);
        let places = [folder.join(file.name), folder.join(deb::HASH_FOLDER).join(&file.sha256)];
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
    fn publish(self, collection: &Path) -> Result<(), CollectionError> {
        let base = collection.join(&self.folder);
        for file in &self.files {
            let hashes = base.join(&file.folder).join(deb::HASH_FOLDER);
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
            let hashes = base.join(folder).join(deb::HASH_FOLDER);
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
    let pointers = [APT_SIGNED, deb::POINTER, APT_SIGNATURE];
    for name in pointers.into_iter().chain(deb::FORMS) {
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

/// Whether a file has exactly this content.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    fs::read(path).is_ok_and(|present| present == bytes)
}

/// The newest package's time: it stands for the clock.
fn newest(stanzas: &[&Stanza]) -> u64 {
    stanzas.iter().map(|stanza| stanza.time).max().unwrap_or(0)
}

/// The files of a folder that are named by a hash, last written first.
fn data_files(folder: &Path) -> Vec<String> {
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
