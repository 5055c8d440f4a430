//! Building a recipe that builds its sdist, and source packages.
//!
//! Building runs the project's own code, in a sandbox: all that commands read and write is below
//! their working folder.

pub(crate) mod place;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    base::{
        process::{CommandRunner, Sandbox, which},
        report::Reporter,
    },
    format::Native,
    plan::{PackagePlan, Recipe},
};

use super::{
    BuildError,
    folder::{create_folders, write_file},
    packed_time,
};

/// A recipe to build from source, or to make a source package of.
#[derive(Clone, Copy)]
pub struct SourceJob<'a> {
    pub plan: &'a PackagePlan,
    pub native: &'a Native,
    /// The recipe's files; `patches/NAME` are the patches that it lists.
    pub recipe: &'a Recipe,
    /// The file that the recipe is of: the sdist, or the wheel.
    pub source: &'a Path,
    /// What the target puts behind every release number.
    pub dist_tag: &'a str,
}

/// The tools of this machine.
#[derive(Clone, Copy)]
pub struct SourceTools<'a> {
    pub runner: &'a dyn CommandRunner,
    /// What confines the project's code; nothing only where the user wants that.
    pub sandbox: Option<&'a Sandbox>,
    /// The folders in which programs are looked for.
    pub path: &'a [PathBuf],
    pub reporter: &'a dyn Reporter,
}

impl SourceTools<'_> {
    pub(crate) fn find(
        &self,
        program: &'static str,
        job: &SourceJob<'_>,
    ) -> Result<PathBuf, BuildError> {
        which(program, self.path)
            .ok_or_else(|| BuildError::Missing { program, format: job.plan.format.clone() })
    }
}

impl SourceJob<'_> {
    /// Seconds since 1970, as packages hold them.
    pub(crate) fn time(&self) -> Result<u32, BuildError> {
        packed_time(self.plan, &self.native.name)
    }

    pub(crate) fn refuse(&self, reason: String) -> BuildError {
        BuildError::Refused { package: self.native.name.clone(), reason }
    }

    /// The source's name as the recipe knows it.
    pub(crate) fn source_name(&self) -> &str {
        let source = &self.plan.source;
        match (&self.plan.from_source, &source.built_wheel) {
            (None, Some(wheel)) => wheel,
            _ => &source.filename,
        }
    }

    /// Copies the source to `path`, with a mode and a time that do not depend on this machine.
    pub(crate) fn copy_source(&self, path: &Path) -> Result<(), BuildError> {
        let read = BuildError::at("read", self.source);
        write_file(path, &fs::read(self.source).map_err(read)?, 0o644, self.time()?)
    }

    /// Writes the recipe's files below `folder`, each where `place` puts it; it leaves out those
    /// for which that is nowhere.
    pub(crate) fn write_recipe(
        &self,
        folder: &Path,
        place: impl Fn(&str) -> Option<PathBuf>,
    ) -> Result<(), BuildError> {
        for (name, file) in &self.recipe.files {
            let Some(place) = place(name) else { continue };
            let path = folder.join(place);
            if let Some(parent) = path.parent() {
                create_folders(parent)?;
            }
            let mode = if file.executable { 0o755 } else { 0o644 };
            write_file(&path, file.text.as_bytes(), mode, self.time()?)?;
        }
        Ok(())
    }
}

/// Builds recipes of sdists with a format's own tools.
pub trait SourceBuilder: Sync {
    /// Builds the package from source into `folder`, a private, existing, empty folder, and returns
    /// its path. Nothing is built if a build requirement is not installed.
    ///
    /// # Errors
    /// [`BuildError::Requirements`] lists what is not installed.
    fn build(
        &self,
        job: &SourceJob<'_>,
        tools: &SourceTools<'_>,
        folder: &Path,
    ) -> Result<PathBuf, BuildError>;

    /// Makes the source package in `folder`, a private, existing, empty folder: a `.src.rpm`, or a
    /// `.dsc` with the files that it names. The first path is that of the file to build it by.
    ///
    /// # Errors
    /// A Debian package that is packed of a wheel has no source package.
    fn source_package(
        &self,
        job: &SourceJob<'_>,
        tools: &SourceTools<'_>,
        folder: &Path,
    ) -> Result<Vec<PathBuf>, BuildError>;
}

/// Copies a tool's finished file out of its work folder.
pub(crate) fn hand_over(from: &Path, folder: &Path) -> Result<PathBuf, BuildError> {
    let to = folder.join(from.file_name().unwrap_or_default());
    fs::copy(from, &to).map_err(BuildError::at("copy", from))?;
    Ok(to)
}

/// A base name, for recipes that keep a file in another folder than their tools do.
pub(crate) fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
