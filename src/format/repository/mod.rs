//! Repositories: reading package files, and publishing folders of them.

pub mod client;
pub mod metadata;

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{PackageEntry, PackageError, deb::pool::Pool};
use crate::{base::signing::Signer, plan::relation::Strength};

/// The name of the manifest in a collection's folder.
pub const MANIFEST_FILE: &str = "collection.json";

/// How a format's package files are read, signed and published.
pub trait Repository: Sync {
    /// Reads a package file.
    ///
    /// # Errors
    /// It cannot be read, or is not a package.
    fn read(&self, path: &Path) -> Result<PackageEntry, PackageError>;

    /// Returns the relations of the package file at `path`, whose entry is given.
    ///
    /// # Errors
    /// The file cannot be read.
    fn relations(
        &self,
        entry: &PackageEntry,
        path: &Path,
    ) -> Result<Vec<(Strength, String)>, PackageError>;

    /// Returns the packages that the repository in a folder lists. `suite` is its name in the
    /// metadata.
    ///
    /// # Errors
    /// Its metadata cannot be read.
    fn listed(&self, folder: &Path, suite: &str) -> Result<Listed, PackageError>;

    /// Returns the paths that a listed package installs; its file is at `path`.
    ///
    /// # Errors
    /// The file cannot be read.
    fn paths(&self, entry: &PackageEntry, path: &Path) -> Result<Vec<String>, PackageError>;

    /// Returns whether several packages may own `path`, since it is the same file in all of
    /// `owners`.
    fn is_shared(&self, _folder: &Path, _owners: &[&PackageEntry], _path: &str) -> bool {
        false
    }

    /// Returns the requirements of packages that none of them meets. Only formats of plugins
    /// answer: for all others, [`super::host::PackageSet`] knows.
    ///
    /// # Errors
    /// The format's plugin fails.
    fn unmet(&self, _entries: &[&PackageEntry]) -> Result<Vec<Unmet>, PackageError> {
        Ok(Vec::new())
    }

    /// Returns the folder of a package, relative to the collection; empty for the collection's own.
    fn folder(&self, _package: &str, _pool: Option<&Pool>) -> String {
        String::new()
    }

    /// Returns what signs a package file in place, if the format's packages contain signatures.
    fn signature(&self) -> Option<Sign> {
        None
    }

    /// Returns whether the metadata of a collection is signed.
    fn is_signed(&self, collection: &Path) -> bool;

    /// Prepares the metadata of exactly the packages listed; `None` if it is already there.
    ///
    /// # Errors
    /// It cannot be written or signed.
    fn prepare(&self, listing: &Listing<'_>) -> Result<Option<Swap>, PackageError>;

    /// Returns the client configuration file's name and the text before the address in it, if
    /// clients get such a file.
    fn client(&self) -> Option<(&str, &str)>;

    /// Returns the text of that file; `None` if [`Repository::prepare`] writes it.
    fn client_text(&self, client: &Client<'_>) -> Option<String>;
}

/// The packages that a repository lists.
#[derive(Debug, Default)]
pub struct Listed {
    pub entries: Vec<PackageEntry>,
    /// What is wrong with it, by the file or subject.
    pub problems: Vec<(String, String)>,
}

impl Listed {
    pub(crate) fn add(&mut self, subject: &str, problem: String) {
        self.problems.push((subject.to_owned(), problem));
    }
}

/// A requirement that nothing meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    pub package: String,
    /// In the format's syntax.
    pub relation: String,
    /// The name in it.
    pub name: String,
}

/// Signs a package file; the time is in seconds since 1970.
pub type Sign = fn(&Path, &Signer<'_>, u64) -> Result<(), PackageError>;

/// Swaps prepared metadata into a collection.
pub type Swap = Box<dyn FnOnce(&Path) -> Result<(), PackageError>>;

/// What metadata is built from.
#[derive(Clone, Copy)]
pub struct Listing<'a> {
    pub collection: &'a Path,
    /// A private folder.
    pub work: &'a Path,
    /// Of packages of this kind, sorted by name and file.
    pub entries: &'a [&'a PackageEntry],
    /// Where files lie that are not in the collection yet, by their names.
    pub waiting: &'a BTreeMap<String, PathBuf>,
    /// What the metadata calls the suite: the target's name.
    pub suite: &'a str,
    /// Stands for the clock: seconds since 1970.
    pub time: u64,
    pub pool: Option<&'a Pool>,
    pub signer: Option<&'a Signer<'a>>,
    /// Where the folder is served, where clients get a file.
    pub url: Option<&'a str>,
    /// A note for the user about the address; may be empty.
    pub note: &'a str,
}

/// What client configuration files contain.
pub struct Client<'a> {
    /// A comment for the user who has to replace the address, a whole line; may be empty.
    pub note: &'a str,
    pub url: &'a str,
    pub suite: &'a str,
    /// What [`super::deb::pool::apt_source`] returns.
    pub source: &'a str,
    pub is_signed: bool,
}

/// Returns the ranks of texts in an order.
pub(crate) fn ranks(texts: &[String], compare: fn(&str, &str) -> Ordering) -> Vec<usize> {
    let mut sorted: Vec<&String> = texts.iter().collect();
    sorted.sort_by(|a, b| compare(a, b));
    sorted.dedup_by(|a, b| compare(a, b).is_eq());
    let place = |text: &String| sorted.partition_point(|known| compare(known, text).is_lt());
    texts.iter().map(place).collect()
}
