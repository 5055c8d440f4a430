//! Package formats: what a plan says, in the words of rpm or Debian.

use serde::Serialize;

use crate::relation::Strength;

/// A plan in its format's own words: what templates show and embedded writers write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct Native {
    pub name: String,
    pub epoch: Option<u64>,
    pub version: String,
    /// With the dist tag: `1.fc43`; Debian's revision: `1`.
    pub release: String,
    /// `noarch`, `x86_64`, `all`, `amd64`.
    pub architecture: String,
    pub summary: String,
    /// Lines without a trailing line feed, wrapped at 79 columns, not escaped.
    pub description: String,
    pub licence: String,
    pub homepage: Option<String>,
    pub packager: String,
    /// In the order in which they are written.
    pub relations: Vec<NativeRelation>,
    /// The finished package's file name.
    pub filename: String,
    /// The payload compression: algorithm and level.
    pub compression: String,
    /// The changelog's only entry: the text of its header's date, and a line.
    pub changelog: Changelog,
}

/// A relation in its format's syntax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct NativeRelation {
    pub strength: Strength,
    /// One dependency: `python3.13dist(idna) >= 2.5`, `(a with b)`, `python3-idna (>= 2.5)`.
    pub text: String,
    /// For the reviewer.
    pub origin: String,
}

/// A changelog entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct Changelog {
    /// Seconds since 1970.
    pub time: i64,
    /// Name and mail address.
    pub author: String,
    /// The new version, as the format's changelog writes it.
    pub version: String,
    pub line: String,
}
