//! Package formats: everything that differs between RPM packages, Debian packages and the packages
//! of formats from plugins.

mod bounds;
pub mod build;
mod context;
pub mod deb;
mod drift;
mod error;
pub mod host;
mod install;
mod native;
pub mod package;
pub mod plugin;
mod registry;
pub mod repository;
pub mod rpm;
mod sample;
mod syntax;
mod text;
mod version;

use std::collections::BTreeMap;

use pep440_rs::{Version, VersionSpecifiers};
use serde_json::Value;

use crate::{distro::targets::Target, plan::PackagePlan, python::artifact::ProjectName};

pub use context::{general_context, shell_word};
pub use drift::{Drift, drift};
pub use error::{FormatError, PackageError};
pub use install::{Attachment, attachments};
pub use native::{Changelog, Native, NativeRelation, NativeSource};
pub use package::PackageEntry;
pub use registry::{Formats, named};
pub use sample::sample;
pub use syntax::RecipeSyntax;
pub use text::{one_line, synopsis, wrap};

use build::{BuildError, BuildTools, ChosenBuilder, Preference, SourceBuilder};
use host::HostPackages;
use repository::Repository;

/// A package format: how its packages are versioned, described, built, read and published.
pub trait Format: Sync {
    /// Returns the format's name, which is also the name of its template pack.
    fn name(&self) -> &str;

    /// Returns the end of the names of its package files: `.rpm`.
    fn suffix(&self) -> &str;

    /// Returns how packages state the versions of releases, without epoch and release number.
    ///
    /// # Errors
    /// The format's plugin fails.
    fn versions(
        &self,
        releases: BTreeMap<&ProjectName, &Version>,
    ) -> Result<BTreeMap<ProjectName, String>, FormatError>;

    /// Returns the ranks of versions (`[EPOCH:]VERSION[-RELEASE]`) in the format's order: a newer
    /// version has a higher rank, and equal ones have the same.
    ///
    /// # Errors
    /// The format's plugin fails.
    fn ranks(&self, versions: &[String]) -> Result<Vec<usize>, PackageError>;

    /// Returns whether packages require others by package name and version, and not by the Python
    /// projects that those provide.
    fn requires_by_name(&self) -> bool;

    /// Returns whether the specifiers, written as relations with the distribution's package of that
    /// name and version, select the same versions as they do for the published release.
    fn are_bounds_comparable(
        &self,
        package: &str,
        version: &str,
        specifiers: &VersionSpecifiers,
    ) -> bool;

    /// Lowers plans to the format's terms, in their order. A plan that cannot be lowered stops no
    /// other.
    ///
    /// # Errors
    /// The format's plugin fails.
    fn lower(
        &self,
        plans: &[&PackagePlan],
        target: &Target,
    ) -> Result<Vec<Result<Native, FormatError>>, FormatError>;

    /// Lowers one plan.
    ///
    /// # Errors
    /// The plan cannot be lowered.
    fn lower_one(&self, plan: &PackagePlan, target: &Target) -> Result<Native, FormatError> {
        self.lower(&[plan], target)?.swap_remove(0)
    }

    /// Returns what the format's templates may refer to.
    fn context(&self, plan: &PackagePlan, target: &Target, native: &Native) -> Value;

    /// Returns the files that the recipe has beside the outputs of its templates.
    fn attachments(&self, plan: &PackagePlan) -> Vec<Attachment>;

    /// Returns the syntax of the format's recipes.
    fn syntax(&self) -> &dyn RecipeSyntax;

    /// Checks that packages may have a compression: names of package files may state another one.
    ///
    /// # Errors
    /// They do.
    fn check_compression(&self, _compression: &str) -> Result<(), FormatError> {
        Ok(())
    }

    /// Returns what builds the format's packages from recipes that pack a wheel.
    ///
    /// # Errors
    /// The system's tool was requested, and is not installed or cannot be confined.
    fn builder<'a>(
        &'a self,
        tools: &BuildTools<'a>,
        preference: Preference,
    ) -> Result<ChosenBuilder<'a>, BuildError>;

    /// Returns what builds recipes of sdists and makes source packages, if the format has these.
    fn source_builder(&self) -> Option<&dyn SourceBuilder>;

    /// Returns how package files are read and published as a repository.
    fn repository(&self) -> &dyn Repository;

    /// Returns access to the packages of distributions that use this format; plugins have none.
    fn host(&self) -> Option<&'static dyn HostPackages>;
}
