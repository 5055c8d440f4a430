//! Requests and answers. Requests may grow in a version of the protocol; unknown fields of answers
//! are errors.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Hook;
use crate::{
    base::text::OneLine,
    distro::targets::Target,
    plan::{PackagePlan, Recipe},
    python::artifact::ProjectName,
};

/// The protocol's version.
pub const API: semver::Version = semver::Version::new(2, 0, 0);

/// What every request has, and what its hook adds.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct HookRequest<'a, T> {
    pub api: String,
    pub hook: Hook,
    pub settings: &'a Value,
    pub target: RequestTarget<'a>,
    #[serde(flatten)]
    pub subject: T,
}

/// The target, as far as plugins need it.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RequestTarget<'a> {
    name: &'a str,
    format: &'a str,
    family: &'a str,
    /// `3.11`
    python: String,
    /// As packages for one architecture, and those for all of them, name it.
    architecture: &'a str,
    independent_architecture: &'a str,
    /// The package that brings the interpreter.
    interpreter_package: &'a str,
}

impl<'a> From<&'a Target> for RequestTarget<'a> {
    fn from(target: &'a Target) -> Self {
        let (major, minor) = target.python.version;
        let Target { name, format, family, architecture, python, .. } = target;
        Self {
            name,
            format,
            family,
            python: format!("{major}.{minor}"),
            architecture: &architecture.package,
            independent_architecture: &architecture.independent,
            interpreter_package: &python.interpreter_package,
        }
    }
}

/// Something that a plugin has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Message {
    pub level: Level,
    pub text: OneLine,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub project: Option<ProjectName>,
}

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    Note,
    Warning,
    /// Fails the project, or without one the run.
    Error,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Projects<'a> {
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub projects: Vec<&'a ProjectName>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NamesAnswer {
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    pub names: BTreeMap<ProjectName, String>,
    pub messages: Vec<Message>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Plans<'a> {
    #[cfg_attr(test, schemars(with = "Vec<PackagePlan>"))]
    pub packages: Vec<&'a PackagePlan>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ChangedPlans {
    pub packages: Vec<PackagePlan>,
    pub messages: Vec<Message>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Recipes<'a> {
    pub packages: Vec<RecipeAnswer<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct RecipeAnswer<'a> {
    pub plan: &'a PackagePlan,
    pub recipe: &'a Recipe,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ChangedRecipes {
    pub packages: Vec<ChangedRecipe>,
    pub messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedRecipe {
    #[cfg_attr(test, schemars(with = "String"))]
    pub project: ProjectName,
    pub recipe: Recipe,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct PackagesAnswer<'a> {
    pub packages: Vec<BuiltFile<'a>>,
}

/// A package that was built.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct BuiltFile<'a> {
    pub plan: &'a PackagePlan,
    /// The native package's name.
    pub package: &'a str,
    /// Where its file is.
    pub path: String,
}

/// An answer that has nothing but messages.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Said {
    pub messages: Vec<Message>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct InCollection {
    pub collection: String,
    pub manifest: Value,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewFiles {
    pub files: Vec<NewFile>,
    pub messages: Vec<Message>,
}

/// A file for the collection's folder of reports.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFile {
    /// Its path below `reports/`.
    pub path: String,
    /// Its path in the plugin's working folder.
    pub from: String,
}
