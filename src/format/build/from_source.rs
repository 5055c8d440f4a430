//! Which of the builders a recipe takes.

use std::path::{Path, PathBuf};

use crate::base::{
    process::{CommandRunner, Sandbox, SandboxError},
    report::Reporter,
};

use super::{BuildError, BuildJob, Builder, BuiltPackage, SourceBuilder, SourceJob, SourceTools};

/// Builds recipes that build sdists with the system's tools, and leaves others to another builder.
pub struct FromSource<'a> {
    pub others: Box<dyn Builder + 'a>,
    /// What builds recipes of sdists, if the format has such recipes.
    pub source_builder: Option<&'a dyn SourceBuilder>,
    pub runner: &'a dyn CommandRunner,
    /// What confines the projects' code, or why nothing does; nothing only where the user wants that.
    pub sandbox: Result<Option<&'a Sandbox>, SandboxError>,
    /// Why the system's builder is not among `others`, where nothing confines it.
    pub unconfined: Option<BuildError>,
    /// The folders in which programs are looked for.
    pub path: &'a [PathBuf],
    /// What the target puts behind every release number.
    pub dist_tag: &'a str,
}

impl Builder for FromSource<'_> {
    fn name(&self) -> &'static str {
        self.others.name()
    }

    fn identity(&self) -> Result<String, BuildError> {
        self.others.identity()
    }

    fn build(
        &self,
        job: &BuildJob<'_>,
        folder: &Path,
        reporter: &dyn Reporter,
    ) -> Result<BuiltPackage, BuildError> {
        if job.plan.from_source.is_none() {
            let built = self.others.build(job, folder, reporter);
            return built.map_err(|error| self.explained(error));
        }
        let sandbox = self
            .sandbox
            .clone()
            .map_err(|error| BuildError::Unconfined { package: job.native.name.clone(), error })?;
        let source = SourceJob {
            plan: job.plan,
            native: job.native,
            recipe: job.recipe,
            source: job.source,
            dist_tag: self.dist_tag,
        };
        let tools = SourceTools { runner: self.runner, sandbox, path: self.path, reporter };
        let unknown = || BuildError::Format { format: job.plan.format.clone() };
        let builder = self.source_builder.ok_or_else(unknown)?;
        Ok(BuiltPackage { path: builder.build(&source, &tools, folder)? })
    }
}

impl FromSource<'_> {
    /// A recipe that takes the system's tool is refused because of what is wrong with that.
    fn explained(&self, error: BuildError) -> BuildError {
        match (error, &self.unconfined) {
            (BuildError::OwnRecipe { package, tool }, Some(BuildError::Exposed { reason, .. })) => {
                BuildError::ExposedRecipe { package, tool, reason: reason.clone() }
            }
            (error, _) => error,
        }
    }
}
