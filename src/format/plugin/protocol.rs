//! What a plugin is asked of its package format, and what it answers.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    base::text::OneLine,
    format::Native,
    plan::{PackagePlan, Recipe, relation::Strength},
    plugin::Message,
    python::artifact::ProjectName,
};

/// What is asked: one step of a run.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(tag = "step", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub(crate) enum Step<'a> {
    /// How releases are written as versions of packages, without epoch and release number.
    Versions {
        #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
        releases: BTreeMap<&'a ProjectName, String>,
    },
    /// What plans say in the format's words.
    Lower { packages: Vec<&'a PackagePlan> },
    /// Package files, without their compression.
    Build { packages: Vec<ToBuild<'a>> },
    /// What package files say of themselves.
    Read { files: Vec<ToRead> },
    /// How versions (`[EPOCH:]VERSION[-RELEASE]`) are ordered.
    Order { versions: &'a [String] },
    /// The metadata of a repository.
    Index(ToIndex<'a>),
    /// Which requirements no package of a repository meets.
    Unmet { packages: Vec<Related<'a>> },
}

/// A package to build.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ToBuild<'a> {
    pub plan: &'a PackagePlan,
    #[cfg_attr(test, schemars(with = "Map<String, Value>"))]
    pub native: &'a Native,
    pub recipe: &'a Recipe,
    /// A folder with the tree as it is installed, with its modes and times.
    pub payload: String,
    /// The wheel.
    pub source: String,
    /// Further files that the recipe takes.
    pub sources: Vec<String>,
    /// Whether the user changed the recipe: then it says what the package is.
    pub edited: bool,
    /// Whether tools may run where nothing confines them (`--no-sandbox`).
    pub unconfined: bool,
}

/// A package file to read.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ToRead {
    pub path: String,
    /// The same without its compression.
    pub contents: String,
}

/// A repository to describe.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ToIndex<'a> {
    /// What clients call it.
    pub name: &'a str,
    /// The newest package's time, in seconds since 1970.
    pub time: u64,
    /// Where it is served; nothing where clients get no file.
    pub url: Option<&'a str>,
    /// A note for the user about the address; may be empty.
    pub note: &'a str,
    pub signed: bool,
    pub packages: Vec<Indexed<'a>>,
}

/// A package of a repository.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Indexed<'a> {
    pub package: &'a str,
    pub file: String,
    pub version: String,
    pub sha256: &'a str,
    pub size: u64,
    /// What `read` answered.
    pub entry: &'a str,
    pub paths: &'a [String],
}

/// A package and its relations.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Related<'a> {
    pub package: &'a str,
    pub version: String,
    pub relations: Vec<ReadRelation>,
}

/// A relation in the format's words.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ReadRelation {
    pub strength: Strength,
    pub text: OneLine,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct VersionsAnswer {
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    pub versions: BTreeMap<ProjectName, String>,
    pub messages: Vec<Message>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AllLowered {
    pub packages: Vec<Lowered>,
    pub messages: Vec<Message>,
}

/// A plan in the format's words.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Lowered {
    #[cfg_attr(test, schemars(with = "String"))]
    pub project: ProjectName,
    pub architecture: String,
    /// The finished package's file name.
    pub filename: String,
    pub relations: Vec<Explained>,
    /// The summary, where the format cannot take the plan's.
    #[serde(default)]
    pub summary: Option<OneLine>,
    /// What the format's templates refer to beside the general context.
    #[serde(default)]
    pub words: Map<String, Value>,
}

/// A relation, and where it comes from.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Explained {
    pub strength: Strength,
    pub text: OneLine,
    pub origin: OneLine,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AllBuilt {
    pub packages: Vec<NewPackage>,
    pub messages: Vec<Message>,
}

/// A package file that a plugin made.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct NewPackage {
    #[cfg_attr(test, schemars(with = "String"))]
    pub project: ProjectName,
    /// Its path in the plugin's working folder.
    pub from: String,
    /// Its finished name, where a recipe that the user changed says another one than was planned.
    #[serde(default)]
    pub filename: Option<String>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AllRead {
    pub packages: Vec<ReadPackage>,
    #[serde(default)]
    pub messages: Vec<Message>,
}

/// What a package file says of itself.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ReadPackage {
    pub package: String,
    #[serde(default)]
    pub epoch: u64,
    pub version: String,
    pub release: String,
    pub architecture: String,
    /// When it says that it was built, in seconds since 1970.
    pub time: u64,
    pub relations: Vec<ReadRelation>,
    /// Absolute paths of the files that it installs.
    pub paths: Vec<String>,
    /// What the repository's metadata say of it.
    pub entry: String,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderAnswer {
    /// In the order of the versions asked about: a higher number is a newer version.
    pub ranks: Vec<usize>,
    #[serde(default)]
    pub messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexAnswer {
    /// In the order in which they are replaced: what names others comes last.
    pub files: Vec<MetadataFile>,
    #[serde(default)]
    pub messages: Vec<Message>,
}

/// A file of a repository's metadata.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct MetadataFile {
    /// Its name in the collection.
    pub path: String,
    /// Its path in the plugin's working folder.
    pub from: String,
    /// How it is compressed on the way there: `gzip:9`, `zstd:19`, `xz:6`.
    #[serde(default)]
    pub compression: Option<String>,
    /// Whether it gets a signature beside it, where there is a key.
    #[serde(default)]
    pub sign: bool,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AllUnmet {
    pub unmet: Vec<UnmetRelation>,
    #[serde(default)]
    pub messages: Vec<Message>,
}

/// A requirement that nothing meets.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct UnmetRelation {
    pub package: String,
    pub relation: OneLine,
    /// The name that it is about.
    pub name: String,
}
