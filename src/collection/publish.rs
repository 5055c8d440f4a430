//! Repository metadata on disk: prepared in a private folder, then swapped in.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    CollectionError, Entry, Stanza, deb, rpm,
    staging::{create_folder, rename, swap, write},
};

/// How many replaced metadata files are kept for those who have begun to read: four generations
/// of the three files that either format has.
const KEPT: usize = 12;

const REPODATA: &str = "repodata";

/// Metadata that is ready to be swapped in.
pub(super) struct Metadata {
    /// The new `repodata` folder.
    repodata: Option<PathBuf>,
    apt: Option<AptIndex>,
}

/// A new apt index: the folder that holds its files, and their names and hashes.
struct AptIndex {
    folder: PathBuf,
    files: Vec<(&'static str, String)>,
}

impl Metadata {
    /// Writes into `work` what metadata `collection` needs to describe exactly `stanzas`. Where
    /// that is there already, nothing is written.
    pub(super) fn prepare(
        collection: &Path,
        work: &Path,
        stanzas: &mut [Stanza],
        suite: &str,
    ) -> Result<Self, CollectionError> {
        stanzas.sort_by(|a, b| (&a.package, &a.file).cmp(&(&b.package, &b.file)));
        let (rpm, deb): (Vec<&Stanza>, Vec<&Stanza>) =
            stanzas.iter().partition(|stanza| matches!(stanza.entry, Entry::Rpm { .. }));
        Ok(Self {
            repodata: prepare_repodata(collection, work, &rpm)?,
            apt: prepare_apt(collection, work, &deb, suite)?,
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
) -> Result<Option<PathBuf>, CollectionError> {
    let current = collection.join(REPODATA);
    if stanzas.is_empty() && !current.exists() {
        return Ok(None);
    }
    let folder = work.join(REPODATA);
    let files = rpm::repodata(stanzas, newest(stanzas))
        .map_err(CollectionError::io("pack metadata for", &current))?;
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
    suite: &str,
) -> Result<Option<AptIndex>, CollectionError> {
    let current = collection.join(deb::POINTER);
    if stanzas.is_empty() && !current.exists() {
        return Ok(None);
    }
    let index = deb::index(stanzas, suite, newest(stanzas))
        .map_err(CollectionError::io("pack metadata for", &current))?;
    let hashes = collection.join(deb::HASH_FOLDER);
    let is_there = index.files.iter().all(|(name, sum, bytes)| {
        [collection.join(name), hashes.join(sum)].iter().all(|path| holds(path, bytes))
    });
    if is_there && holds(&current, index.release.as_bytes()) {
        return Ok(None);
    }
    let folder = work.join("apt");
    create_folder(&folder)?;
    write(&folder.join(deb::POINTER), index.release.as_bytes())?;
    for (name, sum, bytes) in &index.files {
        write(&folder.join(name), bytes)?;
        write(&folder.join(sum), bytes)?;
    }
    let files = index.files.into_iter().map(|(name, sum, _)| (name, sum)).collect();
    Ok(Some(AptIndex { folder, files }))
}

impl AptIndex {
    /// `Release` comes last: until then clients find by hash what the old one names.
    fn publish(self, collection: &Path) -> Result<(), CollectionError> {
        let hashes = collection.join(deb::HASH_FOLDER);
        create_folder(&hashes)?;
        for (_, sum) in &self.files {
            rename(&self.folder.join(sum), &hashes.join(sum))?;
        }
        let names = self.files.iter().map(|(name, _)| *name).chain([deb::POINTER]);
        for name in names {
            rename(&self.folder.join(name), &collection.join(name))?;
        }
        let current: BTreeSet<&String> = self.files.iter().map(|(_, sum)| sum).collect();
        let old = data_files(&hashes).into_iter().filter(|name| !current.contains(name));
        for name in old.skip(KEPT) {
            let path = hashes.join(name);
            fs::remove_file(&path).map_err(CollectionError::io("remove", &path))?;
        }
        Ok(())
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
