//! The target's file layout, as far as it differs between formats.

use serde::{Deserialize, Serialize};

use super::Target;
use crate::{
    plan::{Shebang, ShebangError},
    python::artifact::ProjectName,
};

/// A target's conventions for installed files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LayoutRules {
    /// The contents of `INSTALLER`.
    pub installer: String,
    /// Further files of `.dist-info` that are not installed.
    pub left_out: Vec<String>,
    pub licences: LicenceLayout,
    /// The permission bits of extension modules and shared libraries.
    pub extension_mode: u32,
    /// Whether a renamed package not only conflicts with the distribution's one, but replaces it.
    pub replaces_renamed: bool,
    /// Whether the package builder compresses manual pages.
    #[serde(default)]
    pub compressed_manuals: bool,
    /// Whether packages may require files and libraries directly, regardless of the package.
    #[serde(default)]
    pub requires_files: bool,
    /// Whether several packages may own an identical file.
    #[serde(default)]
    pub shared_files: bool,
    /// Whether packages contain byte code, if an interpreter can compile it.
    #[serde(default)]
    pub byte_code: bool,
    /// Documents besides the project's own files.
    pub documents: Vec<InstalledDocument>,
}

/// Where licence texts go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LicenceLayout {
    /// They stay in `.dist-info` and are marked as licences.
    DistInfo,
    /// Their text is part of a copyright file.
    Copyright,
    /// They go to the package's own folder in `share/licenses`.
    Share,
}

/// A file of the recipe that is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InstalledDocument {
    /// The installed path; `{package}` is replaced by the package's name.
    pub path: String,
    /// The file's path in the recipe.
    pub file: String,
    #[serde(default)]
    pub gzip: bool,
    /// Whether only packages with native code have it.
    #[serde(default)]
    pub native_only: bool,
}

impl Target {
    /// Returns the first line of an installed Python script.
    ///
    /// # Errors
    /// The target's interpreter is not in a folder of programs, or its options are more than one.
    pub fn shebang(&self) -> Result<Shebang, ShebangError> {
        let python = &self.python;
        let separator = if python.shebang_options.is_empty() { "" } else { " " };
        Shebang::parse(&format!("#!{}{separator}{}", python.interpreter, python.shebang_options))
    }

    /// Returns the first line of a script in a wheel: in an isolated tree it has to state the
    /// location of the modules.
    ///
    /// # Errors
    /// As for [`Target::shebang`].
    pub fn script_shebang(&self) -> Result<Shebang, ShebangError> {
        let python = &self.python;
        match &self.isolation {
            None => self.shebang(),
            Some(_) => Shebang::parse(&format!(
                "#!/usr/bin/env -S PYTHONPATH={} {}",
                python.purelib, python.interpreter
            )),
        }
    }

    /// Returns the name under which rpm packages provide and require a project:
    /// `python3.13dist(idna)`.
    pub fn dist_capability(&self, project: &ProjectName) -> String {
        let (major, minor) = self.python.version;
        format!("python{major}.{minor}dist({project})")
    }

    /// Returns the name under which rpm packages of the collection provide and require a project.
    pub fn own_dist_capability(&self, project: &str) -> String {
        let (major, minor) = self.python.version;
        let namespace = self.isolation.as_ref().map_or("", |own| own.namespace.as_str());
        format!("{namespace}python{major}.{minor}dist({project})")
    }

    /// Returns the further names by which the distribution's own packages refer to `package`.
    pub fn aliases(&self, package: &str) -> Vec<String> {
        let Some(stem) = package.strip_prefix(&self.python.package_prefix) else {
            return Vec::new();
        };
        self.naming.aliases.iter().map(|alias| alias.replace("{name}", stem)).collect()
    }
}
