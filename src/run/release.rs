//! The release numbers of packages whose version was built before.

use std::collections::BTreeMap;

use crate::{collection::Record, format::package::PackageEntry};

/// The release that a package gets. `base` is what the settings say, `builds` are all builds of its
/// version, and `inputs` is what it is built from now.
///
/// A build of the same inputs keeps its release where it is the newest; other inputs get a higher
/// one than all before, so that machines which have an earlier build upgrade. A release that does
/// not begin with a number stays as it is.
pub(super) fn settle<'r>(
    builds: impl Iterator<Item = &'r Record>,
    base: &str,
    inputs: &str,
) -> String {
    let newest = builds.filter_map(|record| {
        let release = &record.entry()?.evr.release;
        Some((number(release)?.0, record, release))
    });
    match (newest.max_by_key(|(number, ..)| *number), number(base)) {
        (Some((_, record, release)), _) if record.inputs == inputs => release.clone(),
        (Some((newest, ..)), Some((own, rest))) if own <= newest => format!("{}{rest}", newest + 1),
        _ => base.to_owned(),
    }
}

/// The builds that there are, by package and by version without a release.
pub(super) fn by_version(
    records: &BTreeMap<String, Record>,
) -> BTreeMap<(&str, u64, &str), Vec<&Record>> {
    let mut builds: BTreeMap<_, Vec<&Record>> = BTreeMap::new();
    for record in records.values() {
        if let Some(PackageEntry { package, evr, .. }) = record.entry() {
            let key = (package.as_str(), evr.epoch, evr.version.as_str());
            builds.entry(key).or_default().push(record);
        }
    }
    builds
}

/// `12.fc43` is 12 and `.fc43`.
fn number(release: &str) -> Option<(u64, &str)> {
    let end = release.find(|c: char| !c.is_ascii_digit()).unwrap_or(release.len());
    let (digits, rest) = release.split_at(end);
    digits.parse().ok().map(|number| (number, rest))
}
