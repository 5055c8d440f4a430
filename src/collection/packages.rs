//! The package files of a collection while it is changed: which there are, where they lie, and
//! which go.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
};

use ::rpm::{Package, PackageMetadata};
use rayon::prelude::*;
use walkdir::WalkDir;

use super::{
    BuiltRecord, CollectionError, CollectionManifest, PackageRecord, Records, Stanza,
    pool::{self, Pool},
    staging::{create_folder, rename, sync_folder},
    stanza::is_package,
};
use crate::{sign::Signer, version};

/// The packages of a collection by file name.
pub(super) struct Packages {
    stanzas: BTreeMap<String, Stanza>,
    /// What was signed or moved, as it was before.
    before: BTreeMap<String, Stanza>,
    /// Files that wait to be moved in.
    new: BTreeMap<String, PathBuf>,
    /// Files that are in nobody's place.
    spare: Vec<PathBuf>,
    /// Places of files that go.
    superseded: Vec<String>,
}

impl Packages {
    /// The packages that lie in a folder. Only files without a record are read.
    pub(super) fn read(folder: &Path, records: &Records) -> Result<Self, CollectionError> {
        let known = records.all_built();
        let known: BTreeMap<&str, &Stanza> = known
            .values()
            .filter_map(|record| record.stanza())
            .map(|stanza| (stanza.file.as_str(), stanza))
            .collect();
        let files = package_files(folder)?;
        let stanzas = files.par_iter().map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let parent = path.parent().and_then(|parent| parent.strip_prefix(folder).ok());
            let parent = parent.map(|parent| parent.to_string_lossy().into_owned());
            let is_known = |stanza: &&&Stanza| {
                fs::metadata(path).is_ok_and(|found| found.len() == stanza.size)
            };
            let stanza = match known.get(&*name).filter(is_known) {
                Some(stanza) => (*stanza).clone(),
                None => Stanza::of(path)?,
            };
            Ok(Stanza { folder: parent.unwrap_or_default(), ..stanza })
        });
        let stanzas = stanzas.collect::<Result<Vec<Stanza>, CollectionError>>()?;
        let named = stanzas.into_iter().map(|stanza| (stanza.file.clone(), stanza));
        Ok(Self {
            stanzas: named.collect(),
            before: BTreeMap::new(),
            new: BTreeMap::new(),
            spare: Vec::new(),
            superseded: Vec::new(),
        })
    }

    /// Adds a package that was built, whose file lies at `waiting` if not in the folder.
    pub(super) fn add(&mut self, built: &BuiltRecord, waiting: Option<PathBuf>) {
        let Stanza { file, .. } = &built.stanza;
        match waiting {
            // The very file was built once more.
            Some(path) if self.stanzas.get(file) == Some(&built.stanza) => self.spare.push(path),
            Some(path) => drop(self.new.insert(file.clone(), path)),
            None => {}
        }
        self.stanzas.insert(file.clone(), built.stanza.clone());
    }

    /// Gives Debian packages the folders that they have in a pool.
    pub(super) fn arrange(&mut self, folder: &Path, pool: Option<&Pool>) {
        for stanza in self.stanzas.values_mut().filter(|stanza| stanza.entry.format() == "deb") {
            let wanted = pool.map(|pool| pool.folder(&stanza.package)).unwrap_or_default();
            if stanza.folder != wanted {
                let present = folder.join(stanza.place());
                self.before.insert(stanza.file.clone(), stanza.clone());
                self.new.entry(stanza.file.clone()).or_insert(present);
                stanza.folder = wanted;
            }
        }
    }

    /// The package in a file of that name.
    pub(super) fn get(&self, file: &str) -> Option<&Stanza> {
        self.stanzas.get(file)
    }

    /// What was signed or moved: as it was, and as it is.
    pub(super) fn changes(&self) -> Vec<(&Stanza, &Stanza)> {
        let changes = self.before.iter();
        changes.filter_map(|(file, before)| Some((before, self.stanzas.get(file)?))).collect()
    }

    /// All packages, sorted by name and file.
    pub(super) fn stanzas(&self) -> impl Iterator<Item = &Stanza> {
        let mut all: Vec<&Stanza> = self.stanzas.values().collect();
        all.sort_by_key(|stanza| (&stanza.package, &stanza.file));
        all.into_iter()
    }

    /// Takes all builds of a package out but `keep`: the one that the manifest names, and the
    /// newest others.
    pub(super) fn prune(&mut self, keep: Option<usize>, manifest: &CollectionManifest) {
        let Some(keep) = keep else { return };
        let current: BTreeSet<&str> =
            manifest.packages.iter().map(PackageRecord::file_name).collect();
        let mut builds: BTreeMap<&str, Vec<&Stanza>> = BTreeMap::new();
        for stanza in self.stanzas.values() {
            builds.entry(&stanza.package).or_default().push(stanza);
        }
        let old = builds.into_values().flat_map(|mut builds| {
            let is_other = |stanza: &Stanza| !current.contains(stanza.file.as_str());
            builds.sort_by(|a, b| {
                let compare = version::comparison(a.entry.format());
                let newest = || compare(&b.evr.to_string(), &a.evr.to_string());
                is_other(a).cmp(&is_other(b)).then_with(newest)
            });
            builds.into_iter().skip(keep).map(|stanza| stanza.file.clone())
        });
        let old: BTreeSet<String> = old.collect();
        let gone = old.iter().filter_map(|file| self.stanzas.remove(file));
        self.superseded = gone.map(|stanza| stanza.place()).collect();
    }

    /// Signs copies of all packages of rpm that do not have the signer's signature.
    pub(super) fn sign(
        &mut self,
        signer: &Signer<'_>,
        collection: &Path,
        work: &Path,
    ) -> Result<(), CollectionError> {
        let folder = work.join("signed");
        create_folder(&folder)?;
        let is_unsigned = |stanza: &&Stanza| {
            let by = stanza.signed_by.as_deref();
            stanza.entry.format() == "rpm" && !by.is_some_and(|by| signer.is(by))
        };
        let unsigned: Vec<&Stanza> = self.stanzas.values().filter(is_unsigned).collect();
        let signed = unsigned.par_iter().map(|stanza| {
            let copy = folder.join(&stanza.file);
            let from = match self.new.get(&stanza.file) {
                Some(path) => path.clone(),
                None => collection.join(stanza.place()),
            };
            fs::copy(&from, &copy).map_err(CollectionError::io("copy", &from))?;
            sign(&copy, signer, stanza.time)?;
            Ok((copy.clone(), Stanza::of(&copy)?))
        });
        for (copy, stanza) in signed.collect::<Result<Vec<_>, CollectionError>>()? {
            let file = stanza.file.clone();
            self.spare.extend(self.new.insert(file.clone(), copy));
            if let Some(unsigned) = self.stanzas.insert(file.clone(), stanza) {
                self.before.insert(file, unsigned);
            }
        }
        Ok(())
    }

    /// The formats of the packages.
    pub(super) fn formats(&self) -> BTreeSet<&'static str> {
        self.stanzas.values().map(|stanza| stanza.entry.format()).collect()
    }

    /// Moves new files in, to stay there whatever happens: metadata will name them.
    pub(super) fn publish(&self, folder: &Path) -> Result<(), CollectionError> {
        let mut parents = BTreeSet::new();
        for (file, path) in &self.new {
            let Some(stanza) = self.stanzas.get(file) else { continue };
            let place = folder.join(stanza.place());
            let parent = place.parent().unwrap_or(folder);
            create_folder(parent)?;
            rename(path, &place)?;
            parents.insert(parent.to_owned());
        }
        parents.iter().try_for_each(|parent| sync_folder(parent))?;
        for path in &self.spare {
            fs::remove_file(path).map_err(CollectionError::io("remove", path))?;
        }
        Ok(())
    }

    /// Removes the files that [`Packages::prune`] took out.
    pub(super) fn remove_superseded(&self, folder: &Path) -> Result<(), CollectionError> {
        self.superseded
            .iter()
            .map(|file| folder.join(file))
            .filter(|path| path.exists())
            .try_for_each(|path| {
                fs::remove_file(&path).map_err(CollectionError::io("remove", &path))
            })
    }
}

/// Signs the header of a package in its place.
fn sign(path: &Path, signer: &Signer<'_>, time: u64) -> Result<(), CollectionError> {
    let refuse = |error: ::rpm::Error| CollectionError::Package {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let header = PackageMetadata::open(path).and_then(|found| found.header_bytes());
    let signature = signer.detached(&header.map_err(refuse)?, time as i64)?;
    Package::apply_signature_in_place(path, signature).map_err(refuse)?;
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(CollectionError::io("write", path))
}

/// The package files that lie in a folder or in its pool, sorted.
fn package_files(folder: &Path) -> Result<Vec<PathBuf>, CollectionError> {
    let failed = |error: walkdir::Error| CollectionError::io("read", folder)(error.into());
    let mut files = Vec::new();
    let pool = folder.join(pool::FOLDER);
    let below = pool.is_dir().then(|| WalkDir::new(&pool)).into_iter().flatten();
    for entry in WalkDir::new(folder).max_depth(1).into_iter().chain(below) {
        let entry = entry.map_err(failed)?;
        if is_package(entry.path()) && entry.path().is_file() {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}
