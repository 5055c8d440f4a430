//! Which package files were made here, by name and digest: other files in the folder are
//! not the collection's.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{CollectionError, CollectionManifest, record::OWN};
use crate::base::files::write_file;

/// The file in the folder of what only this program reads: a digest and a name in each line.
const FILE: &str = "packages";

/// The digests of package files, by the files' names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ledger(BTreeMap<String, BTreeSet<String>>);

impl Ledger {
    /// What a collection says of itself; a line that is damaged says nothing.
    pub(super) fn read(collection: &Path) -> Self {
        let text = fs::read_to_string(collection.join(OWN).join(FILE)).unwrap_or_default();
        let mut ledger = Self::default();
        for (sum, file) in text.lines().filter_map(|line| line.split_once("  ")) {
            ledger.add(file, sum);
        }
        ledger
    }

    /// Adds a file.
    pub(super) fn add(&mut self, file: &str, sum: &str) {
        self.0.entry(file.to_owned()).or_default().insert(sum.to_owned());
    }

    /// Adds the files that a manifest names.
    pub(super) fn add_manifest(&mut self, manifest: &CollectionManifest) {
        for entry in &manifest.packages {
            self.add(entry.file_name(), &entry.sha256);
        }
    }

    /// Whether a file has a digest that is known.
    pub(super) fn holds(&self, file: &str, sum: &str) -> bool {
        self.0.get(file).is_some_and(|sums| sums.contains(sum))
    }

    /// Whether a file of that name was made here.
    pub(super) fn names(&self, file: &str) -> bool {
        self.0.contains_key(file)
    }

    /// Writes it down, unless it says that already.
    pub(super) fn write(&self, collection: &Path) -> Result<(), CollectionError> {
        if *self == Self::read(collection) {
            return Ok(());
        }
        let lines = self
            .0
            .iter()
            .flat_map(|(file, sums)| sums.iter().map(move |sum| format!("{sum}  {file}\n")));
        let path = collection.join(OWN).join(FILE);
        Ok(write_file(&path, lines.collect::<String>().as_bytes())?)
    }
}
