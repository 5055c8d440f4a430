//! A spec of a person's own in place of the one that is generated.

use std::{collections::BTreeSet, path::Path, time::Duration};

use crate::{
    index::Index,
    process::{Command, which},
    recipe::{self, Recipe, RecipeError, RecipeFile},
};

use super::{BuildingIndex, Made, Package, PipelineError, Run};

/// How long a spec may take to be read.
const TIME_LIMIT: Duration = Duration::from_secs(60);

impl Run<'_> {
    /// Puts the spec that the settings name in place of the recipe of the only project that is asked
    /// for, and fetches those of its sources that are files of the release.
    ///
    /// # Errors
    /// A target without specs, and a file that cannot be read or fetched.
    pub(super) fn use_own_spec(
        &self,
        index: &BuildingIndex<'_>,
        packages: &mut [Package],
    ) -> Result<(), PipelineError> {
        let Some(path) = &self.settings.spec_file else { return Ok(()) };
        if self.target.format != "rpm" {
            let target = self.target.name.clone();
            return Err(PipelineError::NoSpecs { target });
        }
        let root = index.requirements.roots.first().map(|root| &root.requirement.name);
        let own = packages.iter_mut().find(|package| Some(&package.plan.project) == root);
        let Some(package) = own else { return Ok(()) };

        let text = recipe::read(path)?.ok_or_else(|| RecipeError::Read {
            path: path.clone(),
            reason: "there is no such file".to_owned(),
        })?;
        let wanted = self.sources_of(path, &text);
        let mut recipe = Recipe::default();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        recipe.files.insert(name, RecipeFile { text, executable: false });
        let files = index.project(&package.plan.project)?;
        for name in wanted {
            let known = files.iter().flat_map(|found| &found.files);
            let beside = path.parent().unwrap_or(Path::new("")).join(&name);
            if beside.is_file() {
                package.material.further.push(beside);
            } else if let Some(file) = known.into_iter().find(|file| file.filename == name) {
                package.material.further.push(index.download(&file.url, &file.hashes)?.0);
            }
        }
        package.recipe = recipe;
        package.made = Made::Edited;
        Ok(())
    }

    /// The names of the files that a spec takes as sources and patches: as rpm expands them where it
    /// is here, else as they are written.
    fn sources_of(&self, path: &Path, text: &str) -> BTreeSet<String> {
        let folders = self.settings.environment.path();
        let expanded = which("rpmspec", &folders).and_then(|rpmspec| {
            let spec = std::path::absolute(path).ok()?;
            let command = Command::new(&rpmspec, Path::new("/")).argument("-P").argument(spec);
            let output = self.runner.run(&command.timeout(TIME_LIMIT)).ok()?;
            (output.status == 0).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        });
        let expanded = expanded.as_deref().unwrap_or(text);
        let values = expanded.lines().filter_map(|line| {
            let (tag, value) = line.split_once(':')?;
            let tag = tag.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase();
            ["source", "patch"].contains(&tag.as_str()).then(|| value.trim())
        });
        values.filter_map(|value| value.rsplit('/').next()).map(str::to_owned).collect()
    }
}
