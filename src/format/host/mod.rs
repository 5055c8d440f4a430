//! The packages of distributions and collections, and which of them meet a requirement.

mod install;
pub(crate) mod pack;
mod set;
mod source;

use std::{cmp::Ordering, collections::BTreeSet, path::PathBuf};

use pep440_rs::{Version, VersionSpecifiers};

use super::PackageEntry;
use crate::{
    base::process::{Command, CommandRunner},
    distro::targets::Target,
    plan::relation::RelationError,
    python::artifact::ProjectName,
};

pub(crate) use install::with_names;
pub use install::{InstallError, InstallRoot};
pub use set::{PackageSet, Provision};
pub(crate) use source::SYSTEM;
pub use source::{HostError, Opener, open, plain_hosts};

/// Access to the packages of distributions that use a format.
pub trait HostPackages: Sync {
    /// Orders two versions as the package manager does.
    fn compare(&self, a: &str, b: &str) -> Ordering;

    /// Returns the version that upstream published, of a package's version; `None` if the format
    /// does not tell.
    fn published(&self, version: &str) -> Option<Version>;

    /// Returns the names in a relation.
    fn names(&self, relation: &str) -> BTreeSet<String>;

    /// Returns whether a package that has or provides `name` in `version` meets all relations.
    ///
    /// # Errors
    /// A relation cannot be read.
    fn satisfied(
        &self,
        relations: &[String],
        name: &str,
        version: &str,
    ) -> Result<bool, RelationError>;

    /// Returns whether the package manager itself meets a relation.
    fn is_internal(&self, relation: &str) -> bool;

    /// Returns whether a name that nothing in a collection has is the distribution's; `left` are
    /// the packages and the projects that the collection leaves to it.
    fn is_of_distribution(&self, name: &str, left: &LeftToDistribution) -> bool;

    /// Returns how packages meet all specifiers of a project, if they do. `package` is the name
    /// that the distribution's package would have.
    fn provision(
        &self,
        packages: &PackageSet,
        project: &ProjectName,
        specifiers: &[VersionSpecifiers],
        package: &str,
        target: &Target,
    ) -> Option<Provision>;

    /// Returns whether a package does not provide the project whose name it has; never where
    /// packages do not state projects.
    fn is_other(&self, package: &PackageEntry, project: &ProjectName, target: &Target) -> bool;

    /// Reads the packages of the repository at an address.
    ///
    /// # Errors
    /// It cannot be fetched or read.
    fn open(&self, address: &str, opener: &Opener<'_>) -> Result<Vec<PackageEntry>, HostError>;

    /// Returns the packages of a C compiler and of a C++ compiler.
    fn compilers(&self) -> Compilers;

    /// Returns the package with the headers of a system's Python.
    fn python_headers(&self, version: (u32, u32), system: &Target) -> String;

    /// Returns which of the names this machine's installed packages have or provide; `None` if that
    /// cannot be found out.
    fn installed(
        &self,
        names: &BTreeSet<String>,
        tools: &SystemTools<'_>,
    ) -> Option<BTreeSet<String>>;

    /// Returns the command that installs packages on this machine, without their names.
    fn install_command(&self, tools: &SystemTools<'_>) -> &'static [&'static str];

    /// Installs the packages of a collection into a new root.
    ///
    /// # Errors
    /// A tool is missing or fails.
    fn install(
        &self,
        root: &InstallRoot<'_>,
        packages: &[PackageEntry],
    ) -> Result<(), InstallError>;

    /// Returns the command that prints the installed packages of a root, each with its version.
    ///
    /// # Errors
    /// A tool is missing.
    fn versions(&self, root: &InstallRoot<'_>) -> Result<Command, InstallError>;
}

/// The packages of a distribution's compilers.
#[derive(Debug, Clone, Copy)]
pub struct Compilers {
    pub c: &'static [&'static str],
    pub cxx: &'static str,
}

/// How programs of this machine are found and run.
#[derive(Clone, Copy)]
pub struct SystemTools<'a> {
    pub runner: &'a dyn CommandRunner,
    /// The folders in which programs are looked for.
    pub path: &'a [PathBuf],
}

/// What a collection leaves to the distribution on purpose.
#[derive(Debug, Default)]
pub struct LeftToDistribution {
    pub packages: BTreeSet<String>,
    pub projects: BTreeSet<String>,
}
