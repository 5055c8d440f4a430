//! A collection's folder, and merging a run's records into it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{
    BuiltRecord, CollectionError, CollectionManifest, DistributionRecord, FailureRecord,
    MANIFEST_FILE, Outcome, Record, Records, Staging, Stanza, Why,
    publish::Metadata,
    staging::{Lock, create_folder, rename, swap, write},
    stanza::{is_package, read},
};
use crate::{target::Target, version};

/// The folder of recipes in a collection: one folder a package.
pub(super) const RECIPES: &str = "recipes";

/// A folder of packages for one target, with repository metadata, recipes and a manifest.
#[derive(Debug)]
pub struct Collection {
    folder: PathBuf,
    /// What the manifest of this target is when the collection is empty.
    empty: CollectionManifest,
}

/// What a run hands to its collection.
#[derive(Debug, Default)]
pub struct Merge {
    /// Of packages that were built now or before, and why each is in.
    pub built: Vec<(Record, Why)>,
    pub failures: Vec<FailureRecord>,
    pub distribution: Vec<DistributionRecord>,
    /// How many builds of each package stay; all where there is no number.
    pub keep: Option<usize>,
}

impl Collection {
    /// The collection in `folder`, which need not exist yet.
    ///
    /// # Errors
    /// It is a collection for another target.
    pub fn open(folder: &Path, target: &Target) -> Result<Self, CollectionError> {
        let collection = Self { folder: folder.to_owned(), empty: CollectionManifest::new(target) };
        collection.manifest()?;
        Ok(collection)
    }

    /// A private folder for building packages; it is removed with the answer.
    pub fn staging(&self) -> Result<Staging, CollectionError> {
        create_folder(&self.folder)?;
        let lock = Lock::take(&self.folder)?;
        Staging::new(&self.folder, &lock)
    }

    /// What became of the packages of this and earlier runs.
    pub fn records(&self) -> Records {
        Records::of(&self.folder)
    }

    /// What is in the collection.
    pub fn manifest(&self) -> Result<CollectionManifest, CollectionError> {
        let manifest = CollectionManifest::read(&self.folder.join(MANIFEST_FILE))?
            .unwrap_or_else(|| self.empty.clone());
        let (present, wanted) = (manifest.platform(), self.empty.platform());
        if present != wanted {
            return Err(CollectionError::OtherTarget {
                folder: self.folder.clone(),
                present,
                wanted,
            });
        }
        Ok(manifest)
    }

    /// Merges what a run has built, and answers with what is in the collection now.
    ///
    /// Waits for other runs that change the collection. Everything is prepared in a private folder
    /// first, so that a failure until then changes nothing; then packages are moved in, recipes
    /// and repository metadata are swapped in, the manifest is replaced, and last, packages that
    /// nothing speaks of any more are removed.
    pub fn merge(&self, merge: Merge) -> Result<CollectionManifest, CollectionError> {
        create_folder(&self.folder)?;
        let lock = Lock::take(&self.folder)?;
        let work = Staging::new(&self.folder, &lock)?;
        let records = self.records();
        let mut manifest = self.manifest()?;
        refuse_doubles(&merge.built)?;
        if let Some(gone) = merge.built.iter().find(|(record, _)| records.is_gone(record)) {
            let file = stanza(&gone.0).map(|stanza| stanza.file.clone()).unwrap_or_default();
            return Err(CollectionError::Gone { path: self.folder.join(file) });
        }

        let mut stanzas = self.present(&records)?;
        let is_there = |stanza: &&Stanza| stanzas.get(&stanza.file) == Some(*stanza);
        let new = merge.built.iter().filter_map(|(record, _)| stanza(record));
        let built_again: BTreeSet<String> =
            new.filter(is_there).map(|stanza| stanza.file.clone()).collect();
        stanzas.extend(merge.built.iter().filter_map(|(record, _)| stanza(record)).map(named));
        let old = std::mem::take(&mut manifest.packages);
        manifest.packages = old.iter().filter(|r| stanzas.contains_key(&r.file)).cloned().collect();
        let built = merge.built.iter().filter_map(|(record, why)| match &record.outcome {
            Outcome::Built(built) => Some((built, why)),
            Outcome::Failed(_) => None,
        });
        let entries = built.clone().map(|(built, why)| {
            let mut entry = built.package.clone();
            entry.why = why.clone();
            entry
        });
        manifest.merge(entries.collect(), merge.failures, merge.distribution);
        let superseded = superseded(&stanzas, merge.keep, &manifest);
        stanzas.retain(|file, _| !superseded.contains(file));

        let mut stanzas: Vec<Stanza> = stanzas.into_values().collect();
        let metadata =
            Metadata::prepare(&self.folder, work.path(), &mut stanzas, &manifest.target)?;
        let changed: Vec<&BuiltRecord> = built
            .map(|(built, _)| &**built)
            .filter(|built| !old.iter().any(|known| known.sha256 == built.stanza.sha256))
            .collect();
        write_recipes(&changed, &work.path().join(RECIPES))?;
        let manifest_file = work.path().join(MANIFEST_FILE);
        let manifest_text = manifest.to_json();
        write(&manifest_file, manifest_text.as_bytes())?;

        for (record, _) in &merge.built {
            let (Some(path), Some(Stanza { file, .. })) =
                (records.unmerged(record), stanza(record))
            else {
                continue;
            };
            match built_again.contains(file) {
                true => fs::remove_file(&path).map_err(CollectionError::io("remove", &path))?,
                false => rename(&path, &self.folder.join(file))?,
            }
        }
        create_folder(&self.folder.join(RECIPES))?;
        for BuiltRecord { package, .. } in changed {
            let place = Path::new(RECIPES).join(&package.package);
            swap(&work.path().join(&place), &self.folder.join(&place))?;
        }
        metadata.publish(&self.folder)?;
        let current = self.folder.join(MANIFEST_FILE);
        if fs::read(&current).ok().as_deref() != Some(manifest_text.as_bytes()) {
            rename(&manifest_file, &current)?;
        }
        for file in superseded {
            let path = self.folder.join(file);
            fs::remove_file(&path).map_err(CollectionError::io("remove", &path))?;
        }
        records.tidy();
        Ok(manifest)
    }

