//! A target: one distribution, one of its Pythons and one architecture, as data.
//!
//! Targets are TOML files (`data/distros/*.toml`, embedded; a user's folder may override
//! them). A profile is data, never the host: nothing here inspects the local machine.
//!
#![doc = include_str!("facts.md")]

mod detect;
mod embedded;
mod environment;
mod error;
mod file;
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
pub use layout::{InstalledDocument, LayoutRules, LicenceLayout};
pub use recipe::{Idiom, SourceRecipe};
pub use source::Targets;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    plan::{Content, PackagePlan},
    python::artifact::ProjectName,
};

/// A distribution with the Python and the architecture of its packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Target {
    /// Such as `fedora-43`.
    pub name: String,
    /// Such as `Fedora Linux 43`.
    pub description: String,
    /// The package format: `rpm` or `deb`, or one that a plugin provides.
    pub format: String,
    /// The family whose conventions and package names apply: `fedora`, `el`, `suse`, `debian`, …
    pub family: String,
    /// The suffix of the release number: `.fc43`, `.el9`; `~jammy1` or nothing for Debian.
    pub dist_tag: String,
    /// The target's newest glibc symbol version: major and minor.
    pub glibc: (u32, u32),
    /// The payload compression: the algorithm of the target's convention and a level, `zstd:9`.
    pub compression: String,
    pub architecture: Architecture,
    pub python: Python,
    pub naming: Naming,
    pub layout: LayoutRules,
    /// Environment variables with the compiler flags of the target's own packages.
    pub build_flags: BTreeMap<String, String>,
    /// soname → its package, for formats without soname capabilities (Debian).
    pub libraries: BTreeMap<String, String>,
    /// program → its package, for formats whose packages require no program by path; empty
    /// if every system has it.
    pub programs: BTreeMap<String, String>,
    /// The shell commands for packages with systemd units by their moment, such as `post-install`;
    /// `{units}` stands for the units' names, `{started}` for those that run without an instance.
    pub unit_scriptlets: BTreeMap<String, String>,
    /// The way to build packages from sdists, if the target has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_recipe: Option<SourceRecipe>,
    /// The installation tree, if it is separate from the system folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
}

/// A machine architecture in every spelling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Architecture {
    /// As `platform.machine()` and wheel tags write it: `x86_64`, `aarch64`.
    pub machine: String,
    /// As the target's packages write it: `x86_64`, `amd64`.
    pub package: String,
    /// As the target names architecture-independent packages: `noarch`, `all`.
    pub independent: String,
    /// The mark of a 64-bit soname capability on rpm: `()(64bit)` has `(64bit)`, else empty.
    pub library_mark: String,
    /// rpm's suffix of a package's own name for its architecture: `(x86-64)`.
    pub isa: String,
    /// The name of the glibc loader: `ld-linux-x86-64.so.2`.
    pub loader: String,
}

/// The target's interpreter and its paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Python {
    /// Major and minor version.
    pub version: (u32, u32),
    /// The result of `platform.python_version()` on the target: `3.11.2`.
    pub full_version: String,
    /// Whether this is the target's `python3`.
    pub is_default: bool,
    /// The full version of `python3`.
    #[serde(skip)]
    pub default_version: String,
    /// The prefix of library packages' names: `python3-`, `python3.12-`, `python313-`.
    pub package_prefix: String,
    /// The interpreter's package: `python3`, `python3.12`, `python313`.
    pub interpreter_package: String,
    /// The interpreter of installed scripts.
    pub interpreter: String,
    /// The options on a script's first line, such as `-sP`; may be empty.
    pub shebang_options: String,
    /// Absolute site folders and others, without a trailing slash.
    pub purelib: String,
    pub platlib: String,
    /// Headers of a distribution go to a folder of its name below it.
    pub include: String,
    pub scripts: String,
    /// The prefix of the `data` scheme: `/usr`.
    pub data: String,
}

impl Python {
    /// Returns the site folder of a package's wheel: `purelib` or `platlib`.
    pub fn site_of(&self, plan: &PackagePlan) -> &str {
        let in_purelib = plan.files.iter().any(|file| {
            matches!(&file.content, Content::Member(member)
                if file.path.strip_prefix(&self.purelib).and_then(|rest| rest.strip_prefix('/'))
                    == member.in_source())
        });
        if in_purelib { &self.purelib } else { &self.platlib }
    }
}

