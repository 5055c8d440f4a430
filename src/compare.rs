//! What has changed from one collection to another.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Serialize;

use crate::{
    check::{CheckError, manifest, newest},
    collection::PackageRecord,
    distribution::Available,
};

/// Where commands are.
const COMMANDS: &str = "/usr/bin/";

/// The differences of two collections, by package; all lists are sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// Packages of the second only, and their versions.
    pub added: BTreeMap<String, String>,
    /// Packages of the first only.
    pub removed: BTreeMap<String, String>,
    pub changed: BTreeMap<String, Change>,
}

/// What has changed in a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<FromTo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<FromTo>,
    /// What it requires, of the collection and of the system.
    pub requires: Lists,
    pub commands: Lists,
    /// All other files.
    pub files: Lists,
}

/// A value that is another one now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FromTo {
    pub from: String,
    pub to: String,
}

/// What has come and what has gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lists {
    pub added: Vec<String>,
    pub removed: Vec<String>,
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Compares the newest builds of two collections' packages.
///
/// # Errors
/// A folder that is no collection, or whose metadata or packages cannot be read.
pub fn compare(old: &Path, new: &Path) -> Result<Comparison, CheckError> {
    let (old, new) = (packages(old)?, packages(new)?);
    let only = |these: &BTreeMap<String, Package>, those: &BTreeMap<String, Package>| {
        let names = these.iter().filter(|(name, _)| !those.contains_key(*name));
        names.map(|(name, package)| (name.clone(), package.record.evr.to_string())).collect()
    };
    let changed = old.iter().filter_map(|(name, before)| {
        let change = before.change(new.get(name)?);
        (change != Change::default()).then(|| (name.clone(), change))
    });
    Ok(Comparison {
        added: only(&new, &old),
        removed: only(&old, &new),
        changed: changed.collect(),
    })
}

/// A package of a collection.
struct Package {
    record: PackageRecord,
    requires: BTreeSet<String>,
    commands: BTreeSet<String>,
    files: BTreeSet<String>,
}

fn packages(folder: &Path) -> Result<BTreeMap<String, Package>, CheckError> {
    let manifest = manifest(folder)?;
    let mut listed: BTreeMap<String, Available> = newest(folder, &manifest)?
        .into_iter()
        .map(|package| (package.package.clone(), package))
        .collect();
    let mut packages = BTreeMap::new();
    for record in manifest.packages {
        let Some(available) = listed.remove(&record.package) else { continue };
        // The folder of a project's metadata has its version in its name.
        let version = format!("-{}.dist-info/", record.release);
        let paths =
            available.paths.into_iter().map(|path| path.replace(&version, "-VERSION.dist-info/"));
        let (commands, files) = paths.partition(|path| path.starts_with(COMMANDS));
        let requires = available.requires.into_iter().collect();
        packages.insert(record.package.clone(), Package { record, requires, commands, files });
    }
    Ok(packages)
}

impl Package {
    fn change(&self, new: &Self) -> Change {
        let from_to = |from: String, to: String| (from != to).then_some(FromTo { from, to });
        let (old, now) = (&self.record, &new.record);
        Change {
            version: from_to(old.evr.to_string(), now.evr.to_string()),
            licence: from_to(old.licence.expression.clone(), now.licence.expression.clone()),
            requires: lists(&self.requires, &new.requires),
            commands: lists(&self.commands, &new.commands),
            files: lists(&self.files, &new.files),
        }
    }
}

fn lists(old: &BTreeSet<String>, new: &BTreeSet<String>) -> Lists {
    Lists {
        added: new.difference(old).cloned().collect(),
        removed: old.difference(new).cloned().collect(),
    }
}
