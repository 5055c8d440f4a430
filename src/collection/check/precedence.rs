//! Whether package managers take a collection's packages where the distribution has others of the same
//! names.

use std::collections::BTreeSet;

use super::Report;
use crate::{
    collection::CollectionManifest,
    format::{
        PackageEntry,
        host::{HostPackages, PackageSet},
    },
    plan::relation::{Capability, RelationError, Strength},
    python::metadata::satisfies,
};

/// Packages that the distribution has in a higher version: who installs them by name gets that one.
pub(super) fn superseded(collection: &PackageSet, distribution: &PackageSet, report: &mut Report) {
    let names: BTreeSet<&str> =
        collection.packages.iter().map(|package| package.package.as_str()).collect();
    for name in names {
        let (Some(own), Some(known)) = (collection.newest(name), distribution.newest(name)) else {
            continue;
        };
        if distribution.compare(&known, &own).is_gt() {
            let problem = format!(
                "is {own} here and {known} in the distribution, which package managers prefer"
            );
            report.add(name, problem);
        }
    }
}

/// Relations that a package of the distribution meets by its version alone, though what
/// upstream published in it is outside the bounds.
pub(super) fn outside_bounds(
    manifest: &CollectionManifest,
    (collection, host): (&PackageSet, &dyn HostPackages),
    distribution: &PackageSet,
    report: &mut Report,
) {
    for record in &manifest.packages {
        let is_listed =
            |package: &&PackageEntry| package.place().trim_start_matches("./") == record.file;
        let Some(listed) = collection.builds(&record.package).find(is_listed) else { continue };
        for relation in record.relations.iter().filter(|r| r.strength == Strength::Requires) {
            let Capability::Project { package, specifiers, .. } = &relation.capability else {
                continue;
            };
            for (provider, version) in distribution.versions(package) {
                let is_within = host.published(version).is_none_or(|p| satisfies(&p, specifiers));
                if !is_within && meets(listed, host, package, version).unwrap_or_default() {
                    let problem = format!(
                        "requires `{package}`, `{specifiers}`, and takes {} {} of the \
                         distribution for it",
                        provider.package,
                        provider.version()
                    );
                    report.add(&record.package, problem);
                }
            }
        }
    }
}

/// Whether a version meets all that a package requires under a name.
fn meets(
    package: &PackageEntry,
    host: &dyn HostPackages,
    name: &str,
    version: &str,
) -> Result<bool, RelationError> {
    let own = package.requires().iter().filter(|text| host.names(text).contains(name));
    let own: Vec<String> = own.cloned().collect();
    Ok(!own.is_empty() && host.satisfied(&own, name, version)?)
}
