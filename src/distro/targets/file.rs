//! The schema of a target file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table, Value};

use super::{
    LayoutRules, NameRule, detect::OsReleaseRule, error::TargetError, recipe::SourceRecipeRow,
};
use crate::{
    base::text::{line_at, unknown_key as reason},
    python::artifact::ProjectName,
};

/// A target file. Every key is optional if the file extends another one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct Profile {
    pub extends: Option<String>,
    pub r#abstract: bool,
    pub os_release: Option<OsReleaseRule>,
    pub description: Option<String>,
    pub format: Option<String>,
    pub family: Option<String>,
    pub dist_tag: Option<String>,
    pub glibc: Option<String>,
    pub compression: Option<String>,
    pub independent_architecture: Option<String>,
    pub default_python: Option<String>,
    pub architectures: Vec<String>,
    pub architecture: BTreeMap<String, ArchitectureRow>,
    /// Defaults for the rows of `pythons`.
    pub python: PythonRow,
    pub pythons: BTreeMap<String, PythonRow>,
    pub naming: NamingRow,
    pub layout: Option<LayoutRules>,
    pub build_flags: BTreeMap<String, String>,
    pub libraries: BTreeMap<String, String>,
    pub programs: BTreeMap<String, String>,
    pub unit_scriptlets: BTreeMap<String, String>,
    pub source_recipe: SourceRecipeRow,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct ArchitectureRow {
    /// The name in packages, by format; the machine's name for a format without an entry.
    pub package: BTreeMap<String, String>,
    pub lib: Option<String>,
    pub library_mark: Option<String>,
    pub isa: Option<String>,
    pub loader: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct PythonRow {
    pub full_version: Option<String>,
    pub package_prefix: Option<String>,
    pub interpreter_package: Option<String>,
    pub interpreter: Option<String>,
    pub shebang_options: Option<String>,
    pub purelib: Option<String>,
    pub platlib: Option<String>,
    pub include: Option<String>,
    pub scripts: Option<String>,
    pub data: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct NamingRow {
    pub unversioned_dist: Option<Spread>,
    pub dotted_dist: Option<bool>,
    /// For the default Python only.
    pub aliases: Vec<String>,
    pub fold_python_prefix: Option<bool>,
    pub published_spelling: bool,
    pub rule: NameRule,
    /// The name map to start from.
    pub names: Option<String>,
    /// Additions to the name map; `{prefix}` stands for the package prefix of the Python.
    pub map: BTreeMap<ProjectName, String>,
    /// Names after the package prefix, and in the aliases, of packages that do not belong to a
    /// project of that name.
    pub taken: Vec<String>,
    /// Projects whose packages the convention also gives to another one; as in `map`.
    pub owners: BTreeMap<ProjectName, String>,
}

/// The Pythons of a target to which a value applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Spread {
    Always,
    Default,
    Never,
}

/// Parses a target file and refuses unknown keys. `file` is its name for the error.
pub(super) fn parse(file: &str, text: &str) -> Result<Table, TargetError> {
    // The first pass is for its errors, which have positions in the text.
    toml::from_str::<Profile>(text).and_then(|_| toml::from_str(text)).map_err(|error| {
        TargetError::Syntax {
            file: file.to_owned(),
            line: line_of(text, &error),
            reason: reason(error.message()),
        }
    })
}

fn line_of(text: &str, error: &toml::de::Error) -> usize {
    let end = error.span().map_or(0, |span| span.start);
    line_at(text, end)
}

/// Merges `over` into `base`, key by key in tables.
pub(super) fn merge(base: &mut Table, over: &Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}
