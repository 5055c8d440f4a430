//! Whether a collection holds together: every file whole, every relation met, no path owned twice.

mod install;
mod precedence;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    collection::{CollectionError, CollectionManifest, MANIFEST_FILE},
    format::{
        Format, Formats, PackageEntry, PackageError,
        host::{HostError, HostPackages, InstallError, LeftToDistribution, PackageSet},
        package::FormatData,
        repository::{Listed, Repository, Unmet},
    },
    plan::{
        below,
        relation::{Capability, Strength},
    },
};

pub use self::install::{Installed, install};

/// What was found in a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The number of packages.
    pub packages: usize,
    /// By package; a package without any is not here.
    pub problems: BTreeMap<String, Vec<String>>,
    /// What the distribution must have: relations that nothing here meets and nothing here should.
    pub distribution: BTreeSet<String>,
}

/// Why a collection could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(transparent)]
    Collection(#[from] CollectionError),
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(transparent)]
    Install(#[from] InstallError),
    /// A collection of a format that no plugin provides.
    #[error("nothing here reads packages of the format `{0}`")]
    Format(String),
    #[error("`{0}` is not a collection: it has no `{MANIFEST_FILE}`")]
    NoManifest(String),
}

impl CheckError {
    /// Returns the remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        let is_unknown = matches!(self, Self::NoManifest(_));
        is_unknown.then(|| "use a folder that `pypi2pkg build -o` wrote".to_owned())
    }
}

impl From<PackageError> for CheckError {
    fn from(error: PackageError) -> Self {
        Self::Collection(error.into())
    }
}

/// The manifest of a collection's folder.
///
/// # Errors
/// A folder without one, or one that cannot be read.
pub fn manifest(folder: &Path) -> Result<CollectionManifest, CheckError> {
    let manifest = CollectionManifest::read(&folder.join(MANIFEST_FILE))?;
    manifest.ok_or_else(|| CheckError::NoManifest(folder.display().to_string()))
}

/// Returns the packages that a manifest names, as the repository lists them and with their paths and
/// requirements: the newest build of each.
///
/// # Errors
/// Repository metadata or packages cannot be read.
pub fn newest(
    folder: &Path,
    manifest: &CollectionManifest,
    formats: &Formats<'_>,
) -> Result<Vec<ListedPackage>, CheckError> {
    let repository = format_of(manifest, formats)?.repository();
    let mut entries = repository.listed(folder, &manifest.target)?.entries;
    entries.retain(named(manifest));
    let packages = entries.into_par_iter().map(|entry| {
        let path = folder.join(entry.place());
        let paths = repository.paths(&entry, &path)?;
        let requires = match &entry.data {
            FormatData::Listed(relations) => relations.requires.clone(),
            _ => requirements(repository.relations(&entry, &path)?),
        };
        Ok(ListedPackage { package: entry.package.clone(), entry, paths, requires })
    });
    packages.collect()
}

/// A package of a collection with what it installs and requires.
#[derive(Debug, Clone)]
pub struct ListedPackage {
    pub package: String,
    pub entry: PackageEntry,
    pub paths: Vec<String>,
    pub requires: Vec<String>,
}

fn requirements(relations: Vec<(Strength, String)>) -> Vec<String> {
    let required = relations.into_iter().filter(|(strength, _)| *strength == Strength::Requires);
    required.map(|(_, text)| text).collect()
}

/// The format of a collection's packages.
fn format_of<'f>(
    manifest: &CollectionManifest,
    formats: &Formats<'f>,
) -> Result<&'f dyn Format, CheckError> {
    let unknown = || CheckError::Format(manifest.format.clone());
    formats.of(&manifest.format).ok_or_else(unknown)
}

/// Whether a manifest names a package: the newest build of each.
fn named(manifest: &CollectionManifest) -> impl Fn(&PackageEntry) -> bool {
    let named: BTreeSet<&str> = manifest.packages.iter().map(|entry| entry.file.as_str()).collect();
    move |package| named.contains(package.place().trim_start_matches("./"))
}

