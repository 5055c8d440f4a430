//! Apt repositories (`Packages`, `Release`).

mod control;
mod index;
mod paragraph;
mod publish;
mod relations;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub(crate) use self::paragraph::entry;
use super::{Deb, build, packages, pool::Pool};
use crate::{
    format::{
        PackageEntry, PackageError,
        package::read_with,
        repository::{Client, Listed, Listing, Repository, Swap, client::NAME},
    },
    plan::relation::Strength,
};

/// What `Packages` states of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DebMetadata {
    pub paragraph: String,
}

impl Repository for Deb {
    fn read(&self, path: &Path) -> Result<PackageEntry, PackageError> {
        read_with(path, |input, file| entry(input, &file))
    }

    fn relations(
        &self,
        entry: &PackageEntry,
        _path: &Path,
    ) -> Result<Vec<(Strength, String)>, PackageError> {
        Ok(relations::relations(entry))
    }

    fn listed(&self, folder: &Path, _suite: &str) -> Result<Listed, PackageError> {
        let mut entries = BTreeMap::new();
        for list in lists(folder) {
            let text = fs::read_to_string(&list).map_err(PackageError::at("read", &list))?;
            let found = packages::packages(&text, None).into_iter();
            entries.extend(found.map(|entry| (entry.place(), entry)));
        }
        Ok(Listed { entries: entries.into_values().collect(), ..Listed::default() })
    }

    /// Lists of packages do not state their paths.
    fn paths(&self, _entry: &PackageEntry, path: &Path) -> Result<Vec<String>, PackageError> {
        let refuse = |reason| PackageError::Package { path: path.to_owned(), reason };
        build::paths(path).map_err(refuse)
    }

    fn folder(&self, package: &str, pool: Option<&Pool>) -> String {
        pool.map(|pool| pool.folder(package)).unwrap_or_default()
    }

    fn is_signed(&self, collection: &Path) -> bool {
        let suite = Pool::of(collection).map(|pool| pool.metadata()).unwrap_or_default();
        let places =
            [Path::new(publish::SIGNED).to_owned(), Path::new(&suite).join(publish::SIGNED)];
        places.iter().any(|path| collection.join(path).exists())
    }

    fn prepare(&self, listing: &Listing<'_>) -> Result<Option<Swap>, PackageError> {
        let index = publish::prepare(listing)?;
        Ok(index.map(|index| -> Swap { Box::new(move |collection| index.publish(collection)) }))
    }

    fn client(&self) -> Option<(&str, &str)> {
        Some(("pypi2pkg.sources", "URIs: "))
    }

    /// Source: sources.list(5).
    fn client_text(&self, client: &Client<'_>) -> Option<String> {
        let Client { note, url, source, is_signed, .. } = client;
        let suites = source.replacen(' ', "\nComponents: ", 1);
        let trust = if *is_signed {
            format!("Signed-By: /etc/apt/keyrings/{NAME}.asc\n")
        } else {
            "Trusted: yes\n".to_owned()
        };
        Some(format!(
            "# /etc/apt/sources.list.d/{NAME}.sources\n{note}Types: deb\nURIs: {url}\nSuites: {suites}\n\
             {trust}"
        ))
    }
}

/// The lists of packages of an apt repository: of a flat one, or one for each architecture.
fn lists(folder: &Path) -> Vec<PathBuf> {
    let suites = walkdir::WalkDir::new(folder.join("dists")).sort_by_file_name().into_iter();
    let lists = suites.flatten().filter(|entry| entry.file_name() == "Packages");
    let lists: Vec<PathBuf> = lists.map(walkdir::DirEntry::into_path).collect();
    if lists.is_empty() { vec![folder.join("Packages")] } else { lists }
}
