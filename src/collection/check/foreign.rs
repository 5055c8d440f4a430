//! Collections of a format that a plugin provides: it says what packages hold, and what meets their
//! requirements.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use rayon::prelude::*;

use super::{CheckError, Report, owners};
use crate::{
    base::files::Temporary,
    collection::{CollectionError, CollectionManifest},
    format::{
        host::Available,
        package::Stanza,
        repository::{Kind, Kinds, Listing, Unmet},
    },
    plan::relation::{Capability, Strength},
};

/// The kind of a collection's packages, where it is not a built-in one.
pub(super) fn kind<'k>(manifest: &CollectionManifest, kinds: &Kinds<'k>) -> Option<&'k dyn Kind> {
    let is_built_in = Kinds::default().of(&manifest.format).is_some();
    if is_built_in { None } else { kinds.of(&manifest.format) }
}

/// The packages that a manifest names.
pub(super) fn newest(
    folder: &Path,
    manifest: &CollectionManifest,
    kind: &dyn Kind,
) -> Result<Vec<Available>, CheckError> {
    let records = manifest.packages.par_iter();
    let packages = records.map(|record| {
        let stanza = kind.read(&folder.join(&record.file))?;
        let relations = kind.relations(&stanza, &folder.join(&record.file))?.into_iter();
        Ok(Available {
            version: stanza.evr.to_string(),
            requires: relations
                .filter(|(strength, _)| *strength == Strength::Requires)
                .map(|(_, text)| text)
                .collect(),
            file: record.file.clone(),
            paths: kind.paths(&stanza).to_vec(),
            sha256: stanza.sha256,
            package: stanza.package,
            provides: Vec::new(),
        })
    });
    packages.collect()
}

/// Checks a collection by its own packages.
pub(super) fn check(
    folder: &Path,
    manifest: &CollectionManifest,
    kind: &dyn Kind,
) -> Result<Report, CheckError> {
    let mut report = Report::default();
    let failed = CollectionError::at("read", folder);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(&failed)? {
        let entry = entry.map_err(&failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        files.extend((is_plain && name.ends_with(kind.suffix())).then_some(name));
    }
    files.sort();
    report.packages = files.len();
    let read = files.par_iter().map(|file| (file, kind.read(&folder.join(file))));
    let mut stanzas = Vec::new();
    for (file, stanza) in read.collect::<Vec<_>>() {
        match stanza {
            Ok(stanza) => stanzas.push(stanza),
            Err(error) => report.add(file, error.to_string()),
        }
    }
    stanzas.sort_by(|a, b| (&a.package, &a.file).cmp(&(&b.package, &b.file)));
    let stanzas: Vec<&Stanza> = stanzas.iter().collect();
    known(manifest, &stanzas, &mut report);
    listed(folder, manifest, kind, &stanzas, &mut report)?;
    let newest = |stanza: &&&Stanza| manifest.packages.iter().any(|r| r.file == stanza.file);
    let newest: Vec<&Stanza> = stanzas.iter().filter(newest).copied().collect();
    owners(newest.iter().map(|s| (s.package.as_str(), kind.paths(s))), &|_, _| false, &mut report);
    requirements(manifest, kind.unmet(&newest)?.unwrap_or_default(), &mut report);
    Ok(report)
}

/// Whether each file is what the manifest says.
fn known(manifest: &CollectionManifest, stanzas: &[&Stanza], report: &mut Report) {
    let found: BTreeMap<&str, &str> =
        stanzas.iter().map(|stanza| (stanza.file.as_str(), stanza.sha256.as_str())).collect();
    for record in &manifest.packages {
        match found.get(record.file.as_str()) {
            None => report.add(&record.package, format!("`{}` is not there", record.file)),
            Some(sum) if *sum != record.sha256 => report.add(
                &record.package,
                format!("`{}` is not the file that the manifest names", record.file),
            ),
            Some(_) => {}
        }
    }
}

/// Whether the metadata are those of the packages that are there.
fn listed(
    folder: &Path,
    manifest: &CollectionManifest,
    kind: &dyn Kind,
    stanzas: &[&Stanza],
    report: &mut Report,
) -> Result<(), CheckError> {
    let work = Temporary::new().map_err(|error| CheckError::Tool(error.to_string()))?;
    let listing = Listing {
        collection: folder,
        work: work.path(),
        stanzas,
        waiting: &BTreeMap::new(),
        suite: &manifest.target,
        time: 0,
        pool: None,
        signer: None,
        url: None,
        note: "",
    };
    if kind.prepare(&listing)?.is_some() {
        let problem = "does not list the packages that lie there".to_owned();
        report.add("the repository's metadata", problem);
    }
    Ok(())
}

/// What nothing meets is the distribution's, unless the collection has a package of that name or
/// planned one.
fn requirements(manifest: &CollectionManifest, unmet: Vec<Unmet>, report: &mut Report) {
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
