//! What a collection has to know of a package format.

pub mod client;
pub mod metadata;

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use self::client::is_placeholder;
use super::PackageError;
use super::{deb::pool::Pool, package::Stanza};
use super::{deb::repository::Deb, rpm::repository::Rpm};
use crate::{base::signing::Signer, plan::relation::Strength};

/// A package format as collections see it: how its package files are read, ordered, signed and
/// listed.
pub trait Kind: Sync {
    /// The format's name.
    fn format(&self) -> &str;

    /// How the names of its package files end: `.rpm`.
    fn suffix(&self) -> &str;

    /// Reads a package file.
    ///
    /// # Errors
    /// It cannot be read, or is not a package.
    fn read(&self, path: &Path) -> Result<Stanza, PackageError>;

    /// What the package file at `path`, of which the stanza is, says of its relations.
    ///
    /// # Errors
    /// The file cannot be read.
    fn relations(
        &self,
        stanza: &Stanza,
        path: &Path,
    ) -> Result<Vec<(Strength, String)>, PackageError>;

    /// The places of versions (`[EPOCH:]VERSION[-RELEASE]`) in the format's order: a higher number
    /// is a newer version, and equal ones have the same.
    ///
    /// # Errors
    /// The order of versions is unknown.
    fn ranks(&self, versions: &[String]) -> Result<Vec<usize>, PackageError>;

    /// The folder of a package, relative to the collection; empty for the collection's own.
    fn folder(&self, _package: &str, _pool: Option<&Pool>) -> String {
        String::new()
    }

    /// What signs a package file in its place; nothing for a format whose packages hold no
    /// signatures.
    fn signature(&self) -> Option<Sign> {
        None
    }

    /// Whether the metadata of a collection is signed.
    fn is_signed(&self, collection: &Path) -> bool;

    /// Prepares the metadata that describes exactly the packages listed; nothing where it is there
    /// already.
    ///
    /// # Errors
    /// It cannot be written or signed.
    fn prepare(&self, listing: &Listing<'_>) -> Result<Option<Swap>, PackageError>;

    /// The file by which clients find a collection: its name, and what stands before the address in
    /// it; nothing where clients get none.
    fn client(&self) -> Option<(&str, &str)>;

    /// The text of that file; nothing where [`Kind::prepare`] writes it.
    fn client_text(&self, client: &Client<'_>) -> Option<String>;

    /// The requirements of packages that none of them meets; nothing where the packages of a
    /// distribution tell it (`distribution::Repository`).
    ///
    /// # Errors
    /// It is unknown what meets a requirement.
    fn unmet(&self, _stanzas: &[&Stanza]) -> Result<Option<Vec<Unmet>>, PackageError> {
        Ok(None)
    }

    /// The paths of the files that a package installs, where its stanza says that.
    fn paths<'s>(&self, _stanza: &'s Stanza) -> &'s [String] {
        &[]
    }
}

/// A requirement that nothing meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    pub package: String,
    /// In the format's words.
    pub relation: String,
    /// The name that it is about.
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
    pub stanzas: &'a [&'a Stanza],
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

/// What clients have to know.
pub struct Client<'a> {
    /// A comment for the user who has to replace the address, a whole line; may be empty.
    pub note: &'a str,
    pub url: &'a str,
    pub suite: &'a str,
    /// What [`super::apt_source`] says.
    pub source: &'a str,
    pub is_signed: bool,
}

/// The kinds that are known.
#[derive(Clone)]
pub struct Kinds<'a>(Vec<&'a dyn Kind>);

impl Default for Kinds<'_> {
    /// The built-in ones.
    fn default() -> Self {
        Self(vec![&Rpm, &Deb])
    }
}

impl fmt::Debug for Kinds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Kind::format)).finish()
    }
}

impl<'a> Kinds<'a> {
    /// These and another one.
    #[must_use]
    pub fn with(mut self, kind: &'a dyn Kind) -> Self {
        self.0.push(kind);
        self
    }

    /// Every kind.
    pub fn iter(&self) -> impl Iterator<Item = &'a dyn Kind> {
        self.0.iter().copied()
    }

    /// The kind of a format.
    pub fn of(&self, format: &str) -> Option<&'a dyn Kind> {
        self.iter().find(|kind| kind.format() == format)
    }

    /// The kind of package that a file is by its name.
    pub fn of_file(&self, path: &Path) -> Option<&'a dyn Kind> {
        let name = path.file_name()?.to_str()?;
        self.iter().find(|kind| name.ends_with(kind.suffix()))
    }

    /// Reads a package file of the kind that its name says.
    ///
    /// # Errors
    /// It cannot be read, or is not a package.
    pub fn read(&self, path: &Path) -> Result<Stanza, PackageError> {
        match self.of_file(path) {
            Some(kind) => kind.read(path),
            None => {
                let endings: Vec<String> =
                    self.iter().map(|kind| format!("`{}`", kind.suffix())).collect();
                Err(PackageError::Package {
                    path: path.to_owned(),
                    reason: format!("its name does not end in any of {}", endings.join(", ")),
                })
            }
        }
    }

    /// The address that the files for clients in a folder state.
    pub(crate) fn known_url(&self, folder: &Path) -> Option<String> {
        self.iter().find_map(|kind| {
            let (file, key) = kind.client()?;
            let text = fs::read_to_string(folder.join(file)).ok()?;
            let known = text.lines().find_map(|line| Some(line.strip_prefix(key)?.to_owned()));
            known.filter(|url| !is_placeholder(url))
        })
    }
}

/// The places of texts in an order.
pub(crate) fn ranks(texts: &[String], compare: fn(&str, &str) -> Ordering) -> Vec<usize> {
    let mut sorted: Vec<&String> = texts.iter().collect();
    sorted.sort_by(|a, b| compare(a, b));
    sorted.dedup_by(|a, b| compare(a, b).is_eq());
    let place = |text: &String| sorted.partition_point(|known| compare(known, text).is_lt());
    texts.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_have_higher_places() {
        let versions = ["2-1", "1:0-1", "2~rc1-1", "2-1"].map(str::to_owned);
        for kind in Kinds::default().iter() {
            assert_eq!(kind.ranks(&versions).unwrap(), [1, 2, 0, 1], "{}", kind.format());
        }
    }

    #[test]
    fn files_are_of_the_kind_that_their_names_say() {
        let kinds = Kinds::default();
        let format = |path: &str| kinds.of_file(Path::new(path)).map(Kind::format);
        assert_eq!(format("a/x-1-1.noarch.rpm"), Some("rpm"));
        assert_eq!(format("x_1_all.deb"), Some("deb"));
        assert_eq!(format("x.debian"), None);
        let error = kinds.read(Path::new("x.txt")).unwrap_err().to_string();
        assert_eq!(
            error,
            "`x.txt` is not a usable package file: its name does not end in any of `.rpm`, `.deb`"
        );
    }
}