/// Checks a collection by its own data, and with `distribution` also what it leaves to that.
///
/// # Errors
/// Repository metadata cannot be read, or the format is unknown.
pub fn check(
    folder: &Path,
    manifest: &CollectionManifest,
    distribution: Option<&PackageSet>,
    formats: &Formats<'_>,
) -> Result<Report, CheckError> {
    let format = format_of(manifest, formats)?;
    let repository = format.repository();
    let Listed { entries, problems } = repository.listed(folder, &manifest.target)?;
    let mut report = Report { packages: entries.len(), ..Report::default() };
    for (subject, problem) in problems {
        report.add(&subject, problem);
    }
    let looked_at: Vec<(PackageEntry, Result<Vec<String>, String>)> = entries
        .into_par_iter()
        .map(|entry| {
            let paths = file(folder, &entry, repository);
            (entry, paths)
        })
        .collect();
    listed(folder, manifest, &looked_at, &mut report);
    // Older builds that are kept have to be whole, but nobody installs them beside newer ones.
    let is_named = named(manifest);
    let mut newest = Vec::new();
    for (mut entry, paths) in looked_at {
        let paths = paths.unwrap_or_else(|problem| {
            report.add(&entry.package, problem);
            Vec::new()
        });
        if let FormatData::Listed(relations) = &mut entry.data {
            relations.paths = paths;
        }
        newest.extend(is_named(&entry).then_some(entry));
    }
    owners(folder, &newest, repository, &mut report);
    match format.host() {
        Some(host) => {
            let packages = PackageSet::new(&folder.display().to_string(), host, newest);
            if let Some(distribution) = distribution {
                precedence::superseded(&packages, distribution, &mut report);
                precedence::outside_bounds(manifest, (&packages, host), distribution, &mut report);
            }
            let left = left_to_distribution(manifest);
            relations(&packages, host, distribution, &left, &mut report);
        }
        None => {
            let entries: Vec<&PackageEntry> = newest.iter().collect();
            unmet(manifest, repository.unmet(&entries)?, &mut report);
        }
    }
    Ok(report)
}

impl Report {
    fn add(&mut self, package: &str, problem: String) {
        self.problems.entry(package.to_owned()).or_default().push(problem);
    }
}

/// Checks that a package's file is the listed one, and returns the paths that it installs.
fn file(
    folder: &Path,
    entry: &PackageEntry,
    repository: &dyn Repository,
) -> Result<Vec<String>, String> {
    let place = entry.place();
    let path = folder.join(&place);
    let bytes = fs::read(&path).map_err(|error| format!("`{place}`: {error}"))?;
    if hex::encode(Sha256::digest(&bytes)) != entry.sha256 {
        return Err(format!("`{place}` is not the file that the repository lists"));
    }
    repository.paths(entry, &path).map_err(|error| format!("`{place}`: {error}"))
}

/// Compares what the manifest names with what the repository lists.
fn listed(
    folder: &Path,
    manifest: &CollectionManifest,
    entries: &[(PackageEntry, Result<Vec<String>, String>)],
    report: &mut Report,
) {
    let found: BTreeMap<String, &str> = entries
        .iter()
        .map(|(entry, _)| {
            (entry.place().trim_start_matches("./").to_owned(), entry.sha256.as_str())
        })
        .collect();
    for record in &manifest.packages {
        match found.get(&record.file) {
            None if folder.join(&record.file).exists() => {
                report
                    .add(&record.file, "is in the manifest, but not in the repository".to_owned());
            }
            None => report.add(&record.package, format!("`{}` is not there", record.file)),
            Some(sum) if *sum != record.sha256 => report.add(
                &record.package,
                format!("`{}` is not the file that the manifest names", record.file),
            ),
            Some(_) => {}
        }
    }
}

