//! The relations that a paragraph of `Packages` states.

use std::collections::BTreeMap;

use super::DebMetadata;
use crate::{
    format::package::{FormatData, PackageEntry},
    plan::relation::Strength,
};

/// The relations of a package, a clause each.
pub(crate) fn relations(entry: &PackageEntry) -> Vec<(Strength, String)> {
    let FormatData::Deb(DebMetadata { paragraph }) = &entry.data else { return Vec::new() };
    let fields: BTreeMap<&str, Strength> = [
        ("Depends", Strength::Requires),
        ("Recommends", Strength::Recommends),
        ("Suggests", Strength::Suggests),
        ("Provides", Strength::Provides),
        ("Conflicts", Strength::Conflicts),
        ("Replaces", Strength::Replaces),
    ]
    .into();
    let unfolded = paragraph.replace("\n ", " ");
    let found = unfolded.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((*fields.get(name)?, value))
    });
    let clauses = found.flat_map(|(strength, value)| {
        let clauses = value.split(',').map(str::trim).filter(|clause| !clause.is_empty());
        clauses.map(move |clause| (strength, clause.to_owned()))
    });
    clauses.collect()
}
