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

/// What would not arrive in a package as it is written. Source: rpm takes lines that begin with `%`
/// for sections and conditions even when they are escaped.
///
/// # Errors
/// The line, counted from 1, and what is wrong with it.
pub fn check_commands(text: &str) -> Result<(), (usize, &'static str)> {
    for (number, line) in (1..).zip(text.lines()) {
        let problem = match line.trim_start() {
            start if start.starts_with('%') => "begins with `%`, which rpm takes for its own",
            _ if line.contains("\\%") => "has `\\%`, which rpm does not read: write `%`",
            _ if line.chars().any(|c| c.is_control() && c != '\t') => "has a control character",
            start if number == 1 && start.starts_with("#!") => {
                "names an interpreter: commands are the shell's"
            }
            _ => continue,
        };
        return Err((number, problem));
    }
    Ok(())
}