/// Paths that more than one package owns, unless they may share them, and files where other packages
/// have folders.
fn owners(
    folder: &Path,
    packages: &[PackageEntry],
    repository: &dyn Repository,
    report: &mut Report,
) {
    let mut owners: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        for path in package.paths() {
            owners.entry(path).or_default().insert(&package.package);
        }
    }
    for (path, packages) in &owners {
        let others: BTreeSet<&str> =
            below(&owners, path).flat_map(|(_, others)| others).copied().collect();
        for (package, other) in
            packages.iter().flat_map(|package| others.iter().map(move |other| (*package, *other)))
        {
            if package != other {
                report.add(package, format!("owns the file `{path}`, a folder of {other}"));
            }
        }
    }
    for (path, names) in owners.into_iter().filter(|(_, names)| names.len() > 1) {
        let entries = packages.iter().filter(|package| names.contains(package.package.as_str()));
        if repository.is_shared(folder, &entries.collect::<Vec<_>>(), path) {
            continue;
        }
        for package in &names {
            let others: Vec<&str> = names.iter().copied().filter(|name| name != package).collect();
            report.add(package, format!("owns `{path}`, as does {}", others.join(", ")));
        }
    }
}

/// What a collection leaves to the distribution on purpose.
fn left_to_distribution(manifest: &CollectionManifest) -> LeftToDistribution {
    let mut left = LeftToDistribution::default();
    for relation in manifest.packages.iter().flat_map(|record| &record.relations) {
        match &relation.capability {
            Capability::Project { project, package, candidate: None, .. } => {
                left.projects.insert(project.to_string());
                left.packages.insert(package.to_string());
            }
            Capability::Package { name, .. } => {
                left.packages.extend(name.split(" | ").map(str::to_owned));
            }
            _ => {}
        }
    }
    left
}

/// Checks that every requirement is met, by the collection or by the distribution.
fn relations(
    packages: &PackageSet,
    host: &dyn HostPackages,
    distribution: Option<&PackageSet>,
    left: &LeftToDistribution,
    report: &mut Report,
) {
    let required = packages.packages.iter().flat_map(|package| {
        package.requires().iter().map(|relation| (package.package.as_str(), relation.as_str()))
    });
    for (package, relation) in required {
        match packages.satisfying(relation) {
            Err(error) => report.add(package, error.to_string()),
            Ok(Some(_)) => {}
            Ok(None) if host.is_internal(relation) => {}
            Ok(None) => {
                let is_met = match distribution {
                    Some(distribution) => matches!(distribution.satisfying(relation), Ok(Some(_))),
                    None => host.names(relation).iter().any(|name| {
                        host.is_of_distribution(name, left) && !packages.has_name(name)
                    }),
                };
                if is_met {
                    report.distribution.insert(relation.to_owned());
                } else {
                    let missing = match distribution {
                        Some(_) => "which neither the collection nor the distribution has",
                        None => "which nothing in the collection satisfies",
                    };
                    report.add(package, format!("requires `{relation}`, {missing}"));
                }
            }
        }
    }
}

/// Requirements that nothing meets are the distribution's, unless the collection has a package of that
/// name or planned one.
fn unmet(manifest: &CollectionManifest, unmet: Vec<Unmet>, report: &mut Report) {
    let relations = manifest.packages.iter().flat_map(|record| &record.relations);
    let planned = relations.filter_map(|relation| match &relation.capability {
        Capability::Project { package, candidate: Some(_), .. } => Some(&**package),
        _ => None,
    });
    let own = manifest.packages.iter().map(|record| record.package.as_str());
    let own: BTreeSet<&str> = own.chain(planned).collect();
    for Unmet { package, relation, name } in unmet {
        if own.contains(name.as_str()) {
            report.add(
                &package,
                format!("requires `{relation}`, which nothing in the collection satisfies"),
            );
        } else {
            report.distribution.insert(relation);
        }
    }
}
