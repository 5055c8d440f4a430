//! Package formats: what a plan says, in the words of rpm or Debian.

mod common_licences;
mod deb;
mod deb_source;
mod general;
mod install;
mod rpm;
mod rpm_files;
mod rpm_source;
mod sample;
mod words;

pub use general::{general_context, shell_word};
pub use install::{Attachment, attachments};
pub use sample::sample;
pub use words::{one_line, synopsis, wrap};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    distro::targets::Target,
    plan::{
        PackagePlan,
        relation::{RelationError, Strength},
    },
};

/// A package format. It only computes: words in its dialect and the context of its templates.
pub trait Format: Sync {
    /// The format's name, which is its template pack's name too.
    fn name(&self) -> &str;

    /// The template pack of recipes that build sdists, where the format has such.
    fn source_pack(&self) -> Option<&str>;

    /// Makes text safe to put into the format's recipe.
    fn escape(&self) -> fn(&str) -> String;

    /// What the plan says, in the format's words.
    ///
    /// # Errors
    /// The format cannot express the plan.
    fn lower(&self, plan: &PackagePlan, target: &Target) -> Result<Native, FormatError>;

    /// What several plans say, in their order. One that cannot be said stops no other.
    ///
    /// # Errors
    /// Whoever knows the format's words fails.
    fn lower_all(
        &self,
        plans: &[&PackagePlan],
        target: &Target,
    ) -> Result<Vec<Result<Native, FormatError>>, FormatError> {
        Ok(plans.par_iter().map(|plan| self.lower(plan, target)).collect())
    }

    /// What the format's templates may refer to.
    fn context(&self, plan: &PackagePlan, target: &Target, native: &Native) -> Value;

    /// How the format's recipes write a kind of relation: `Requires`, `Depends`.
    fn tag(&self, strength: Strength) -> &str;

    /// Checks that a relation of this kind is one, in the format's syntax.
    ///
    /// # Errors
    /// It is none, or more than one.
    fn check_relation(&self, strength: Strength, text: &str) -> Result<(), RelationError>;

    /// The files of their own that the recipe has beside what its templates make.
    fn attachments(&self, plan: &PackagePlan) -> Vec<Attachment>;
}

/// The built-in format of that name.
///
/// # Errors
/// There is no such built-in format.
pub fn named(name: &str) -> Result<&'static dyn Format, FormatError> {
    match name {
        "rpm" => Ok(&rpm::Rpm),
        "deb" => Ok(&deb::Deb),
        _ => Err(FormatError::Unknown { format: name.to_owned() }),
    }
}

/// Why a plan cannot be said in a format's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    #[error("unknown package format `{format}`")]
    Unknown { format: String },
    #[error("the templates of `{pack}` are not for `{target}`, whose format is {format}")]
    OtherPack { pack: String, target: String, format: String },
    #[error("package `{package}`: {source}")]
    Relation { package: String, source: RelationError },
    #[error(
        "package `{package}` needs `{soname}`, and no package of the target is known to contain it"
    )]
    Library { package: String, soname: String },
    #[error(
        "package `{package}`: the name of `{path}` would run as a command when the package is removed, \
         by the script that dh_python3 adds"
    )]
    Module { package: String, path: String },
    /// What a format from elsewhere says, or says of a package.
    #[error("{problem}")]
    External { problem: String },
}

impl FormatError {
    /// Returns the remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        let is_other = matches!(self, Self::OtherPack { .. });
        is_other.then(|| "`pypi2pkg target list` shows each target's format".to_owned())
    }
}

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
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub words: Map<String, Value>,
    /// What a recipe for the sdist says beside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<NativeSource>,
}

/// The relations in a recipe that builds an sdist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