    /// The stanzas of the package files that lie in the folder, by file name. Only files without a
    /// record are read.
    fn present(&self, records: &Records) -> Result<BTreeMap<String, Stanza>, CollectionError> {
        let known: BTreeMap<String, Stanza> =
            records.all_built().values().filter_map(stanza).map(named).collect();
        let files = package_files(&self.folder)?;
        let stanzas = files.par_iter().map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match known.get(&*name) {
                Some(stanza) if fs::metadata(path).is_ok_and(|f| f.len() == stanza.size) => {
                    Ok(stanza.clone())
                }
                _ => read(path),
            }
        });
        Ok(stanzas.collect::<Result<Vec<_>, _>>()?.iter().map(named).collect())
    }
}

fn stanza(record: &Record) -> Option<&Stanza> {
    match &record.outcome {
        Outcome::Built(built) => Some(&built.stanza),
        Outcome::Failed(_) => None,
    }
}

fn named(stanza: &Stanza) -> (String, Stanza) {
    (stanza.file.clone(), stanza.clone())
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

/// Two packages of one run may not have one name.
fn refuse_doubles(built: &[(Record, Why)]) -> Result<(), CollectionError> {
    let mut seen = BTreeMap::new();
    for (record, _) in built {
        let Outcome::Built(built) = &record.outcome else { continue };
        let package = &built.package;
        if let Some(first) = seen.insert(&package.package, &package.project) {
            return Err(CollectionError::Twice {
                package: package.package.clone(),
                first: first.to_string(),
                second: package.project.to_string(),
            });
        }
    }
    Ok(())
}

/// The files of all builds of a package but `keep`: the one that the manifest names, and the
/// newest others.
fn superseded(
    stanzas: &BTreeMap<String, Stanza>,
    keep: Option<usize>,
    manifest: &CollectionManifest,
) -> BTreeSet<String> {
    let Some(keep) = keep else { return BTreeSet::new() };
    let compare = version::comparison(&manifest.format);
    let current: BTreeSet<&String> = manifest.packages.iter().map(|record| &record.file).collect();
    let mut packages: BTreeMap<&str, Vec<&Stanza>> = BTreeMap::new();
    for stanza in stanzas.values() {
        packages.entry(&stanza.package).or_default().push(stanza);
    }
    let old = packages.into_values().flat_map(|mut builds| {
        let is_other = |stanza: &Stanza| !current.contains(&stanza.file);
        builds.sort_by(|a, b| {
            let newest = || compare(&b.evr.to_string(), &a.evr.to_string());
            is_other(a).cmp(&is_other(b)).then_with(newest)
        });
        builds.into_iter().skip(keep)
    });
    old.map(|stanza| stanza.file.clone()).collect()
}

/// Writes one folder a package below `folder`.
fn write_recipes(built: &[&BuiltRecord], folder: &Path) -> Result<(), CollectionError> {
    for BuiltRecord { package, recipe, .. } in built {
        create_folder(&folder.join(&package.package))?;
        for (name, file) in &recipe.files {
            let path = folder.join(&package.package).join(name);
            create_folder(path.parent().unwrap_or(folder))?;
            fs::write(&path, &file.text).map_err(CollectionError::io("write", &path))?;
            let mode = if file.executable { 0o755 } else { 0o644 };
            fs::set_permissions(&path, Permissions::from_mode(mode))
                .map_err(CollectionError::io("set the mode of", &path))?;
        }
    }
    Ok(())
}
