//! Rendered recipes: the spec, the control files and what goes with them.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::{
    format::{Format, Native},
    plan::{Content, PackagePlan},
    target::Target,
    template::{Pack, TemplateError},
};

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

/// Why a recipe could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("the recipe of `{package}` has two files `{file}`")]
    Twice { package: String, file: String },
    #[error("cannot write `{path}`: {source}")]
    Write { path: PathBuf, source: std::io::Error },
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
    /// Writes the recipe as a new folder in place of an older one: a temporary folder beside it
    /// is filled and renamed.
    pub fn write(&self, folder: &Path) -> Result<(), RecipeError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| RecipeError::Write { path, source }
        };
        let parent = folder.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(failed(parent))?;
        let new = tempfile::Builder::new()
            .prefix(".pypi2pkg-recipe-")
            .tempdir_in(parent)
            .map_err(failed(parent))?;
        for (name, file) in &self.files {
            let path = new.path().join(name);
            if let Some(inside) = path.parent() {
                fs::create_dir_all(inside).map_err(failed(inside))?;
            }
            fs::write(&path, &file.text).map_err(failed(&path))?;
            let mode = if file.executable { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(failed(&path))?;
        }
        fs::set_permissions(new.path(), fs::Permissions::from_mode(0o755))
            .map_err(failed(new.path()))?;
        if folder.exists() {
            let old = tempfile::Builder::new()
                .prefix(".pypi2pkg-recipe-")
                .tempdir_in(parent)
                .map_err(failed(parent))?;
            fs::rename(folder, old.path().join("old")).map_err(failed(folder))?;
        }
        fs::rename(new.keep(), folder).map_err(failed(folder))
    }
}

#[cfg(test)]
mod tests;
