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
use crate::{
    base::{
        files::durable::{create_folder, rename, sync_folder},
        signing::Signer,
    },
    format::{
        Format, Formats, PackageEntry,
        deb::pool::{self, Pool},
    },
};

/// The packages of a collection by file name.
pub(super) struct CollectionPackages<'k> {
    formats: &'k Formats<'k>,
    entries: BTreeMap<String, PackageEntry>,
    /// Files that no record knows.
    strange: Vec<PathBuf>,
    /// What was signed or moved, as it was before.
    before: BTreeMap<String, PackageEntry>,
    /// Files that wait to be moved in.
    new: BTreeMap<String, PathBuf>,
    /// Files with free names.
    spare: Vec<PathBuf>,
    /// Places of files that go.
    superseded: Vec<String>,
}

impl<'k> CollectionPackages<'k> {
    /// The packages that are in a folder. Only files without a record are read; where there is a
    /// ledger, those that it does not hold are left out.
    pub(super) fn read(
        folder: &Path,
        records: &Records<'_>,
        formats: &'k Formats<'k>,
        ledger: Option<&Ledger>,
    ) -> Result<Self, CollectionError> {
        let known = records.all_built();
        let mut entries: BTreeMap<&str, Vec<&PackageEntry>> = BTreeMap::new();
        for entry in known.values().filter_map(Record::entry) {
            entries.entry(&entry.file).or_default().push(entry);
        }
        let files = package_files(folder, formats)?;
        let found = files.par_iter().map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let parent = path.parent().and_then(|parent| parent.strip_prefix(folder).ok());
            let parent = parent.map(|parent| parent.to_string_lossy().into_owned());
            let sum = records.sum(path).unwrap_or_default();
            let mut of_name = entries.get(&*name).into_iter().flatten();
            let entry = match of_name.find(|entry| entry.sha256 == sum) {
                Some(entry) => (*entry).clone(),
                None if ledger.is_some_and(|ledger| !ledger.holds(&name, &sum)) => {
                    return Ok(Err(path.clone()));
                }
                None => formats.read(path)?,
            };
            Ok(Ok(PackageEntry { folder: parent.unwrap_or_default(), ..entry }))
        });
        let found = found.collect::<Result<Vec<_>, CollectionError>>()?;
        let (found, strange): (Vec<_>, Vec<_>) = found.into_iter().partition(Result::is_ok);
        let named = found.into_iter().flatten().map(|entry| (entry.file.clone(), entry));
        Ok(Self {
            formats,
            entries: named.collect(),
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
            .filter(|(_, name)| !self.entries.contains_key(*name))
            .map(|(path, name)| (path.as_path(), name))
    }

    /// Updates the manifest's records with the packages as they are now.
    pub(super) fn update(&self, manifest: &mut CollectionManifest) {
        for record in &mut manifest.packages {
            if let Some(entry) = self.get(record.file_name()) {
                record.update(entry);
            }
        }
    }

    /// The digests of all packages as they are now.
    pub(super) fn note(&self, ledger: &mut Ledger) {
        for entry in self.entries.values() {
            ledger.add(&entry.file, &entry.sha256);
        }
    }

    /// Adds a package that was built, whose file is at `waiting` if not in the folder.
    pub(super) fn add(&mut self, built: &BuiltRecord, waiting: Option<PathBuf>) {
        let PackageEntry { file, .. } = &built.entry;
        match waiting {
            // The very file was built once more.
            Some(path) if self.entries.get(file) == Some(&built.entry) => self.spare.push(path),
            Some(path) => drop(self.new.insert(file.clone(), path)),
            None => {}
        }
        self.entries.insert(file.clone(), built.entry.clone());
    }

    /// Gives packages the folders that their format wants: Debian's may be in a pool.
    pub(super) fn arrange(&mut self, folder: &Path, pool: Option<&Pool>) {
        for entry in self.entries.values_mut() {
            let format = self.formats.of(entry.format());
            let wanted = format.map(|format| format.repository().folder(&entry.package, pool));
            let wanted = wanted.unwrap_or_default();
            if entry.folder != wanted {
                let present = folder.join(entry.place());
                self.before.insert(entry.file.clone(), entry.clone());
                self.new.entry(entry.file.clone()).or_insert(present);
                entry.folder = wanted;
            }
        }
    }

    /// Where files lie that are to be moved in.
    pub(super) fn waiting(&self) -> &BTreeMap<String, PathBuf> {
        &self.new
    }

    /// The package in a file of that name.
    pub(super) fn get(&self, file: &str) -> Option<&PackageEntry> {
        self.entries.get(file)
    }

    /// What was signed or moved: as it was, and as it is.
    pub(super) fn changes(&self) -> Vec<(&PackageEntry, &PackageEntry)> {
        let changes = self.before.iter();
        changes.filter_map(|(file, before)| Some((before, self.entries.get(file)?))).collect()
    }

    /// All packages, sorted by name and file.
    fn entries(&self) -> impl Iterator<Item = &PackageEntry> {
        let mut all: Vec<&PackageEntry> = self.entries.values().collect();
        all.sort_by_key(|entry| (&entry.package, &entry.file));
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
        let mut builds: BTreeMap<&str, Vec<&PackageEntry>> = BTreeMap::new();
        for entry in self.entries.values() {
            builds.entry(&entry.package).or_default().push(entry);
        }
        let old = builds.into_values().flat_map(|mut builds| {
            let is_other = |entry: &PackageEntry| !current.contains(entry.file.as_str());
            builds.sort_by(|a, b| {
                let newest = || ranks.get(&b.file).cmp(&ranks.get(&a.file));
                is_other(a).cmp(&is_other(b)).then_with(newest)
            });
            builds.into_iter().skip(keep).map(|entry| entry.file.clone())
        });
        let old: BTreeSet<String> = old.collect();
        let gone = old.iter().filter_map(|file| self.entries.remove(file));
        self.superseded = gone.map(|entry| entry.place()).collect();
        Ok(())
    }

    /// The places of all files' versions in the order of their format, by file name.
    fn ranks(&self) -> Result<BTreeMap<String, usize>, CollectionError> {
        let mut ranks = BTreeMap::new();
        for (format, entries) in self.by_format() {
            let versions: Vec<String> = entries.iter().map(|s| s.evr.to_string()).collect();
            let files = entries.into_iter().map(|entry| entry.file.clone());
            ranks.extend(files.zip(format.ranks(&versions)?));
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
        let unsigned = self.entries.values().filter_map(|entry| {
            let repository = self.formats.of(entry.format())?.repository();
            let by = entry.signed_by.as_deref();
            let sign = repository.signature().filter(|_| !by.is_some_and(|by| signer.is(by)))?;
            Some((entry, repository, sign))
        });
        let unsigned: Vec<_> = unsigned.collect();
        let signed = unsigned.par_iter().map(|(entry, repository, sign)| {
            let copy = folder.join(&entry.file);
            let from = match self.new.get(&entry.file) {
                Some(path) => path.clone(),
                None => collection.join(entry.place()),
            };
            fs::copy(&from, &copy).map_err(CollectionError::at("copy", &from))?;
            sign(&copy, signer, entry.time)?;
            Ok((copy.clone(), repository.read(&copy)?))
        });
        for (copy, entry) in signed.collect::<Result<Vec<_>, CollectionError>>()? {
            let file = entry.file.clone();
            self.spare.extend(self.new.insert(file.clone(), copy));
            if let Some(unsigned) = self.entries.insert(file.clone(), entry) {
                self.before.insert(file, unsigned);
            }
        }
        Ok(())
    }

    /// The formats, each with its packages, sorted by name and file.
    pub(super) fn by_format(&self) -> Vec<(&'k dyn Format, Vec<&PackageEntry>)> {
        let of = |format: &'k dyn Format| {
            let own = self.entries().filter(|entry| entry.format() == format.name());
            (format, own.collect())
        };
        self.formats.iter().map(of).collect()
    }

    /// Moves new files in, to stay there whatever happens: metadata will name them.
    pub(super) fn publish(&self, folder: &Path) -> Result<(), CollectionError> {
        let mut parents = BTreeSet::new();
        for (file, path) in &self.new {
            let Some(entry) = self.entries.get(file) else { continue };
            let place = folder.join(entry.place());
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

    /// Removes the files that [`CollectionPackages::prune`] took out.
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
    formats: &Formats<'_>,
) -> Result<Vec<PathBuf>, CollectionError> {
    let failed = |error: walkdir::Error| CollectionError::at("read", folder)(error.into());
    let mut files = Vec::new();
    let pool = folder.join(pool::FOLDER);
    let below = pool.is_dir().then(|| WalkDir::new(&pool)).into_iter().flatten();
    for entry in WalkDir::new(folder).max_depth(1).into_iter().chain(below) {
        let entry = entry.map_err(failed)?;
        if formats.of_file(entry.path()).is_some() && entry.path().is_file() {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}
