//! The package files of a collection while it is changed: which there are, where they lie, and
//! which go.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
};

use ::rpm::{Package, PackageMetadata};
use rayon::prelude::*;

use super::{
    BuiltRecord, CollectionError, CollectionManifest, Records, Stanza,
    staging::{create_folder, rename},
    stanza::{is_package, read},
};
use crate::{sign::Signer, version};

/// The packages of a collection by file name.
pub(super) struct Packages {
    stanzas: BTreeMap<String, Stanza>,
    /// Files that wait to be moved in.
    new: BTreeMap<String, PathBuf>,
    /// Files that are in nobody's place.
    spare: Vec<PathBuf>,
    superseded: BTreeSet<String>,
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
            match known.get(&*name) {
                Some(stanza) if fs::metadata(path).is_ok_and(|f| f.len() == stanza.size) => {
                    Ok((*stanza).clone())
                }
                _ => read(path),
            }
        });
        let stanzas = stanzas.collect::<Result<Vec<_>, _>>()?;
        let named = stanzas.into_iter().map(|stanza| (stanza.file.clone(), stanza));
        Ok(Self {
            stanzas: named.collect(),
            new: BTreeMap::new(),
            spare: Vec::new(),
            superseded: BTreeSet::new(),
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

    pub(super) fn has(&self, file: &str) -> bool {
        self.stanzas.contains_key(file)
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
        let current: BTreeSet<&String> =
            manifest.packages.iter().map(|entry| &entry.file).collect();
        let mut builds: BTreeMap<&str, Vec<&Stanza>> = BTreeMap::new();
        for stanza in self.stanzas.values() {
            builds.entry(&stanza.package).or_default().push(stanza);
        }
        let old = builds.into_values().flat_map(|mut builds| {
            let is_other = |stanza: &Stanza| !current.contains(&stanza.file);
            builds.sort_by(|a, b| {
                let compare = version::comparison(a.entry.format());
                let newest = || compare(&b.evr.to_string(), &a.evr.to_string());
                is_other(a).cmp(&is_other(b)).then_with(newest)
            });
            builds.into_iter().skip(keep).map(|stanza| stanza.file.clone())
        });
        self.superseded = old.collect();
        self.stanzas.retain(|file, _| !self.superseded.contains(file));
    }

    /// Signs copies of all packages of rpm that do not have the signer's signature.
    pub(super) fn sign(&mut self, signer: &Signer<'_>, work: &Path) -> Result<(), CollectionError> {
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
                None => work.join("..").join(&stanza.file),
            };
            fs::copy(&from, &copy).map_err(CollectionError::io("copy", &from))?;
            sign(&copy, signer, stanza.time)?;
            Ok((copy.clone(), read(&copy)?))
        });
        for (copy, stanza) in signed.collect::<Result<Vec<_>, CollectionError>>()? {
            self.spare.extend(self.new.insert(stanza.file.clone(), copy));
            self.stanzas.insert(stanza.file.clone(), stanza);
        }
        Ok(())
    }

    /// The formats of the packages.
    pub(super) fn formats(&self) -> BTreeSet<&'static str> {
        self.stanzas.values().map(|stanza| stanza.entry.format()).collect()
    }

    /// Moves new files in.
    pub(super) fn publish(&self, folder: &Path) -> Result<(), CollectionError> {
        for (file, path) in &self.new {
            rename(path, &folder.join(file))?;
        }
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

/// The package files that lie in a folder, sorted by name.
fn package_files(folder: &Path) -> Result<Vec<PathBuf>, CollectionError> {
    let attempt = |error| CollectionError::io("read", folder)(error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(attempt)? {
        let path = entry.map_err(attempt)?.path();
        if is_package(&path) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
