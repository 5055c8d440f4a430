//! The packages of a run on their way into a collection.

use std::{collections::BTreeMap, fs, path::Path};

use super::{
    BuiltRecord, CollectionError, CollectionManifest, Outcome, PackageRecord, Record, Records, Why,
};
use crate::base::files::{durable::create_folder, make_executable, publish_file};

/// A package that was built.
pub(super) struct BuiltPackageFound<'r> {
    pub record: &'r Record,
    pub built: &'r BuiltRecord,
    pub why: &'r Why,
}

/// The built ones, each of which has a name of its own and a file.
pub(super) fn only_built<'r>(
    all: &'r [(Record, Why)],
    records: &Records<'_>,
    folder: &Path,
) -> Result<Vec<BuiltPackageFound<'r>>, CollectionError> {
    let mut seen = BTreeMap::new();
    let mut found = Vec::new();
    for (record, why) in all {
        let Outcome::Built(built) = &record.outcome else { continue };
        let package = &built.package;
        if let Some(first) = seen.insert(&package.package, &package.project) {
            return Err(CollectionError::Twice {
                package: package.package.clone(),
                first: first.to_string(),
                second: package.project.to_string(),
            });
        }
        if records.is_gone(record) {
            return Err(CollectionError::Gone { path: folder.join(&built.entry.file) });
        }
        found.push(BuiltPackageFound { record, built, why });
    }
    Ok(found)
}

/// What the manifest says of them.
pub(super) fn entries(all: &[BuiltPackageFound<'_>]) -> Vec<PackageRecord> {
    let entry = |BuiltPackageFound { built, why, .. }: &BuiltPackageFound<'_>| PackageRecord {
        why: (*why).clone(),
        ..built.package.clone()
    };
    all.iter().map(entry).collect()
}

/// Writes one folder a package below `folder`.
pub(super) fn write_recipes(built: &[&BuiltRecord], folder: &Path) -> Result<(), CollectionError> {
    for BuiltRecord { package, recipe, .. } in built {
        create_folder(&folder.join(&package.package))?;
        for (name, file) in &recipe.files {
            let path = folder.join(&package.package).join(name);
            create_folder(path.parent().unwrap_or(folder))?;
            fs::write(&path, &file.text).map_err(CollectionError::at("write", &path))?;
            if file.executable {
                make_executable(&path)?;
            } else {
                publish_file(&path).map_err(CollectionError::at("set the mode of", &path))?;
            }
        }
    }
    Ok(())
}

/// Replaces what a manifest says of packages by what their records say, which have digests.
pub(super) fn restore(manifest: &mut CollectionManifest, records: &Records<'_>) {
    let records = records.all_built();
    let built = records.values().filter_map(|record| match &record.outcome {
        Outcome::Built(built) => Some((built.entry.file.as_str(), &built.package)),
        Outcome::Failed(_) => None,
    });
    let built: BTreeMap<&str, &PackageRecord> = built.collect();
    for entry in &mut manifest.packages {
        if let Some(record) = built.get(entry.file_name()) {
            *entry = PackageRecord { why: std::mem::take(&mut entry.why), ..(*record).clone() };
        }
    }
}
