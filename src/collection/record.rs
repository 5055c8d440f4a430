//! What became of each package: records on disk that later runs read.
//!
//! ```text
//! COLLECTION/.pypi2pkg/records/INPUTS.json   one record for all that a package is built from
//! COLLECTION/.pypi2pkg/built/INPUTS/FILE     its package, until it is merged
//! ```

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    CollectionError, FailureRecord, PackageRecord, Why,
    folder::RECIPES,
    packages::CollectionPackages,
    staging::{CollectionLock, Listener},
    sums::Sums,
};
use crate::{
    base::{
        files::{durable::create_folder, publish_file, stays_inside, write_file},
        text::serialised,
    },
    format::{Drift, build::BuiltPackage, package::PackageEntry, repository::metadata::sha256},
    plan::{PackagePlan, Recipe},
};

/// The version of the records' schema; records of another one count as missing.
const SCHEMA: u32 = 1;

/// The folder of what only this program reads, and those in it of records and of packages that wait.
pub(super) const OWN: &str = ".pypi2pkg";
pub(super) const RECORDS: &str = "records";
pub(super) const BUILT: &str = "built";

/// What stands around a record's digest at the end of its file, and how long a digest is.
const SEAL: (&str, &str) = (",\"digest\":\"", "\"}");
const DIGITS: usize = 64;

/// No run lives so long that it would still merge a package of this age.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// What became of one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Record {
    schema: u32,
    /// A digest of all that the package is built from but its release.
    pub inputs: String,
    pub outcome: Outcome,
}

impl Record {
    /// Whether there is a package.
    pub fn is_built(&self) -> bool {
        matches!(self.outcome, Outcome::Built(_))
    }

    /// What repository metadata says of its package, where there is one.
    pub fn entry(&self) -> Option<&PackageEntry> {
        match &self.outcome {
            Outcome::Built(built) => Some(&built.entry),
            Outcome::Failed(_) => None,
        }
    }
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Built(Box<BuiltRecord>),
    Failed(FailureRecord),
}

/// A package that was built: all that a collection says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BuiltRecord {
    /// Without a reason for being there, which each run has of its own.
    pub package: PackageRecord,
    #[serde(rename = "stanza")]
    pub entry: PackageEntry,
    pub recipe: Recipe,
    /// How its relations differ from the planned ones.
    #[serde(default, skip_serializing_if = "Drift::is_none")]
    pub drift: Drift,
}

/// What a package that was built was meant to be, and is.
#[derive(Debug, Clone)]
pub struct Described<'a> {
    pub plan: &'a PackagePlan,
    pub recipe: &'a Recipe,
    /// Whether the recipe, not the plan, says what the package is.
    pub own_recipe: bool,
    /// What the package says of itself.
    pub entry: PackageEntry,
    pub drift: Drift,
}

/// The records of one collection, and the packages that wait to be merged into it.
#[derive(Debug, Clone)]
pub struct Records<'k> {
    collection: PathBuf,
    listener: Listener<'k>,
    sums: Sums,
}

impl<'k> Records<'k> {
    pub(super) fn of(collection: &Path, listener: Listener<'k>, sums: Sums) -> Self {
        Self { collection: collection.to_owned(), listener, sums }
    }

    /// The package that was built from these inputs, where the record and the file still are what was
    /// written.
    pub fn built(&self, inputs: &str) -> Option<Record> {
        let (record, is_sealed) = self.read(&self.path(inputs))?;
        (is_sealed && self.file(&record).is_some()).then_some(record)
    }

    /// All packages whose files are there as they were built, by inputs.
    pub fn all_built(&self) -> BTreeMap<String, Record> {
        let records: Vec<Record> = self.every().collect();
        let records = records.into_par_iter().filter(|record| self.file(record).is_some());
        records.map(|record| (record.inputs.clone(), record)).collect()
    }

    /// The SHA-256 of a package file.
    pub(super) fn sum(&self, path: &Path) -> Option<String> {
        self.sums.of(path)
    }

