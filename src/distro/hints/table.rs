//! The embedded tables: `data/hints/*.csv`.

use std::sync::OnceLock;

use serde::{Deserialize, de::DeserializeOwned};

use super::When;
use crate::python::artifact::ProjectName;

/// A row of `projects.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct ProjectHint {
    pub project: ProjectName,
    pub when: When,
    pub debian: String,
    pub rpm: String,
    pub why: String,
    pub source: String,
}

/// A row of `libraries.csv`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Library {
    pub key: String,
    pub debian: String,
    pub debian_build: String,
    pub rpm: String,
    pub rpm_build: String,
}

/// A row of `programs.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct Program {
    pub name: String,
    pub debian: String,
    pub rpm: String,
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "build" => Ok(Self::Build),
            "run" => Ok(Self::Run),
            "recommend" => Ok(Self::Recommend),
            other => Err(serde::de::Error::custom(format!(
                "`{other}` is not one of build, run and recommend"
            ))),
        }
    }
}

pub(super) fn projects() -> &'static [ProjectHint] {
    static TABLE: OnceLock<Vec<ProjectHint>> = OnceLock::new();
    TABLE.get_or_init(|| rows(include_str!("../../../data/hints/projects.csv")))
}

pub(super) fn libraries() -> &'static [Library] {
    static TABLE: OnceLock<Vec<Library>> = OnceLock::new();
    TABLE.get_or_init(|| rows(include_str!("../../../data/hints/libraries.csv")))
}

pub(super) fn programs() -> &'static [Program] {
    static TABLE: OnceLock<Vec<Program>> = OnceLock::new();
    TABLE.get_or_init(|| rows(include_str!("../../../data/hints/programs.csv")))
}

/// Returns the rows of a table; malformed ones are skipped, which a test detects.
fn rows<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    reader.into_deserialize().filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_is_malformed() {
        let lines = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count() - 1;
        assert_eq!(projects().len(), lines(include_str!("../../../data/hints/projects.csv")));
        assert_eq!(programs().len(), lines(include_str!("../../../data/hints/programs.csv")));
        assert_eq!(libraries().len(), lines(include_str!("../../../data/hints/libraries.csv")));
    }
}
