//! A collection's folder, and adding a run's results to it.

use std::{
    collections::BTreeMap,
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
};

use rayon::prelude::*;

use super::{
    CollectionError, CollectionManifest, DistributionRecord, FailureRecord, MANIFEST_FILE,
    PackageRecord, Staging, Stanza, Why,
    publish::Metadata,
    staging::{Lock, create_folder, rename, swap, write},
    stanza::{is_package, read},
};
use crate::{build::BuiltPackage, plan::PackagePlan, recipe::Recipe, target::Target};

/// The folder of recipes in a collection: one folder a package.
const RECIPES: &str = "recipes";

/// A folder of packages for one target, with repository metadata, recipes and a manifest.
#[derive(Debug)]
pub struct Collection {
    folder: PathBuf,
    /// What the manifest of this target is when the collection is empty.
    empty: CollectionManifest,
}

/// A package that a run has built.
#[derive(Debug)]
pub struct Addition<'a> {
    pub plan: &'a PackagePlan,
    /// Its file lies on the collection's file system, usually in a [`Staging`] folder. It is moved.
    pub built: &'a BuiltPackage,
    pub recipe: &'a Recipe,
    pub why: Why,
}

impl Collection {
    /// Opens the collection in `folder`, which is created where it is missing.
    ///
    /// Fails where the folder cannot be written to, and where it is a collection for another
    /// target.
    pub fn open(folder: &Path, target: &Target) -> Result<Self, CollectionError> {
        create_folder(folder)?;
        let collection = Self { folder: folder.to_owned(), empty: CollectionManifest::new(target) };
        let _lock = Lock::take(folder)?;
        collection.manifest()?;
        Ok(collection)
    }

    /// A private folder for building packages; it is removed with the answer.
    pub fn staging(&self) -> Result<Staging, CollectionError> {
        let lock = Lock::take(&self.folder)?;
        Staging::new(&self.folder, &lock)
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

    /// Adds what a run has built, and answers with what is in the collection now.
    ///
    /// Waits for other runs that change the collection. Everything is prepared in a private folder
    /// first, so that a failure until then changes nothing; then packages are moved in, recipes
    /// and repository metadata are swapped in, and the manifest is replaced.
    pub fn add(
        &self,
        additions: &[Addition<'_>],
        failures: Vec<FailureRecord>,
        distribution: Vec<DistributionRecord>,
    ) -> Result<CollectionManifest, CollectionError> {
        let lock = Lock::take(&self.folder)?;
        let work = Staging::new(&self.folder, &lock)?;
        let mut manifest = self.manifest()?;
        let added = read_additions(additions)?;
        let mut stanzas: BTreeMap<String, Stanza> =
            named(read_all(&package_files(&self.folder)?)?).collect();
        let changed: Vec<&Path> = additions
            .iter()
            .zip(&added)
            .filter(|(_, stanza)| stanzas.get(&stanza.file) != Some(stanza))
            .map(|(addition, _)| addition.built.path.as_path())
            .collect();
        stanzas.extend(named(added.clone()));

        manifest.packages.retain(|record| stanzas.contains_key(&record.file));
        let records =
            additions.iter().zip(&added).map(|(addition, stanza)| record(addition, stanza));
        manifest.merge(records.collect(), failures, distribution);
        let mut stanzas: Vec<Stanza> = stanzas.into_values().collect();
        let metadata =
            Metadata::prepare(&self.folder, work.path(), &mut stanzas, &manifest.target)?;
        let recipes = work.path().join(RECIPES);
        write_recipes(additions, &recipes)?;
        let manifest_file = work.path().join(MANIFEST_FILE);
        write(&manifest_file, manifest.to_json().as_bytes())?;

        for path in changed {
            rename(path, &self.folder.join(path.file_name().unwrap_or_default()))?;
        }
        create_folder(&self.folder.join(RECIPES))?;
        for Addition { plan, .. } in additions {
            let place = Path::new(RECIPES).join(&plan.package);
            swap(&work.path().join(&place), &self.folder.join(&place))?;
        }
        metadata.publish(&self.folder)?;
        rename(&manifest_file, &self.folder.join(MANIFEST_FILE))?;
        Ok(manifest)
    }
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

fn read_all(files: &[PathBuf]) -> Result<Vec<Stanza>, CollectionError> {
    files.par_iter().map(|path| read(path)).collect()
}

fn named(stanzas: Vec<Stanza>) -> impl Iterator<Item = (String, Stanza)> {
    stanzas.into_iter().map(|stanza| (stanza.file.clone(), stanza))
}

/// The stanzas of new packages, which are on the disk and what their plans say when this returns.
fn read_additions(additions: &[Addition<'_>]) -> Result<Vec<Stanza>, CollectionError> {
    let mut seen = BTreeMap::new();
    for Addition { plan, .. } in additions {
        if let Some(first) = seen.insert(&plan.package, &plan.project) {
            return Err(CollectionError::Twice {
                package: plan.package.clone(),
                first: first.to_string(),
                second: plan.project.to_string(),
            });
        }
    }
    additions
        .par_iter()
        .map(|Addition { plan, built, .. }| {
            let stanza = read(&built.path)?;
            if stanza.package != plan.package || !stays_inside(&plan.package) {
                return Err(CollectionError::OtherPackage {
                    path: built.path.clone(),
                    found: stanza.package,
                    planned: plan.package.clone(),
                });
            }
            File::open(&built.path)
                .and_then(|file| file.sync_all())
                .map_err(CollectionError::io("write", &built.path))?;
            Ok(stanza)
        })
        .collect()
}

fn record(addition: &Addition<'_>, stanza: &Stanza) -> PackageRecord {
    let plan = addition.plan;
    PackageRecord {
        package: stanza.package.clone(),
        evr: stanza.evr.clone(),
        architecture: stanza.architecture.clone(),
        file: stanza.file.clone(),
        size: stanza.size,
        sha256: stanza.sha256.clone(),
        project: plan.project.clone(),
        release: plan.release.clone(),
        source: plan.source.clone(),
        licence: plan.licence.clone(),
        why: addition.why.clone(),
        relations: plan.relations.clone(),
        recipe: format!("{RECIPES}/{}", stanza.package),
    }
}

/// Whether a relative path leads to something below where it begins.
fn stays_inside(path: &str) -> bool {
    !path.is_empty()
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Writes one folder a package below `folder`.
fn write_recipes(additions: &[Addition<'_>], folder: &Path) -> Result<(), CollectionError> {
    for Addition { plan, recipe, .. } in additions {
        create_folder(&folder.join(&plan.package))?;
        for (name, file) in &recipe.files {
            if !stays_inside(name) {
                return Err(CollectionError::RecipePath {
                    package: plan.package.clone(),
                    file: name.clone(),
                });
            }
            let path = folder.join(&plan.package).join(name);
            create_folder(path.parent().unwrap_or(folder))?;
            write(&path, file.text.as_bytes())?;
            let mode = if file.executable { 0o755 } else { 0o644 };
            fs::set_permissions(&path, Permissions::from_mode(mode))
                .map_err(CollectionError::io("set the mode of", &path))?;
        }
    }
    Ok(())
}
