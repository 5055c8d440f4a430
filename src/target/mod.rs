//! A target: one distribution, one of its Pythons and one architecture, as data.
//!
//! Targets are TOML files (`templates/targets/*.toml`, embedded; a user's folder may override
//! them). A profile is data, never the host: nothing here looks at the machine it runs on.
//!
#![doc = include_str!("facts.md")]

mod detect;
mod embedded;
mod environment;
mod error;
#[cfg(test)]
mod file_names;
mod isolation;
mod layout;
mod profile;
mod recipe;
mod source;
#[cfg(test)]
mod tests;

pub use environment::compatible_tags;
pub use error::TargetError;
pub use isolation::Isolation;
pub use layout::{Document, Layout, LicencePlace};
pub use recipe::{Idiom, SourceRecipe};
pub use source::Targets;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::artifact::ProjectName;

/// A distribution with the Python and the architecture that packages are made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Target {
    /// Such as `fedora-43`.
    pub name: String,
    /// Such as `Fedora Linux 43`.
    pub description: String,
    /// The package format: `rpm` or `deb`, or one that a plugin brings.
    pub format: String,
    /// The family whose conventions and package names apply: `fedora`, `el`, `suse`, `debian`, …
    pub family: String,
    /// What follows the release number: `.fc43`, `.el9`; `~jammy1` or nothing for Debian.
    pub dist_tag: String,
    /// The newest glibc symbol version that the target has: major and minor.
    pub glibc: (u32, u32),
    /// The payload compression: the algorithm of the target's convention and a level, `zstd:9`.
    pub compression: String,
    pub architecture: Architecture,
    pub python: Python,
    pub naming: Naming,
    pub layout: Layout,
    /// Variables that tell compilers how the target's own packages are compiled.
    pub build_flags: BTreeMap<String, String>,
    /// soname → the package that holds it, for formats without soname capabilities (Debian).
    pub libraries: BTreeMap<String, String>,
    /// How packages are built of sdists, where the target has a way of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_recipe: Option<SourceRecipe>,
    /// Where everything is installed beside the system's own folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
}

/// A machine architecture in every dialect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Architecture {
    /// As `platform.machine()` and wheel tags write it: `x86_64`, `aarch64`.
    pub machine: String,
    /// As the target's packages write it: `x86_64`, `amd64`.
    pub package: String,
    /// As the target writes a package for every architecture: `noarch`, `all`.
    pub independent: String,
    /// What marks a 64-bit soname capability on rpm: `()(64bit)` has `(64bit)`, else empty.
    pub library_mark: String,
    /// What rpm puts behind a package's own name to mark its architecture: `(x86-64)`.
    pub isa: String,
    /// What the glibc loader is called: `ld-linux-x86-64.so.2`.
    pub loader: String,
}

/// The target's interpreter and the paths that belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Python {
    /// Major and minor version.
    pub version: (u32, u32),
    /// As `platform.python_version()` answers on the target: `3.11.2`.
    pub full_version: String,
    /// Whether this is what the target's `python3` starts.
    pub is_default: bool,
    /// What library packages' names begin with: `python3-`, `python3.12-`, `python313-`.
    pub package_prefix: String,
    /// The package that brings the interpreter: `python3`, `python3.12`, `python313`.
    pub interpreter_package: String,
    /// The interpreter that installed scripts start.
    pub interpreter: String,
    /// The options on a script's first line, such as `-sP`; may be empty.
    pub shebang_options: String,
    /// Absolute site folders and others, without a trailing slash.
    pub purelib: String,
    pub platlib: String,
    /// Headers of a distribution go to a folder of its name below it.
    pub include: String,
    pub scripts: String,
    /// Where the `data` scheme begins: `/usr`.
    pub data: String,
}

/// How the target names packages and capabilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Naming {
    /// Whether `python3dist(NAME)` is provided beside `python3.Ydist(NAME)`.
    pub unversioned_dist: bool,
    /// Whether the spelling that keeps dots (`python3.9dist(zope.interface)`) is provided too.
    pub dotted_dist: bool,
    /// Further names that a package provides; `{name}` stands for the normalised project name.
    pub aliases: Vec<String>,
    /// Whether a project `python-NAME` gets PREFIX-NAME instead of PREFIX-python-NAME.
    pub fold_python_prefix: bool,
    /// Project → the distribution's package name, where the mechanical rule is wrong.
    /// It has thousands of entries: what is shown of it is their number.
    #[serde(rename = "mapped-names", serialize_with = "count")]
    pub map: BTreeMap<ProjectName, String>,
}

fn count<S: serde::Serializer>(
    map: &BTreeMap<ProjectName, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    map.len().serialize(serializer)
}
