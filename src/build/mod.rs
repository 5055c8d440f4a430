//! Builders: system tools in private work folders, and embedded writers.

use std::path::{Path, PathBuf};

use crate::{format::Native, plan::PackagePlan, recipe::Recipe, report::Reporter};

/// One package to build.
pub struct BuildJob<'a> {
    pub plan: &'a PackagePlan,
    pub native: &'a Native,
    pub recipe: &'a Recipe,
    /// The verified wheel.
    pub wheel: &'a Path,
}

/// A package that was built and verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltPackage {
    /// Its finished, verified file.
    pub path: PathBuf,
}

/// Makes a package of a plan and its recipe.
pub trait Builder: Sync {
    /// As `--builder` names it.
    fn name(&self) -> &'static str;

    /// Builds one package into `folder`, a private, existing, empty folder; nothing is left there
    /// but the package.
    fn build(
        &self,
        job: &BuildJob<'_>,
        folder: &Path,
        reporter: &dyn Reporter,
    ) -> Result<BuiltPackage, BuildError>;
}

/// Why a package could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("placeholder")]
    Placeholder,
}
