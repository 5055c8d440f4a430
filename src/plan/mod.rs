//! `PackagePlan`: all that is known of a package before anything is built. It is the public data
//! model: `plan --json` prints it, templates read what is lowered from it, tests snapshot it.

mod evr;
mod files;
mod folders;
mod from_source;
mod recipe;
pub mod relation;
mod shebang;

use std::{collections::BTreeMap, fmt};

use pep440_rs::Version;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::relation::Relation;
use crate::{
    base::text::{OneLine, Paragraph},
    python::artifact::{Hashes, ProjectName},
};

pub use crate::python::metadata::{Licence, LicenceEvidence};
pub use evr::{Evr, epoch};
pub use files::{AccountName, ArchiveMember, Content, FileOwner, FileRole, PlannedFile};
pub use folders::{below, owned_folders};
pub use from_source::{Module, ModuleKind, SourceBuild};
pub use recipe::{PATCHES, Recipe, RecipeFile, check_commands};
pub use shebang::{Shebang, ShebangError, is_path};

/// The version of the plan's schema.
pub const SCHEMA: u32 = 2;

/// One native package that is to be built from one file of one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackagePlan {
    pub schema: u32,
    #[cfg_attr(test, schemars(with = "String"))]
    pub project: ProjectName,
    #[cfg_attr(test, schemars(with = "String"))]
    pub release: Version,
    /// The target's name.
    pub target: String,
    /// The package format's name.
    pub format: String,
    pub source: SourceFile,
    /// Further archives whose members are installed, numbered from 1; usually none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_archives: Vec<SourceFile>,
    /// The native package name.
    pub package: String,
    pub evr: Evr,
    pub architecture: PackageArchitecture,
    pub summary: OneLine,
    pub description: Paragraph,
    pub licence: Licence,
    /// The texts of licence files, where the target wants them in one place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licence_texts: Vec<LicenceText>,
    /// The copyright holder as far as the metadata name one: the authors.
    pub authors: OneLine,
    /// An `http` or `https` address, without credentials.
    pub homepage: Option<String>,
    /// Name and mail address of who answers for the package.
    pub packager: OneLine,
    /// Name and mail address of who wrote the changelog's entry, where that is another person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changelog_author: Option<OneLine>,
    pub relations: Vec<Relation>,
    /// What the project declares for others to find: `GROUP: NAME = VALUE`, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entry_points: Vec<OneLine>,
    /// The installed files, sorted by path.
    pub files: Vec<PlannedFile>,
    /// The members of the wheel that are not installed, sorted.
    pub left_out: Vec<LeftOut>,
    /// Paths of installed files with native code for other machines or systems than the target's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_code: Vec<String>,
    /// What a reviewer would ask: renames, doubts.
    pub notes: Vec<OneLine>,
    /// What the user has to settle before the package is built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Open>,
    /// Files of the recipe's folder that the user adds to the package.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<Added>,
    /// Changes to members of the source, in the order in which they are made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,
    /// Shell commands that run when the package is installed or removed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scriptlets: BTreeMap<Moment, String>,
    /// Seconds since 1970 that stand for the clock in everything built.
    pub time: i64,
    /// How the package is built of its sdist; nothing where it is packed of a wheel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_source: Option<SourceBuild>,
}

impl PackagePlan {
    /// The name in the recipe's folder of a file that the user adds.
    pub fn added_source(&self, path: &str) -> Option<&str> {
        let added = self.added.iter().find(|added| added.path == path);
        added.map(|added| added.source.as_str())
    }

    /// The plan before anything was compiled.
    pub fn without_byte_code(&self) -> Self {
        let mut plan = self.clone();
        plan.files.retain(|file| {
            !matches!(file.content, Content::ByteCode { .. } | Content::HardLink(_))
        });
        plan
    }
}

/// A question that only the user can answer. It stands as `FIXME(KEY)` in the recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Open {
    /// `licence`, `name`, `hint`.
    pub key: String,
    /// What is not known.
    pub question: OneLine,
    /// The line that answers it, and where it belongs.
    pub answer: OneLine,
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FIXME({}): {}; say it with {}", self.key, self.question, self.answer)
    }
}

/// A file of the recipe's folder that is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Added {
    /// Its name in the folder.
    pub source: String,
    /// Where it is installed.
    pub path: String,
}

/// A patch of the user's, in the unified format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Patch {
    /// The file's name, without a folder.
    pub file: String,
    pub text: String,
}

/// When a scriptlet runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    PreInstall,
    PostInstall,
    PreRemove,
    PostRemove,
}

/// The release file that a package is built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SourceFile {
    pub filename: String,
    pub url: String,
    pub hashes: Hashes,
    /// Where it was taken from in place of an index, with the commit of a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<OneLine>,
    /// The wheel that was built from an sdist, where the file is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_wheel: Option<String>,
}

/// Whether a package fits every architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PackageArchitecture {
    Independent,
    /// The machine as wheel tags write it.
    Machine(String),
}

/// The text of a licence file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LicenceText {
    /// The file's path in the wheel.
    pub file: OneLine,
    pub text: Paragraph,
}

/// A member of the wheel that is not installed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LeftOut {
    /// Its path in the wheel; a whole folder ends in `/`.
    pub member: String,
    pub reason: OneLine,
}
