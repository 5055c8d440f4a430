//! Rendered recipes.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The folder of patches in a recipe.
pub const PATCHES: &str = "patches";

/// The files of a recipe folder, by path relative to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(transparent)]
pub struct Recipe {
    pub files: BTreeMap<String, RecipeFile>,
}

/// One rendered file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RecipeFile {
    pub text: String,
    /// Whether the file is executable (0755) or not (0644).
    pub executable: bool,
}
