//! Builders: system tools in private work folders, and embedded writers.
//!
//! Both kinds take the same plan, native words and recipe and hand back a package that was opened
//! again and compared with what was planned. Neither reads a clock, a locale or the name of the
//! machine: the same job gives the same bytes.

pub(crate) mod choice;
pub(crate) mod compression;
pub(crate) mod contents;
pub(crate) mod error;
pub(crate) mod facts;
pub(crate) mod folder;
pub(crate) mod from_source;
pub(crate) mod source;
pub(crate) mod staged;
pub(crate) mod stated;
pub(crate) mod system;
#[cfg(test)]
pub(crate) mod testing;

use std::path::{Path, PathBuf};

use super::Native;
use crate::{
    base::report::Reporter,
    plan::{PackagePlan, Recipe},
    wheels::bytecode::ByteCode,
};

pub(crate) use choice::SystemTool;
pub use choice::{BuildTools, ChosenBuilder, Preference};
pub use compression::{Compression, compress, compressed, decompress};
pub use error::BuildError;
pub use from_source::FromSource;
pub use source::{SourceBuilder, SourceJob, SourceTools};
pub use staged::write_tree;

/// The build host that packages name: the real one's name would make builds differ.
pub(crate) const BUILD_HOST: &str = "localhost";

/// What the embedded writers' packages depend on: this program's version.
pub(crate) fn embedded_identity() -> String {
    concat!("pypi2pkg ", env!("CARGO_PKG_VERSION")).to_owned()
}

/// One package to build.
#[derive(Clone, Copy)]
pub struct BuildJob<'a> {
    pub plan: &'a PackagePlan,
    pub native: &'a Native,
    pub recipe: &'a Recipe,
    /// The verified wheel.
    pub wheel: &'a Path,
    /// The wheels of the plan's further archives, in their order.
    pub further_wheels: &'a [PathBuf],
    /// The file that was fetched: the wheel itself, or its sdist.
    pub source: &'a Path,
    /// What its modules were compiled to.
    pub byte_code: Option<&'a ByteCode>,
    /// Further files that the recipe takes as sources.
    pub sources: &'a [PathBuf],
    /// Whether the recipe was edited: then it says what the package is, and the
    /// plan only what it is built from.
    pub own_recipe: bool,
}

impl BuildJob<'_> {
    /// The native package's name, for messages.
    pub(crate) fn package(&self) -> String {
        self.native.name.clone()
    }

    /// The plan's time as packages hold it: seconds since 1970 in 32 bits.
    pub(crate) fn time(&self) -> Result<u32, BuildError> {
        packed_time(self.plan, &self.native.name)
    }
}

/// A plan's time as packages hold it: seconds since 1970 in 32 bits.
pub(crate) fn packed_time(plan: &PackagePlan, package: &str) -> Result<u32, BuildError> {
    u32::try_from(plan.time).map_err(|_| BuildError::Refused {
        package: package.to_owned(),
        reason: format!("the time {} does not fit into a package", plan.time),
    })
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

    /// What its packages depend on beside the job: the version of the program that writes them.
    ///
    /// # Errors
    /// The program does not say it.
    fn identity(&self) -> Result<String, BuildError>;

    /// Builds one package into `folder`, a private, existing, empty folder; nothing is left there
    /// but the package.
    ///
    /// # Errors
    /// The package cannot be built, or differs from its plan.
    fn build(
        &self,
        job: &BuildJob<'_>,
        folder: &Path,
        reporter: &dyn Reporter,
    ) -> Result<BuiltPackage, BuildError>;
}

#[cfg(test)]
mod tests;
