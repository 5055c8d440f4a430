//! The package files of a collection while it is changed: which there are, where they lie, and
//! which go.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::{
    BuiltRecord, CollectionError, CollectionManifest, PackageRecord, Record, Records,
    ledger::Ledger,
};
use crate::base::signing::Signer;
use crate::format::deb::pool::{self, Pool};
use crate::{
    base::files::durable::{create_folder, rename, sync_folder},
    format::{
        package::Stanza,
        repository::{Kind, Kinds},
    },
};

/// The packages of a collection by file name.
pub(super) struct Packages<'k> {
    kinds: &'k Kinds<'k>,
    stanzas: BTreeMap<String, Stanza>,
    /// Files that no record knows.
    strange: Vec<PathBuf>,
    /// What was signed or moved, as it was before.
    before: BTreeMap<String, Stanza>,
    /// Files that wait to be moved in.
    new: BTreeMap<String, PathBuf>,
    /// Files with free names.
    spare: Vec<PathBuf>,
    /// Places of files that go.
    superseded: Vec<String>,
}

impl<'k> Packages<'k> {
    /// The packages that are in a folder. Only files without a record are read; where there is a
    /// ledger, those that it does not hold are left out.
    pub(super) fn read(
        folder: &Path,
        records: &Records<'_>,
        kinds: &'k Kinds<'k>,
        ledger: Option<&Ledger>,
    ) -> Result<Self, CollectionError> {
        let known = records.all_built();
        let mut stanzas: BTreeMap<&str, Vec<&Stanza>> = BTreeMap::new();
        for stanza in known.values().filter_map(Record::stanza) {
            stanzas.entry(&stanza.file).or_default().push(stanza);
        }
        let files = package_files(folder, kinds)?;
        let found = files.par_iter().map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let parent = path.parent().and_then(|parent| parent.strip_prefix(folder).ok());
            let parent = parent.map(|parent| parent.to_string_lossy().into_owned());
            let sum = records.sum(path).unwrap_or_default();
            let mut of_name = stanzas.get(&*name).into_iter().flatten();
            let stanza = match of_name.find(|stanza| stanza.sha256 == sum) {
                Some(stanza) => (*stanza).clone(),
                None if ledger.is_some_and(|ledger| !ledger.holds(&name, &sum)) => {
                    return Ok(Err(path.clone()));
                }
                None => kinds.read(path)?,
            };
            Ok(Ok(Stanza { folder: parent.unwrap_or_default(), ..stanza }))
        });
        let found = found.collect::<Result<Vec<_>, CollectionError>>()?;
        let (found, strange): (Vec<_>, Vec<_>) = found.into_iter().partition(Result::is_ok);
        let named = found.into_iter().flatten().map(|stanza| (stanza.file.clone(), stanza));
        Ok(Self {
            kinds,
            stanzas: named.collect(),
            strange: strange.into_iter().filter_map(Result::err).collect(),
            before: BTreeMap::new(),
            new: BTreeMap::new(),
            spare: Vec::new(),
            superseded: Vec::new(),
        })
    }

    /// The files that no record knows and that nothing takes the place of.
    pub(super) fn strange(&self) -> impl Iterator<Item = (&Path, &str)> {
        let named =
            self.strange.iter().filter_map(|path| Some((path, path.file_name()?.to_str()?)));
        named
            .filter(|(_, name)| !self.stanzas.contains_key(*name))
            .map(|(path, name)| (path.as_path(), name))
    }

    /// The digests of all packages as they are now.
    pub(super) fn note(&self, ledger: &mut Ledger) {
        for stanza in self.stanzas.values() {
            ledger.add(&stanza.file, &stanza.sha256);
        }
    }

    /// Adds a package that was built, whose file is at `waiting` if not in the folder.
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

    /// Gives packages the folders that their kind wants: Debian's may be in a pool.
    pub(super) fn arrange(&mut self, folder: &Path, pool: Option<&Pool>) {
        for stanza in self.stanzas.values_mut() {
            let kind = self.kinds.of(stanza.entry.format());
            let wanted = kind.map(|kind| kind.folder(&stanza.package, pool)).unwrap_or_default();
            if stanza.folder != wanted {
                let present = folder.join(stanza.place());
                self.before.insert(stanza.file.clone(), stanza.clone());
                self.new.entry(stanza.file.clone()).or_insert(present);
                stanza.folder = wanted;
            }
        }
    }

    /// Where files lie that are to be moved in.
    pub(super) fn waiting(&self) -> &BTreeMap<String, PathBuf> {
        &self.new
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
    fn stanzas(&self) -> impl Iterator<Item = &Stanza> {
        let mut all: Vec<&Stanza> = self.stanzas.values().collect();
        all.sort_by_key(|stanza| (&stanza.package, &stanza.file));
        all.into_iter()
    }

    /// Takes all builds of a package out but `keep`: the one that the manifest names, and the
    /// newest others.
    ///
    /// # Errors
    /// The order of versions is unknown.
    pub(super) fn prune(
        &mut self,
        keep: Option<usize>,
        manifest: &CollectionManifest,
    ) -> Result<(), CollectionError> {
        let Some(keep) = keep else { return Ok(()) };
        let ranks = self.ranks()?;
        let current: BTreeSet<&str> =
            manifest.packages.iter().map(PackageRecord::file_name).collect();
        let mut builds: BTreeMap<&str, Vec<&Stanza>> = BTreeMap::new();
        for stanza in self.stanzas.values() {
            builds.entry(&stanza.package).or_default().push(stanza);
        }
        let old = builds.into_values().flat_map(|mut builds| {
            let is_other = |stanza: &Stanza| !current.contains(stanza.file.as_str());
            builds.sort_by(|a, b| {
                let newest = || ranks.get(&b.file).cmp(&ranks.get(&a.file));
                is_other(a).cmp(&is_other(b)).then_with(newest)
            });
            builds.into_iter().skip(keep).map(|stanza| stanza.file.clone())
        });
        let old: BTreeSet<String> = old.collect();
        let gone = old.iter().filter_map(|file| self.stanzas.remove(file));
        self.superseded = gone.map(|stanza| stanza.place()).collect();
        Ok(())
    }

    /// The places of all files' versions in the order of their kind, by file name.
    fn ranks(&self) -> Result<BTreeMap<String, usize>, CollectionError> {
        let mut ranks = BTreeMap::new();
        for (kind, stanzas) in self.by_kind() {
            let versions: Vec<String> = stanzas.iter().map(|s| s.evr.to_string()).collect();
            let files = stanzas.into_iter().map(|stanza| stanza.file.clone());
            ranks.extend(files.zip(kind.ranks(&versions)?));
        }
        Ok(ranks)
    }

    /// Signs copies of all packages that could have the signer's signature, and do not.
    pub(super) fn sign(
        &mut self,
        signer: &Signer<'_>,
        collection: &Path,
        work: &Path,
    ) -> Result<(), CollectionError> {
        let folder = work.join("signed");
        create_folder(&folder)?;
        let unsigned = self.stanzas.values().filter_map(|stanza| {
            let kind = self.kinds.of(stanza.entry.format())?;
            let by = stanza.signed_by.as_deref();
            let sign = kind.signature().filter(|_| !by.is_some_and(|by| signer.is(by)))?;
            Some((stanza, kind, sign))
        });
        let unsigned: Vec<_> = unsigned.collect();
        let signed = unsigned.par_iter().map(|(stanza, kind, sign)| {
            let copy = folder.join(&stanza.file);
            let from = match self.new.get(&stanza.file) {
                Some(path) => path.clone(),
                None => collection.join(stanza.place()),
            };
            fs::copy(&from, &copy).map_err(CollectionError::at("copy", &from))?;
            sign(&copy, signer, stanza.time)?;
            Ok((copy.clone(), kind.read(&copy)?))
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

    /// The kinds, each with its packages, sorted by name and file.
    pub(super) fn by_kind(&self) -> Vec<(&'k dyn Kind, Vec<&Stanza>)> {
        let of = |kind: &'k dyn Kind| {
            let own = self.stanzas().filter(|stanza| stanza.entry.format() == kind.format());
            (kind, own.collect())
        };
        self.kinds.iter().map(of).collect()
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
            fs::remove_file(path).map_err(CollectionError::at("remove", path))?;
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
                fs::remove_file(&path).map_err(CollectionError::at("remove", &path))
            })
    }
}

/// The package files that are in a folder or in its pool, sorted.
pub(super) fn package_files(
    folder: &Path,
    kinds: &Kinds<'_>,
) -> Result<Vec<PathBuf>, CollectionError> {
    let failed = |error: walkdir::Error| CollectionError::at("read", folder)(error.into());
    let mut files = Vec::new();
    let pool = folder.join(pool::FOLDER);
    let below = pool.is_dir().then(|| WalkDir::new(&pool)).into_iter().flatten();
    for entry in WalkDir::new(folder).max_depth(1).into_iter().chain(below) {
        let entry = entry.map_err(failed)?;
        if kinds.of_file(entry.path()).is_some() && entry.path().is_file() {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}
