//! Building packages from sdists on a target.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A target's idiom for recipes that build sdists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SourceRecipe {
    pub idiom: Idiom,
    /// The build requirements of every recipe.
    pub requires: Vec<String>,
    /// Further build requirements of compiled code; a row replaces the requirement of its name.
    pub native: BTreeMap<String, String>,
    /// Further build requirements of projects with `pyproject.toml`.
    pub pyproject: Vec<String>,
    /// Whether the file list requires licence files.
    pub insists_on_licences: bool,
}

/// The macros or tools that recipes use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Idiom {
    /// `%pyproject_wheel` and its like, with generated build requirements.
    Pyproject,
    /// `%py3_build` and `%py3_install`.
    SetupPy,
    /// One spec for all interpreters of openSUSE.
    Singlespec,
    /// A folder `debian/` with debhelper and pybuild.
    Debhelper,
}

impl Idiom {
    /// Returns whether the recipe's tools determine the project's build requirements.
    pub fn generates_requirements(self) -> bool {
        self == Self::Pyproject
    }
}

/// The table `source-recipe` of a target file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct SourceRecipeRow {
    idiom: Option<Idiom>,
    requires: Vec<String>,
    native: BTreeMap<String, String>,
    pyproject: Vec<String>,
    insists_on_licences: bool,
}

impl SourceRecipeRow {
    /// Returns the recipe, if there is an idiom; `prefix` replaces `{prefix}`.
    pub(super) fn filled(&self, prefix: &str) -> Option<SourceRecipe> {
        let fill = |text: &String| text.replace("{prefix}", prefix);
        let native = self.native.iter().map(|(name, text)| (fill(name), fill(text)));
        Some(SourceRecipe {
            idiom: self.idiom?,
            requires: self.requires.iter().map(fill).collect(),
            native: native.collect(),
            pyproject: self.pyproject.iter().map(fill).collect(),
            insists_on_licences: self.insists_on_licences,
        })
    }
}
