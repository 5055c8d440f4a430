//! Which of the builders a recipe takes.

use std::path::{Path, PathBuf};

use crate::{
    process::{CommandRunner, Sandbox, SandboxError},
    report::Reporter,
};

use super::{
    BuildError, BuildJob, Builder, BuiltPackage, SourceJob, SourceTools, build_from_source,
};

/// Builds recipes that build sdists with the system's tools, and leaves others to another builder.
pub struct FromSource<'a> {
    pub others: Box<dyn Builder + 'a>,
    pub runner: &'a dyn CommandRunner,
    /// What confines the projects' code, or why nothing does; nothing only where a person wants that.
    pub sandbox: Result<Option<&'a Sandbox>, SandboxError>,
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
            return self.others.build(job, folder, reporter);
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
        Ok(BuiltPackage { path: build_from_source(&source, &tools, folder)? })
    }
}
