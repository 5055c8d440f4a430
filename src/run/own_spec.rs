//! A spec of the user's own in place of the one that is generated.

use std::path::Path;

use crate::{
    format::host::SystemTools,
    index::Index,
    plan::{Recipe, RecipeFile},
    recipe::{self, RecipeError},
};

use super::{BuildingIndex, Context, Package, PipelineError, RecipeAuthor, Requested};

impl Context {
    /// Puts the spec that the settings name in place of the recipe of the only project that is asked
    /// for, and fetches those of its sources that are files of the release.
    ///
    /// # Errors
    /// A target without specs, and a file that cannot be read or fetched.
    pub(super) fn use_own_spec(
        &self,
        index: &BuildingIndex<'_>,
        requested: &Requested,
        packages: &mut [Package],
    ) -> Result<(), PipelineError> {
        let Some(path) = &self.settings().spec_file else { return Ok(()) };
        let root = requested.requirements.roots.first().map(|root| &root.requirement.name);
        let own = packages.iter_mut().find(|package| Some(&package.plan.project) == root);
        let Some(package) = own else { return Ok(()) };

        let text = recipe::read(path)?.ok_or_else(|| RecipeError::Read {
            path: path.clone(),
            reason: "there is no such file".to_owned(),
        })?;
        let search = self.settings().environment.path();
        let tools = SystemTools { runner: self.runner(), path: &search };
        let read = self.format()?.syntax().read_own(path, &text, &tools);
        let no_specs = || PipelineError::NoSpecs { target: self.target().name.clone() };
        let own = read.ok_or_else(no_specs)?;
        if let Some(wanted) = self.settings().policy.naming.names.get(&package.plan.project) {
            let found = own.packages;
            if !found.is_empty() && !found.contains(wanted) {
                let (spec, wanted) = (path.clone(), wanted.clone());
                return Err(PipelineError::OtherName { spec, found, wanted });
            }
        }
        if let Some(found) = own.version.filter(|found| *found != package.plan.evr.version) {
            let (spec, wanted) = (path.clone(), package.plan.evr.version.clone());
            return Err(PipelineError::OtherVersion { spec, found, wanted });
        }
        let mut recipe = Recipe::default();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        recipe.files.insert(name, RecipeFile { text, executable: false });
        let files = index.project(&package.plan.project)?;
        for name in own.sources {
            let known = files.iter().flat_map(|found| &found.files);
            let beside = path.parent().unwrap_or(Path::new("")).join(&name);
            if beside.is_file() {
                package.material.further.push(beside);
            } else if let Some(file) = known.into_iter().find(|file| file.filename == name) {
                package.material.further.push(index.download(&file.url, &file.hashes)?.0);
            }
        }
        package.recipe = recipe;
        package.made = RecipeAuthor::Edited;
        Ok(())
    }
}
