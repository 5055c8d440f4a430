//! How the relations of a package that was built from source differ from the planned ones.

use std::{collections::BTreeSet, path::Path};

use serde::{Deserialize, Serialize};

use super::{Format, Native, NativeRelation, PackageEntry, PackageError, rpm::relation::names};
use crate::plan::relation::Strength;

/// What was planned and is not there, and what is there and was not planned: relations in the
/// format's syntax, sorted. Strengths that no plan has are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Drift {
    pub missing: Vec<(Strength, String)>,
    pub extra: Vec<(Strength, String)>,
}

impl Drift {
    /// Whether the package is as planned.
    pub fn is_none(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty()
    }
}

/// Compares the package at `path`, whose entry is given, with what was planned.
///
/// A relation without a version that another one with the same name implies is neither missing nor
/// extra; nor are the names that a format's tools provide by themselves.
///
/// # Errors
/// The package cannot be read.
pub fn drift(
    native: &Native,
    entry: &PackageEntry,
    path: &Path,
    format: &dyn Format,
) -> Result<Drift, PackageError> {
    let found = format.repository().relations(entry, path)?;
    let own = |text: &str| native.own_names.iter().any(|name| first(text) == name);
    let found = found.into_iter();
    let found = found.filter(|(strength, text)| *strength != Strength::Provides || !own(text));
    Ok(compared(native.relations.iter().map(normalised), found))
}

fn compared(
    planned: impl Iterator<Item = (Strength, String)>,
    found: impl Iterator<Item = (Strength, String)>,
) -> Drift {
    let planned: BTreeSet<(Strength, String)> = planned.collect();
    let found: BTreeSet<(Strength, String)> =
        found.map(|(strength, text)| (strength, spaced(&text))).collect();
    let missing = planned.iter().filter(|one| !found.contains(*one) && !is_implied(one, &found));
    let extra = found.iter().filter(|one| !planned.contains(*one) && !is_implied(one, &planned));
    Drift { missing: missing.cloned().collect(), extra: extra.cloned().collect() }
}

fn normalised(relation: &NativeRelation) -> (Strength, String) {
    (relation.strength, spaced(&relation.text))
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The name that a relation begins with, without the mark for any architecture.
fn first(text: &str) -> &str {
    let name = text.split_whitespace().next().unwrap_or_default();
    name.strip_suffix(":any").unwrap_or(name)
}

/// Whether a bare name stands beside relations that bound its version.
fn is_implied(
    (strength, text): &(Strength, String),
    others: &BTreeSet<(Strength, String)>,
) -> bool {
    *strength != Strength::Provides
        && !text.contains(' ')
        && others.iter().any(|(other, bound)| {
            let names = names(bound);
            other == strength && (first(bound) == first(text) || names.contains(text))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requires(texts: &[&str]) -> impl Iterator<Item = (Strength, String)> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        texts.into_iter().map(|text| (Strength::Requires, text))
    }

    #[test]
    fn only_what_says_something_else_is_drift() {
        let same = compared(
            requires(&["python3 (>= 3.11~)", "(a >= 1 with a < 2)", "b"]),
            requires(&["python3:any", "python3  (>= 3.11~)", "(a >= 1 with a < 2)", "a", "b"]),
        );
        assert!(same.is_none(), "{same:?}");
        let other = compared(requires(&["a (>= 1)", "b"]), requires(&["a (>= 2)", "c"]));
        assert_eq!(other.missing, requires(&["a (>= 1)", "b"]).collect::<Vec<_>>());
        assert_eq!(other.extra, requires(&["a (>= 2)", "c"]).collect::<Vec<_>>());
    }
}
