//! Apt's usual layout: `dists/SUITE` with the metadata, `pool/COMPONENT` with the packages.
//! Source: Debian repository format.

use std::{fmt, fs, path::Path, str::FromStr};

use serde::Deserialize;

/// The folder of packages.
pub(crate) const FOLDER: &str = "pool";

/// The folder of suites.
const SUITES: &str = "dists";

/// The name of a suite or a component, which is in apt's sources and names a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct SuiteName(String);

impl FromStr for SuiteName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~+".contains(c);
        if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err("use letters, digits, `-`, `.`, `_`, `~` and `+`")
        }
    }
}

impl TryFrom<String> for SuiteName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for SuiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A suite with one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    pub suite: SuiteName,
    pub component: SuiteName,
}

impl Pool {
    /// The layout of a folder, where it has it already.
    pub(crate) fn of(collection: &Path) -> Option<Self> {
        let suites = fs::read_dir(collection.join(SUITES)).ok()?.flatten();
        let found = suites.filter_map(|entry| {
            let suite = entry.file_name().to_str()?.parse().ok()?;
            let release = fs::read_to_string(entry.path().join("Release")).ok()?;
            let component = release.lines().find_map(|line| line.strip_prefix("Components: "))?;
            Some(Self { suite, component: component.parse().ok()? })
        });
        found.min_by(|a, b| a.suite.cmp(&b.suite))
    }

    /// The folder of a package: those of libraries begin with four letters, all others with one.
    pub(crate) fn folder(&self, package: &str) -> String {
        let length = if package.starts_with("lib") { 4 } else { 1 };
        let first = package.get(..length).unwrap_or(package);
        format!("{FOLDER}/{}/{first}/{package}", self.component)
    }

    /// The folder of the suite's metadata.
    pub(crate) fn metadata(&self) -> String {
        format!("{SUITES}/{}", self.suite)
    }

    /// Where the list of packages for an architecture lies, relative to the suite's folder.
    pub(crate) fn list(&self, architecture: &str) -> String {
        format!("{}/binary-{architecture}", self.component)
    }
}

/// What an entry of apt's sources names behind the address of a folder: a suite and a component, or
/// `./`.
pub fn apt_source(collection: &Path) -> String {
    match Pool::of(collection) {
        Some(Pool { suite, component }) => format!("{suite} {component}"),
        None => "./".to_owned(),
    }
}