/// The target's names of packages and capabilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Naming {
    /// Whether `python3dist(NAME)` is provided in addition to `python3.Ydist(NAME)`.
    pub unversioned_dist: bool,
    /// Whether the spelling that keeps dots (`python3.9dist(zope.interface)`) is provided too.
    pub dotted_dist: bool,
    /// Further names that a package provides; `{name}` is replaced by the normalised project name.
    pub aliases: Vec<String>,
    /// Whether a project `python-NAME` gets PREFIX-NAME instead of PREFIX-python-NAME.
    pub fold_python_prefix: bool,
    /// Whether packages keep the project's spelling, with upper case, `_` and dots.
    pub published_spelling: bool,
    /// The valid names of packages.
    pub rule: NameRule,
    /// Project → the distribution's package name, where the mechanical rule is wrong.
    /// It has thousands of entries, so that only their number is shown.
    #[serde(rename = "mapped-names", serialize_with = "count")]
    pub map: BTreeMap<ProjectName, String>,
    /// Names of the distribution's packages that do not belong to the projects of the mechanical
    /// rule; only their number is shown.
    #[serde(rename = "taken-names", serialize_with = "count_names")]
    pub taken: BTreeSet<String>,
    /// The versions of the distribution's packages by name; only their number is shown.
    #[serde(rename = "known-versions", serialize_with = "count_versions")]
    pub versions: BTreeMap<String, String>,
    /// The projects of some of those packages.
    #[serde(skip)]
    pub owners: BTreeMap<ProjectName, String>,
}

/// The valid names of a format's packages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameRule {
    /// Lower case letters, digits and `+-.`, at least two of them, the first not one of the marks.
    /// Source: Debian Policy 5.6.1.
    Debian,
    /// Letters, digits and `._+-`, the first a letter, a digit or `_`, and no two dots in a row.
    /// Source: rpm, `rpmCharCheck`.
    Rpm,
    /// Letters, digits and `._+-`, the first a letter or digit; the format's plugin checks the rest
    /// of its rule.
    #[default]
    General,
    /// Lower case letters, digits and `@._+-`, the first not one of `.` and `-`.
    /// Source: PKGBUILD(5), `pkgname`.
    Pacman,
}

impl NameRule {
    /// Returns whether a name is valid.
    pub fn allows(self, name: &str) -> bool {
        let begins =
            |more: &str| name.starts_with(|c: char| c.is_ascii_alphanumeric() || more.contains(c));
        let consists =
            |more: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
        match self {
            Self::Debian => {
                let is_lower = !name.contains(|c: char| c.is_ascii_uppercase());
                begins("") && consists("+-.") && is_lower && name.len() >= 2
            }
            Self::Rpm => begins("_") && consists("._+-") && !name.contains(".."),
            Self::General => begins("") && consists("._+-"),
            Self::Pacman => {
                begins("@_+")
                    && consists("@._+-")
                    && !name.contains(|c: char| c.is_ascii_uppercase())
            }
        }
    }

    /// Returns a description of the rule, for messages.
    pub fn wording(self) -> &'static str {
        match self {
            Self::Debian => {
                "lower case letters, digits and `+-.`, two at least, the first a letter or digit"
            }
            Self::Rpm => {
                "letters, digits and `._+-`, the first a letter, digit or `_`, without `..`"
            }
            Self::General => "letters, digits and `._+-`, the first a letter or digit",
            Self::Pacman => "lower case letters, digits and `@._+-`, the first not `.` or `-`",
        }
    }
}

impl Naming {
    /// Returns whether the distribution uses a package name for something other than the project.
    pub fn is_taken(&self, name: &str, project: &ProjectName) -> bool {
        self.taken.contains(name) && self.own_name(project).is_none_or(|own| own != name)
    }

    /// Returns the distribution's own name for a project, from its name map.
    pub fn own_name(&self, project: &ProjectName) -> Option<&str> {
        self.map.get(project).or_else(|| self.owners.get(project)).map(String::as_str)
    }
}

fn count_versions<S: serde::Serializer>(
    versions: &BTreeMap<String, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    versions.len().serialize(serializer)
}

fn count_names<S: serde::Serializer>(
    names: &BTreeSet<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    names.len().serialize(serializer)
}

fn count<S: serde::Serializer>(
    map: &BTreeMap<ProjectName, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    map.len().serialize(serializer)
}
