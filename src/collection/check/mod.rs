//! Whether a collection holds together: every file whole, every relation met, no path owned twice.

mod foreign;
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
    builder::{deb_paths, rpm_files},
    collection::{CollectionError, CollectionManifest, Kinds, MANIFEST_FILE},
    distro::repositories::{Available, Repository, RepositoryError, open_collection},
    plan::{below, relation::Capability},
};

pub use self::install::{Installation, Installed};

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
    Repository(#[from] RepositoryError),
    /// A tool that is missing or fails, and why.
    #[error("{0}")]
    Tool(String),
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

/// The manifest of a collection's folder.
///
/// # Errors
/// A folder without one, or one that cannot be read.
pub fn manifest(folder: &Path) -> Result<CollectionManifest, CheckError> {
    let manifest = CollectionManifest::read(&folder.join(MANIFEST_FILE))?;
    manifest.ok_or_else(|| CheckError::NoManifest(folder.display().to_string()))
}

/// The packages that a manifest names, as the repository lists them and with their paths: the newest
/// build of each.
///
/// # Errors
/// Repository metadata or packages that cannot be read.
pub fn newest(
    folder: &Path,
    manifest: &CollectionManifest,
    kinds: &Kinds<'_>,
) -> Result<Vec<Available>, CheckError> {
    if let Some(kind) = foreign::kind(manifest, kinds) {
        return foreign::newest(folder, manifest, kind);
    }
    let is_deb = manifest.format == "deb";
    let mut packages = open_collection(folder, is_deb)?.packages;
    packages.retain(named(manifest));
    if is_deb {
        for package in &mut packages {
            package.paths = deb_paths(&folder.join(&package.file)).map_err(CheckError::Tool)?;
        }
    }
    Ok(packages)
}

/// Whether a manifest names a package: the newest build of each.
fn named(manifest: &CollectionManifest) -> impl Fn(&Available) -> bool {
    let named: BTreeSet<&str> = manifest.packages.iter().map(|entry| entry.file.as_str()).collect();
    move |package| named.contains(package.file.trim_start_matches("./"))
}

/// Checks a collection by its own data, and with `distribution` also what it leaves to that.
///
/// # Errors
/// Repository metadata that cannot be read.
pub fn check(
    folder: &Path,
    manifest: &CollectionManifest,
    distribution: Option<&Repository>,
    kinds: &Kinds<'_>,
) -> Result<Report, CheckError> {
    if let Some(kind) = foreign::kind(manifest, kinds) {
        return foreign::check(folder, manifest, kind);
    }
    let is_deb = manifest.format == "deb";
    let mut repository = open_collection(folder, is_deb)?;
    let mut report = Report { packages: repository.packages.len(), ..Report::default() };
    let files: Vec<(String, Result<Vec<String>, String>)> = repository
        .packages
        .par_iter()
        .map(|package| (package.package.clone(), file(folder, package, is_deb)))
        .collect();
    for (at, (package, found)) in files.into_iter().enumerate() {
        match found {
            Ok(paths) if is_deb => repository.packages[at].paths = paths,
            Ok(_) => {}
            Err(problem) => report.add(&package, problem),
        }
    }
    let mut listed: BTreeSet<&str> =
        manifest.packages.iter().map(|record| record.file.as_str()).collect();
    for package in &repository.packages {
        listed.remove(package.file.trim_start_matches("./"));
    }
    for file in listed {
        report.add(file, "is in the manifest, but not in the repository".to_owned());
    }
    // Older builds that are kept have to be whole, but nobody installs them beside newer ones.
    repository.retain(named(manifest));
    let owned = repository.packages.iter().map(|p| (p.package.as_str(), p.paths.as_slice()));
    let same =
        |path: &str, owners: &BTreeSet<&str>| !is_deb && is_same(folder, &repository, path, owners);
    owners(owned, &same, &mut report);
    if let Some(distribution) = distribution {
        precedence::superseded(&repository, distribution, &mut report);
        if is_deb {
            precedence::outside_bounds(manifest, &repository, distribution, &mut report);
        }
    }
    let left = Left::of(manifest, is_deb);
    for package in &repository.packages {
        for relation in &package.requires {
            relations(package, relation, &repository, distribution, &left, &mut report);
        }
    }
    Ok(report)
}

impl Report {
    fn add(&mut self, package: &str, problem: String) {
        self.problems.entry(package.to_owned()).or_default().push(problem);
    }
}

/// Looks at a package's file: the paths that it installs, where the repository does not list them.
fn file(folder: &Path, package: &Available, is_deb: bool) -> Result<Vec<String>, String> {
    let path = folder.join(&package.file);
    let bytes = fs::read(&path).map_err(|error| format!("`{}`: {error}", package.file))?;
    if hex::encode(Sha256::digest(&bytes)) != package.sha256 {
        return Err(format!("`{}` is not the file that the repository lists", package.file));
    }
    if is_deb {
        deb_paths(&path).map_err(|error| format!("`{}`: {error}", package.file))
    } else {
        Ok(Vec::new())
    }
}

/// Whether a file is the same in all packages of those names: rpm lets them own it together.
fn is_same(folder: &Path, repository: &Repository, path: &str, owners: &BTreeSet<&str>) -> bool {
    let packages = repository.packages.iter().filter(|p| owners.contains(p.package.as_str()));
    let mut found =
        packages.filter(|package| package.paths.iter().any(|own| own == path)).map(|package| {
            rpm_files(&folder.join(&package.file)).ok().and_then(|mut f| f.remove(path))
        });
    let first = found.next().flatten();
    first.is_some() && found.all(|other| other == first)
}

/// Paths that more than one package owns, but for those that `same` allows, and files where other
/// packages have folders.
fn owners<'p>(
    packages: impl Iterator<Item = (&'p str, &'p [String])>,
    same: &dyn Fn(&str, &BTreeSet<&str>) -> bool,
    report: &mut Report,
) {
    let mut owners: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (package, paths) in packages {
        for path in paths {
            owners.entry(path).or_default().insert(package);
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
    for (path, packages) in owners.into_iter().filter(|(_, packages)| packages.len() > 1) {
        if same(path, &packages) {
            continue;
        }
        for package in &packages {
            let others: Vec<&str> = packages.iter().copied().filter(|p| p != package).collect();
            report.add(package, format!("owns `{path}`, as does {}", others.join(", ")));
        }
    }
}

/// What a collection leaves to the distribution on purpose.
struct Left {
    is_deb: bool,
    /// Packages, or on rpm projects.
    names: BTreeSet<String>,
}

impl Left {
    fn of(manifest: &CollectionManifest, is_deb: bool) -> Self {
        let mut names = BTreeSet::new();
        for relation in manifest.packages.iter().flat_map(|record| &record.relations) {
            match &relation.capability {
                Capability::Project { project, package, candidate: None, .. } => {
                    names.insert(if is_deb { package.to_string() } else { project.to_string() });
                }
                Capability::Package { name, .. } => {
                    names.extend(name.split(" | ").map(str::to_owned));
                }
                _ => {}
            }
        }
        Self { is_deb, names }
    }

    /// Whether a name is the distribution's business.
    fn has(&self, name: &str) -> bool {
        if self.names.contains(name) {
            return true;
        }
        if self.is_deb {
            !name.starts_with("python3-")
        } else {
            // Projects are only those of the collection.
            match name.split_once("dist(") {
                Some((_, project)) => self.names.contains(project.trim_end_matches(')')),
                None => true,
            }
        }
    }
}

fn relations(
    package: &Available,
    relation: &str,
    repository: &Repository,
    distribution: Option<&Repository>,
    left: &Left,
    report: &mut Report,
) {
    let met = |repository: &Repository| repository.satisfying(relation).map(|f| f.is_some());
    match met(repository) {
        Ok(true) => return,
        Err(error) => return report.add(&package.package, error.to_string()),
        Ok(false) => {}
    }
    // What rpm itself provides.
    if relation.starts_with("rpmlib(") {
        return;
    }
    if let Some(distribution) = distribution {
        match met(distribution) {
            Ok(true) => drop(report.distribution.insert(relation.to_owned())),
            _ => report.add(
                &package.package,
                format!(
                    "requires `{relation}`, which neither the collection nor the distribution has"
                ),
            ),
        }
        return;
    }
    let names = repository.names(relation);
    let is_left = names.iter().any(|name| left.has(name) && !repository.has_name(name));
    if is_left {
        report.distribution.insert(relation.to_owned());
    } else {
        report.add(
            &package.package,
            format!("requires `{relation}`, which nothing in the collection satisfies"),
        );
    }
}
