//! Rendered recipes: the spec, the control files and what goes with them; the user's edits.

mod additions;
mod adoption;
mod folder;
mod merge;
mod provenance;
pub mod template;
mod update;

use std::path::PathBuf;

use crate::{
    base::files::FileError,
    distro::targets::Target,
    format::{Attachment, Format, Native},
    plan::{PATCHES, PackagePlan, Recipe, RecipeFile, relation::RelationError},
    recipe::template::{Pack, TemplateError},
};

pub use additions::{AdditionError, Additions};
pub use adoption::Edits;
pub use folder::{RecipeFolder, State, read};
pub use merge::{Merged, difference};
pub use provenance::{Provenance, RECIPE};
pub use update::{FileUpdate, Update};

/// Why a recipe could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("the recipe of `{package}` has two files `{file}`")]
    Twice { package: String, file: String },
    #[error("`{package}`: `{relation}` in its overrides is not a valid relation")]
    Override { package: String, relation: String },
    /// A relation that the format's tools would read as something else.
    #[error("package `{package}`: {source}")]
    Relation { package: String, source: RelationError },
    #[error(transparent)]
    Addition(#[from] AdditionError),
    /// A file of a recipe's folder.
    #[error("cannot read `{}`: {reason}", .path.display())]
    Read { path: PathBuf, reason: String },
    #[error("`{}` is not a recipe folder: it has no `{RECIPE}`", .folder.display())]
    NoRecipe { folder: PathBuf },
    #[error("`{}` is a recipe for {present}, not for {wanted}", .folder.display())]
    OtherTarget { folder: PathBuf, present: String, wanted: String },
    #[error(transparent)]
    Write(#[from] FileError),
}

impl RecipeError {
    /// Returns the remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        let is_other = matches!(self, Self::OtherTarget { .. });
        is_other.then(|| "use a separate folder for each target with `-o`".to_owned())
    }
}

/// Renders the recipe of a plan: the pack's outputs and the plan's own texts.
///
/// # Errors
/// A template fails, or two outputs have the same name.
pub fn render(
    plan: &PackagePlan,
    target: &Target,
    native: &Native,
    format: &dyn Format,
    pack: &Pack,
) -> Result<Recipe, RecipeError> {
    for relation in &native.relations {
        let checked = format.syntax().check_relation(relation.strength, &relation.text);
        checked
            .map_err(|source| RecipeError::Relation { package: plan.package.clone(), source })?;
    }
    let mut recipe = Recipe::default();
    for (path, (text, executable)) in pack.render(&format.context(plan, target, native))? {
        recipe.files.insert(path, RecipeFile { text, executable });
    }
    for Attachment { name, text, mode, .. } in format.attachments(plan) {
        let attached = RecipeFile { text, executable: mode & 0o111 != 0 };
        if recipe.files.insert(name.clone(), attached).is_some() {
            return Err(RecipeError::Twice { package: plan.package.clone(), file: name });
        }
    }
    for patch in &plan.patches {
        let file = RecipeFile { text: patch.text.clone(), executable: false };
        recipe.files.insert(format!("{PATCHES}/{}", patch.file), file);
    }
    Ok(recipe)
}

#[cfg(test)]
mod tests;
