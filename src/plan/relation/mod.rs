//! Relations between packages, and how rpm and Debian write them.

pub(crate) mod name;

use pep440_rs::{Version, VersionSpecifiers};
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::text::OneLine;
use pep508_rs::{ExtraName, PackageName as ProjectName};

pub use name::{CapabilityName, LibraryName};

/// How strongly a package is bound to a capability, in rpm's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    Requires,
    Recommends,
    Suggests,
    Provides,
    Conflicts,
    /// `Obsoletes` on rpm, `Replaces` on Debian.
    Replaces,
}

impl Strength {
    /// In the order in which recipes name them.
    pub const ALL: [Self; 6] = [
        Self::Requires,
        Self::Recommends,
        Self::Suggests,
        Self::Provides,
        Self::Conflicts,
        Self::Replaces,
    ];
}

/// A relation of a package, in no format's dialect, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Relation {
    pub strength: Strength,
    pub capability: Capability,
    /// For the reviewer: `Requires-Dist: idna<4,>=2.5`, `Requires-Python`, `ELF: libz.so.1`.
    pub origin: OneLine,
}

/// What a relation is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Capability {
    /// A Python project within `specifiers`.
    Project {
        #[cfg_attr(test, schemars(with = "String"))]
        project: ProjectName,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(test, schemars(with = "Vec<String>"))]
        extras: Vec<ExtraName>,
        #[cfg_attr(test, schemars(with = "String"))]
        specifiers: VersionSpecifiers,
        /// The native package that has the project.
        package: CapabilityName,
        /// The version that was resolved, where the collection has the project: Debian bounds
        /// need its number of components.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, schemars(with = "Option<String>"))]
        candidate: Option<Version>,
        /// What the distribution puts before the versions of its package of that name; bounds of
        /// that name carry it.
        #[serde(default, skip_serializing_if = "is_zero")]
        epoch: u64,
        /// The version of the distribution's package, where the project is left to the distribution
        /// and that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        available: Option<String>,
        /// Bounds that are not stated, since it is not known how the distribution numbers its
        /// package.
        #[serde(default, skip_serializing_if = "VersionSpecifiers::is_empty")]
        #[cfg_attr(test, schemars(with = "String"))]
        unstated: VersionSpecifiers,
    },
    /// This project at exactly this version (what a package provides).
    Dist {
        #[cfg_attr(test, schemars(with = "String"))]
        project: ProjectName,
        #[cfg_attr(test, schemars(with = "String"))]
        version: Version,
    },
    /// The interpreter's ABI: `python(abi) = 3.13`.
    Interpreter {
        version: (u32, u32),
        /// Whether the files only work with this minor version.
        exact: bool,
    },
    /// A shared library: its soname, the package that holds it where the target knows that, and
    /// the symbol versions needed (`GLIBC_2.17`).
    Library {
        soname: LibraryName,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        versions: Vec<LibraryName>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        package: Option<CapabilityName>,
    },
    /// A native package or capability by its name, in this package's own version; what is replaced,
    /// below it.
    Package { name: CapabilityName, own_version: bool },
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Why a specifier or a relation could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelationError {
    #[error("the specifier `{specifier}` compares with no version")]
    Specifier { specifier: String },
    #[error("`{text}` is not a valid relation: {problem}")]
    Dependency { text: String, problem: &'static str },
}

/// The glibc version that a symbol version names: `GLIBC_2.17` is 2 and 17.
pub fn glibc_version(symbol_version: &str) -> Option<(u32, u32)> {
    let mut parts = symbol_version.strip_prefix("GLIBC_")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
