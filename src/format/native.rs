//! A plan lowered to the terms of its format.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::plan::relation::Strength;

/// A plan lowered to its format: what templates show and embedded writers write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What the format's tools provide of themselves, with the package's version.
    pub own_names: Vec<String>,
    /// In the order in which they are written.
    pub relations: Vec<NativeRelation>,
    /// The finished package's file name.
    pub filename: String,
    /// The payload compression: algorithm and level.
    pub compression: String,
    /// The changelog's only entry: the text of its header's date, and a line.
    pub changelog: Changelog,
    /// What the format's own templates refer to beside the general context.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub words: Map<String, Value>,
    /// What a recipe for the sdist says beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<NativeSource>,
}

/// The relations in a recipe that builds an sdist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct NativeSource {
    /// What the build requires.
    pub build: Vec<NativeRelation>,
    /// What importing the modules requires beside it.
    pub checks: Vec<NativeRelation>,
    /// What no generator of the distribution finds out.
    pub stated: Vec<NativeRelation>,
}

/// A relation in its format's syntax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct NativeRelation {
    pub strength: Strength,
    /// One dependency: `python3.13dist(idna) >= 2.5`, `(a with b)`, `python3-idna (>= 2.5)`.
    pub text: String,
    /// For the reviewer.
    pub origin: String,
}

/// A changelog entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
