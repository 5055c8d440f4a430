//! The syntax of recipes.

use std::{collections::BTreeSet, path::Path};

use super::host::SystemTools;
use crate::plan::relation::{RelationError, Strength};

/// How a format's recipes are written.
pub trait RecipeSyntax: Sync {
    /// Returns the template pack of recipes that build sdists, if the format has one.
    fn source_pack(&self) -> Option<&str>;

    /// Returns the function that makes text safe to put into a recipe.
    fn escape(&self) -> fn(&str) -> String;

    /// Returns the field of a kind of relation: `Requires`, `Depends`.
    fn tag(&self, strength: Strength) -> &str;

    /// Checks that a text is exactly one relation of this kind.
    ///
    /// # Errors
    /// It is not a relation, or more than one.
    fn check_relation(&self, strength: Strength, text: &str) -> Result<(), RelationError>;

    /// Reads a recipe in one file that the user wrote; `None` if the format has no such recipes.
    fn read_own(&self, _path: &Path, _text: &str, _tools: &SystemTools<'_>) -> Option<OwnRecipe> {
        None
    }
}

/// What a recipe that the user wrote describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRecipe {
    /// The names of its packages, its own first; empty if a name is left in a macro.
    pub packages: Vec<String>,
    /// Its version; `None` if it is left in a macro.
    pub version: Option<String>,
    /// The names of the files that it takes as sources and patches.
    pub sources: BTreeSet<String>,
}
