//! Rendered recipes: the spec, the control files and what goes with them.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    disk::{WriteError, write_folder},
    format::{Format, Native},
    plan::{Content, PackagePlan},
    target::Target,
    template::{Pack, TemplateError},
};

/// The files of a recipe folder, by path relative to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipe {
    pub files: BTreeMap<String, RecipeFile>,
}

/// One rendered file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RecipeFile {
    pub text: String,
    /// Whether the file is executable (0755) or not (0644).
    pub executable: bool,
}

/// Why a recipe could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("the recipe of `{package}` has two files `{file}`")]
    Twice { package: String, file: String },
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Renders the recipe of a plan: the pack's outputs and the plan's own texts.
pub fn render(
    plan: &PackagePlan,
    target: &Target,
    native: &Native,
    format: &dyn Format,
    pack: &Pack,
) -> Result<Recipe, RecipeError> {
    let mut recipe = Recipe::default();
    for (path, (text, executable)) in pack.render(&format.context(plan, target, native))? {
        recipe.files.insert(path, RecipeFile { text, executable });
    }
    for (name, file) in format.attachments(plan) {
        let Content::Text(text) = &file.content else { continue };
        let attached = RecipeFile { text: text.clone(), executable: file.mode & 0o111 != 0 };
        if recipe.files.insert(name.clone(), attached).is_some() {
            return Err(RecipeError::Twice { package: plan.package.clone(), file: name });
        }
    }
    Ok(recipe)
}

impl Recipe {
    /// Writes the recipe as a new folder in place of an older one.
    pub fn write(&self, folder: &Path) -> Result<(), RecipeError> {
        write_folder(folder, |new| {
            for (name, file) in &self.files {
                let path = new.join(name);
                if let Some(inside) = path.parent() {
                    fs::create_dir_all(inside).map_err(WriteError::at(inside))?;
                }
                fs::write(&path, &file.text).map_err(WriteError::at(&path))?;
                let mode = if file.executable { 0o755 } else { 0o644 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode))
                    .map_err(WriteError::at(&path))?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
