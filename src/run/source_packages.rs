//! Source packages: what another machine builds the packages of.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    base::{
        files::{FileError, create_folders, publish_file},
        report::Reporter,
    },
    collection::{Collection, FailureRecord, Publishing, Stage},
    format::build::{BuildError, SourceJob, SourceTools},
};

use super::{
    Context, Package, PipelineError, RecipeAuthor, Renderer,
    render::{Ready, render_ready},
};

/// The folder of source packages in a collection.
const FOLDER: &str = "source";

/// Source packages that are made, but not yet in their collection.
pub(super) struct SourcePackages {
    /// In the order in which they are moved: what names others comes behind them.
    files: Vec<PathBuf>,
}

impl Context {
    /// Makes the source packages of `packages` in `folder`, a private one; nothing where they are
    /// not wanted. One that fails stops no other.
    ///
    /// # Errors
    /// A package that can have none.
    pub(super) fn source_packages(
        &self,
        packages: &[Package],
        words: &Renderer<'_>,
        folder: &Path,
        failures: &mut Vec<FailureRecord>,
    ) -> Result<Option<SourcePackages>, PipelineError> {
        if !self.settings().source_packages {
            return Ok(None);
        }
        let mut files = Vec::new();
        for package in packages {
            let own = folder.join("source").join(&package.plan.package);
            fs::create_dir_all(&own).map_err(FileError::write(&own))?;
            match self.source_package(package, words, &own) {
                Ok(made) => files.extend(made.into_iter().rev()),
                Err(Unmade::Never(error)) => return Err(*error),
                Err(Unmade::Failed(failure)) => failures.push(failure),
            }
        }
        Ok(Some(SourcePackages { files }))
    }

    /// The source package of the recipe that builds the project's sdist, where there is one.
    fn source_package(
        &self,
        package: &Package,
        words: &Renderer<'_>,
        folder: &Path,
    ) -> Result<Vec<PathBuf>, Unmade> {
        let package = match package.made {
            RecipeAuthor::Now => {
                let mut package = package.clone();
                package.plan.from_source.clone_from(&package.material.from_source);
                self.rendered(package, words)?
            }
            // The recipe is in the folder as it was reviewed.
            RecipeAuthor::Earlier | RecipeAuthor::Edited => package.clone(),
        };
        let Package { plan, native, recipe, material, .. } = package;
        let source = if plan.from_source.is_some() { &material.source } else { &material.wheel };
        let dist_tag = &self.target().dist_tag;
        let job = SourceJob { plan: &plan, native: &native, recipe: &recipe, source, dist_tag };
        let path = self.path();
        let tools =
            SourceTools { runner: self.runner(), sandbox: None, path, reporter: self.reporter() };
        let unknown = || BuildError::Format { format: plan.format.clone() };
        let builder = words.format.source_builder().ok_or_else(unknown);
        let made = builder.and_then(|builder| builder.source_package(&job, &tools, folder));
        made.map_err(|error| match error {
            BuildError::NoSource { .. }
            | BuildError::Missing { .. }
            | BuildError::Format { .. } => Unmade::Never(Box::new(error.into())),
            _ => Unmade::Failed(FailureRecord::new(
                &plan.project,
                &plan.release,
                Stage::Build,
                &error,
            )),
        })
    }

    /// Returns the package with the recipe of its plan as it is now, which no plugin has seen.
    fn rendered(&self, package: Package, words: &Renderer<'_>) -> Result<Package, Unmade> {
        let never = |error: PipelineError| Unmade::Never(Box::new(error));
        let Package { plan, planned, material, .. } = package;
        let ready = vec![Ok(Ready { plan, planned, material })];
        let rendered = render_ready(self, ready, words).map_err(never)?;
        let rendered: Result<Vec<Package>, FailureRecord> = rendered.into_iter().collect();
        Ok(rendered.map_err(Unmade::Failed)?.swap_remove(0))
    }
}

/// Why there is no source package.
enum Unmade {
    /// Nothing but another choice of the user's would change that.
    Never(Box<PipelineError>),
    Failed(FailureRecord),
}

impl SourcePackages {
    /// Moves them into the collection, each in one moment, and makes repository metadata of them
    /// where their format has such.
    pub(super) fn publish(
        self,
        collection: &Path,
        target: &str,
        publishing: Publishing<'_>,
        reporter: &dyn Reporter,
    ) -> Result<(), PipelineError> {
        let folder = collection.join(FOLDER);
        create_folders(&folder).map_err(FileError::write(&folder))?;
        let mut places = Vec::new();
        for file in &self.files {
            let place = folder.join(file.file_name().unwrap_or_default());
            let moved = publish_file(file).and_then(|()| fs::rename(file, &place));
            moved.map_err(FileError::write(&place))?;
            places.push(place);
        }
        let publishing = Publishing { url: None, pool: None, ..publishing };
        let sources = Collection::of_sources(&folder, target, &places)?;
        Ok(sources.with_reporter(reporter).republish(publishing)?)
    }
}