    fn every(&self) -> impl Iterator<Item = Record> {
        let folder = self.collection.join(OWN).join(RECORDS);
        let paths = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        paths.filter_map(|path| self.read(&path).map(|(record, _)| record))
    }

    /// Takes a package that was built; with a recipe of the user's own it need not be called as
    /// planned. Its file is on the disk when this returns.
    ///
    /// # Errors
    /// It is another package than was planned; the recipe leaves its folder.
    pub fn keep(
        &self,
        inputs: &str,
        built: &BuiltPackage,
        described: Described<'_>,
    ) -> Result<Record, CollectionError> {
        let Described { plan, recipe, own_recipe, entry, drift } = described;
        let is_planned = own_recipe || entry.package == plan.package;
        if !is_planned || !stays_inside(&entry.package) {
            return Err(CollectionError::OtherPackage {
                path: built.path.clone(),
                found: entry.package,
                planned: plan.package.clone(),
            });
        }
        if let Some(file) = recipe.files.keys().find(|file| !stays_inside(file)) {
            let (package, file) = (plan.package.clone(), file.clone());
            return Err(CollectionError::RecipePath { package, file });
        }
        publish_file(&built.path).map_err(CollectionError::at("set the mode of", &built.path))?;
        let synced = File::open(&built.path).and_then(|file| file.sync_all());
        synced.map_err(CollectionError::at("write", &built.path))?;
        // Until the package is there, no other run takes its folder for an empty one.
        let _lock = CollectionLock::take(&self.collection, self.listener)?;
        let waiting = self.waiting(inputs, &entry.file);
        create_folder(waiting.parent().unwrap_or(&waiting))?;
        fs::rename(&built.path, &waiting).map_err(CollectionError::at("replace", &waiting))?;
        let package = describe(plan, &entry);
        let built = BuiltRecord { package, entry, recipe: recipe.clone(), drift };
        self.write(inputs, Outcome::Built(Box::new(built)))
    }

    /// Notes a failure. The package is tried again in the next run.
    ///
    /// # Errors
    /// The record cannot be written.
    pub fn fail(&self, inputs: &str, failure: FailureRecord) -> Result<Record, CollectionError> {
        self.write(inputs, Outcome::Failed(failure))
    }

    /// Where a package waits to be merged, if it does.
    pub(super) fn unmerged(&self, record: &Record) -> Option<PathBuf> {
        let entry = record.entry()?;
        let path = self.waiting(&record.inputs, &entry.file);
        self.is_of(&path, entry).then_some(path)
    }

