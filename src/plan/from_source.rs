//! How a package is built of its sdist, in the target's own idiom.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    plan::relation::Relation,
    python::artifact::{ExtraName, ProjectName},
};

/// What a recipe has to say to build a package of its sdist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SourceBuild {
    /// The source package's name: `python-webob` for `python3-webob`.
    pub name: String,
    /// The folder that the sdist unpacks into.
    pub folder: String,
    /// The build backend that `pyproject.toml` names (PEP 517).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// Whether the sdist has a `pyproject.toml`, and a `setup.py`.
    pub has_pyproject: bool,
    pub has_setup: bool,
    /// What the build requires: what the target's recipes always name, `build-system.requires`
    /// (PEP 518) and what hints say.
    pub requires: Vec<Relation>,
    /// The relations of the plan that the target's dependency generators cannot know.
    pub stated: Vec<Relation>,
    /// Projects whose relations the generators would write otherwise than the plan has them.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub overruled: Vec<ProjectName>,
    /// The extras that are inlined.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub extras: Vec<ExtraName>,
    /// What lies on top in the site folder.
    pub modules: Vec<Module>,
    /// What is imported to see that the package works.
    pub imports: Vec<String>,
    /// Names in the site folder, and commands, that the build installs and the package leaves out.
    pub strays: Vec<String>,
    pub dropped_commands: Vec<String>,
    /// Absolute paths of files that the build installs and the package leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped_files: Vec<String>,
    /// Absolute paths of files and folders that the build installs, and where the package has them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moved_files: BTreeMap<String, String>,
    /// Files of the sdist, relative to its folder.
    pub licences: Vec<String>,
    pub documents: Vec<String>,
    /// Whether the built metadata name licence files.
    pub marks_licences: bool,
    /// Names of patches that are beside the recipe, in the order in which they apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<String>,
    /// The page that lists the project's releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releases_page: Option<String>,
}

/// Something on top in a site folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Module {
    /// As it is imported: no ending. Of a plain file, its whole name.
    pub name: String,
    pub kind: ModuleKind,
}

/// What kind of module it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ModuleKind {
    /// A folder.
    Package,
    /// `NAME.py`
    Module,
    /// `NAME.cpython-313-x86_64-linux-gnu.so`
    Extension,
    /// No module at all.
    File,
}
