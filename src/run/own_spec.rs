//! A spec of the user's own in place of the one that is generated.

use std::{collections::BTreeSet, path::Path, time::Duration};

use crate::{
    base::process::{Command, which},
    index::Index,
    plan::{Recipe, RecipeFile},
    recipe::{self, RecipeError},
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
        let expanded = self.expanded(path).unwrap_or_else(|| text.clone());
        if let Some(wanted) = self.settings.policy.naming.names.get(&package.plan.project) {
            let found = package_names(&expanded);
            if !found.is_empty() && !found.contains(wanted) {
                let (spec, wanted) = (path.clone(), wanted.clone());
                return Err(PipelineError::OtherName { spec, found, wanted });
            }
        }
        if let Some(found) = version(&expanded).filter(|found| *found != package.plan.evr.version) {
            let (spec, wanted) = (path.clone(), package.plan.evr.version.clone());
            return Err(PipelineError::OtherVersion { spec, found: found.to_owned(), wanted });
        }
        let wanted = sources(&expanded);
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

    /// A spec as rpm expands it; nothing where rpm is not here or cannot read it.
    fn expanded(&self, path: &Path) -> Option<String> {
        let rpmspec = which("rpmspec", &self.settings.environment.path())?;
        let spec = std::path::absolute(path).ok()?;
        let command = Command::new(&rpmspec, Path::new("/")).argument("-P").argument(spec);
        let output = self.runner.run(&command.timeout(TIME_LIMIT)).ok()?;
        (output.status == 0).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The names of the files that a spec takes as sources and patches.
fn sources(spec: &str) -> BTreeSet<String> {
    let values = spec.lines().filter_map(|line| {
        let (tag, value) = line.split_once(':')?;
        let tag = tag.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase();
        ["source", "patch"].contains(&tag.as_str()).then(|| value.trim())
    });
    values.filter_map(|value| value.rsplit('/').next()).map(str::to_owned).collect()
}

/// The version that a spec states first; nothing where it is left in a macro.
fn version(spec: &str) -> Option<&str> {
    let mut fields = spec.lines().filter_map(|line| line.split_once(':'));
    let (_, version) = fields.find(|(field, _)| field.eq_ignore_ascii_case("version"))?;
    Some(version.trim()).filter(|version| !version.contains('%'))
}

/// The names of the packages that a spec describes, its own first; none where a name is left in a macro.
fn package_names(spec: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in spec.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (field, value) = line.split_once(':').unwrap_or_default();
        match (words.as_slice(), names.first()) {
            (["%package", "-n", name, ..], _) => names.push((*name).to_owned()),
            (["%package", part, ..], Some(own)) => names.push(format!("{own}-{part}")),
            _ if field.eq_ignore_ascii_case("name") && names.is_empty() => {
                names.push(value.trim().to_owned());
            }
            _ => {}
        }
    }
    if names.iter().any(|name| name.contains('%')) {
        names.clear();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::package_names;

    #[test]
    fn all_packages_of_a_spec_are_named() {
        let spec = "Name: python-one\nVersion: 1\n%package -n python3-one\nSummary: x\n\
                    %package doc\nname: other\n";
        assert_eq!(package_names(spec), ["python-one", "python3-one", "python-one-doc"]);
        assert!(package_names("Name: %{own}\n").is_empty());
    }
}