    /// Notes what was signed or moved: each entry as it was, and as it is now.
    pub(super) fn update(
        &self,
        changes: &[(&PackageEntry, &PackageEntry)],
    ) -> Result<(), CollectionError> {
        let changed: BTreeMap<&str, &(&PackageEntry, &PackageEntry)> =
            changes.iter().map(|change| (change.0.file.as_str(), change)).collect();
        // Most runs change none.
        let all = (!changed.is_empty()).then(|| self.every()).into_iter().flatten();
        for record in all {
            let Outcome::Built(mut built) = record.outcome else { continue };
            match changed.get(built.entry.file.as_str()) {
                Some((before, now)) if built.entry == **before => {
                    built.entry = (*now).clone();
                    built.package.update(now);
                    self.write(&record.inputs, Outcome::Built(built))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Forgets records whose packages are gone or were replaced, and packages that killed runs have
    /// left.
    pub(super) fn tidy(&self, packages: &CollectionPackages<'_>) {
        let own = self.collection.join(OWN);
        let entries = |folder: &str| fs::read_dir(own.join(folder)).into_iter().flatten().flatten();
        for entry in entries(RECORDS) {
            let record = self.read(&entry.path()).map(|(record, _)| record);
            if record
                .is_none_or(|record| self.is_gone(&record) || self.is_replaced(&record, packages))
            {
                // What cannot be removed counts as missing all the same.
                let _ = fs::remove_file(entry.path());
            }
        }
        for folder in entries(BUILT) {
            for package in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                let age =
                    package.metadata().and_then(|found| found.modified()).map(|t| t.elapsed());
                if age.is_ok_and(|age| age.is_ok_and(|age| age > ABANDONED)) {
                    let _ = fs::remove_file(package.path());
                }
            }
            // Only an empty folder goes.
            let _ = fs::remove_dir(folder.path());
        }
    }

    /// Whether a package was built, and its file is neither in the collection nor waiting.
    pub(super) fn is_gone(&self, record: &Record) -> bool {
        record.is_built() && self.file(record).is_none()
    }

    /// Whether the file in the collection is another package by now.
    fn is_replaced(&self, record: &Record, packages: &CollectionPackages<'_>) -> bool {
        let Some(entry) = record.entry() else { return false };
        let present = packages.get(&entry.file);
        self.unmerged(record).is_none() && present.is_some_and(|now| now.sha256 != entry.sha256)
    }

    /// The package's file: in the collection, or waiting.
    pub fn file(&self, record: &Record) -> Option<PathBuf> {
        let entry = record.entry()?;
        let merged = self.collection.join(entry.place());
        self.unmerged(record).or_else(|| self.is_of(&merged, entry).then_some(merged))
    }

    /// Whether a file is the one that a entry is of.
    fn is_of(&self, path: &Path, entry: &PackageEntry) -> bool {
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == entry.size)
            && self.sum(path).as_deref() == Some(&entry.sha256)
    }

    fn path(&self, inputs: &str) -> PathBuf {
        self.collection.join(OWN).join(RECORDS).join(format!("{inputs}.json"))
    }

    fn waiting(&self, inputs: &str, file: &str) -> PathBuf {
        self.collection.join(OWN).join(BUILT).join(inputs).join(file)
    }

    /// A record, and whether it has a digest, which those of older versions do not have; `None` where
    /// it is missing, damaged or of another program.
    fn read(&self, path: &Path) -> Option<(Record, bool)> {
        let text = fs::read_to_string(path).ok()?;
        let (text, digest) = match unsealed(&text) {
            Some((bare, digest)) => (bare, Some(digest)),
            None => (text, None),
        };
        if digest.as_ref().is_some_and(|digest| *digest != sha256(text.as_bytes())) {
            return None;
        }
        let record: Record = serde_json::from_str(&text).ok()?;
        let is_here = record.schema == SCHEMA && self.path(&record.inputs) == path;
        is_here.then_some((record, digest.is_some()))
    }

    fn write(&self, inputs: &str, outcome: Outcome) -> Result<Record, CollectionError> {
        let record = Record { schema: SCHEMA, inputs: inputs.to_owned(), outcome };
        let path = self.path(inputs);
        // Nothing in a record can fail to serialise: all map keys are texts.
        let text = sealed(serialised::json(&record));
        write_file(&path, text.as_bytes())?;
        Ok(record)
    }
}

/// A record's text with its own digest as its last field.
fn sealed(text: String) -> String {
    let digest = sha256(text.as_bytes());
    let (before, after) = SEAL;
    let bare = text.strip_suffix('}').unwrap_or(&text);
    format!("{bare}{before}{digest}{after}")
}

/// A record's text without its digest, and the digest; nothing where it has none.
fn unsealed(text: &str) -> Option<(String, String)> {
    let (before, after) = SEAL;
    let rest = text.strip_suffix(after)?;
    let (rest, digest) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
    Some((format!("{}}}", rest.strip_suffix(before)?), digest.to_owned()))
}

fn describe(plan: &PackagePlan, entry: &PackageEntry) -> PackageRecord {
    PackageRecord {
        package: entry.package.clone(),
        evr: entry.evr.clone(),
        architecture: entry.architecture.clone(),
        file: entry.file.clone(),
        size: entry.size,
        sha256: entry.sha256.clone(),
        project: plan.project.clone(),
        release: plan.release.clone(),
        source: plan.source.clone(),
        licence: plan.licence.clone(),
        why: Why::default(),
        relations: plan.relations.clone(),
        entry_points: plan.entry_points.clone(),
        recipe: format!("{RECIPES}/{}", entry.package),
    }
}
