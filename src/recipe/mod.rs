//! Rendered recipes: the spec, the control files and what goes with them.

use std::collections::BTreeMap;

/// The files of a recipe folder, by path relative to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipe {
    pub files: BTreeMap<String, RecipeFile>,
}

/// One rendered file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipeFile {
    pub text: String,
    /// Whether the file is executable (0755) or not (0644).
    pub executable: bool,
}
