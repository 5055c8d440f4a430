//! The embedded tables of licences: `data/licences/*.csv`.

use std::{collections::BTreeMap, sync::LazyLock};

use pep440_rs::Version;
use serde::{Deserialize, de::DeserializeOwned};

use super::name::canonical;
use crate::python::{
    artifact::ProjectName,
    metadata::{parse_specifiers, satisfies},
};

const CLASSIFIERS: &str = include_str!("../../../../data/licences/classifiers.csv");
const NAMES: &str = include_str!("../../../../data/licences/names.csv");
const PROJECTS: &str = include_str!("../../../../data/licences/projects.csv");

#[derive(Deserialize)]
struct Classifier {
    classifier: String,
    licence: String,
}

#[derive(Deserialize)]
struct Name {
    name: String,
    licence: String,
}

#[derive(Deserialize)]
struct LicenceSource {
    project: ProjectName,
    releases: String,
    licence: String,
    #[cfg(test)]
    source: String,
}

/// The expression that a classifier without `License ::` and `OSI Approved ::` stands for.
pub(super) fn classifier(name: &str) -> Option<&'static str> {
    static TABLE: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        let rows = rows::<Classifier>(CLASSIFIERS);
        rows.map(|row| (row.classifier, row.licence)).collect()
    });
    TABLE.get(name).map(String::as_str)
}

/// The expression that a canonical name stands for.
pub(super) fn name(canonical_name: &str) -> Option<&'static str> {
    static TABLE: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        let mut table: BTreeMap<String, String> = BTreeMap::new();
        // A deprecated identifier has the name of the one that replaces it.
        let (old, new): (Vec<_>, Vec<_>) = spdx::identifiers::LICENSES
            .iter()
            .partition(|known| known.flags & spdx::flags::IS_DEPRECATED != 0);
        let known = new.into_iter().chain(old);
        for (name, licence) in known.flat_map(|l| [(l.name, l.name), (l.full_name, l.name)]) {
            table.entry(canonical(name)).or_insert_with(|| licence.to_owned());
        }
        // A single word is left of names that are more than that: `any` of `any-OSI`.
        table.retain(|name, licence| name.contains(' ') || licence.eq_ignore_ascii_case(name));
        table
    });
    common_name(canonical_name).or_else(|| TABLE.get(canonical_name).map(String::as_str))
}

/// The same of a name that projects use, which identifiers such as `DOC` need not be.
pub(super) fn common_name(canonical_name: &str) -> Option<&'static str> {
    static TABLE: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        rows::<Name>(NAMES).map(|row| (canonical(&row.name), row.licence)).collect()
    });
    TABLE.get(canonical_name).map(String::as_str)
}

/// The licence of a well-known project whose own files leave it open.
pub(super) fn project(project: &ProjectName, release: &Version) -> Option<&'static str> {
    static TABLE: LazyLock<Vec<LicenceSource>> =
        LazyLock::new(|| rows::<LicenceSource>(PROJECTS).collect());
    let mut rows = TABLE.iter().filter(|row| row.project == *project);
    let fits = |row: &&LicenceSource| {
        let wanted = parse_specifiers(&row.releases);
        wanted.is_ok_and(|wanted| satisfies(release, &wanted))
    };
    rows.find(fits).map(|row| row.licence.as_str())
}

/// The rows of a table; a malformed one is left out, which a test finds.
fn rows<T: DeserializeOwned>(text: &'static str) -> impl Iterator<Item = T> {
    let reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    reader.into_deserialize().filter_map(Result::ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::metadata::parse_expression;

    fn lines(text: &str) -> usize {
        text.lines().filter(|line| !line.starts_with('#')).count() - 1
    }

    #[test]
    fn tables_hold_valid_expressions() {
        let valid = |licence: &str| assert_eq!(parse_expression(licence).as_deref(), Some(licence));
        rows::<Classifier>(CLASSIFIERS).for_each(|row| valid(&row.licence));
        rows::<Name>(NAMES).for_each(|row| valid(&row.licence));
        for row in rows::<LicenceSource>(PROJECTS) {
            valid(&row.licence);
            assert!(parse_specifiers(&row.releases).is_ok(), "{}", row.project);
            assert!(!row.source.is_empty(), "{}", row.project);
        }
        assert_eq!(rows::<Classifier>(CLASSIFIERS).count(), lines(CLASSIFIERS));
        assert_eq!(rows::<Name>(NAMES).count(), lines(NAMES));
        assert_eq!(rows::<LicenceSource>(PROJECTS).count(), lines(PROJECTS));
    }
}
