//! The names of packages.

use std::{collections::BTreeMap, fs, path::Path, path::PathBuf};

use serde::Deserialize;

use super::{
    SettingsError,
    values::{self, key, package_name},
};
use crate::python::artifact::{ProjectName, project_name};

/// Options for the names of packages.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct NamingOptions {
    /// Prefix every package name
    #[arg(long, value_name = "PREFIX", value_parser = values::name_prefix)]
    #[serde(deserialize_with = "key::name_prefix")]
    pub name_prefix: Option<String>,
    /// The template of package names: `{name}` is the target's usual name, `{project}` the
    /// project's
    #[arg(long, value_name = "TEMPLATE", value_parser = values::name_template)]
    #[serde(deserialize_with = "key::name_template")]
    pub name_template: Option<String>,
    /// The package name of a project; `PROJECT=` may be omitted if only one is given
    #[arg(long = "name", value_name = "[PROJECT=]NAME", value_parser = values::project_package)]
    #[serde(skip)]
    pub names: Vec<(Option<ProjectName>, String)>,
    /// A file of package names: a project and a name in each line
    #[arg(long, value_name = "FILE")]
    pub name_map: Option<PathBuf>,
}

impl NamingOptions {
    /// Returns these options, with those of `lower` where they are not set; lists are joined.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            name_prefix: self.name_prefix.or(lower.name_prefix),
            name_template: self.name_template.or(lower.name_template),
            names: [lower.names, self.names].concat(),
            name_map: self.name_map.or(lower.name_map),
        }
    }

    /// Returns the package names of projects: those of the options, of their file and `configured`
    /// ones, in this order of precedence.
    ///
    /// # Errors
    /// The file of names cannot be read, or a line of it is not a project and a package name.
    pub(super) fn names(
        &self,
        configured: BTreeMap<ProjectName, String>,
    ) -> Result<BTreeMap<ProjectName, String>, SettingsError> {
        let mut names = configured;
        if let Some(path) = &self.name_map {
            names.extend(read(path)?);
        }
        let named = self.names.iter();
        names.extend(named.filter_map(|(project, name)| Some((project.clone()?, name.clone()))));
        Ok(names)
    }

    /// Returns the package name that was given without a project; the last one takes precedence.
    pub(super) fn only_name(&self) -> Option<&String> {
        self.names.iter().rev().find(|(project, _)| project.is_none()).map(|(_, name)| name)
    }
}

/// Reads a project and its package name from each line, in the format of dh-python's own map; `#`
/// begins a comment.
fn read(path: &Path) -> Result<BTreeMap<ProjectName, String>, SettingsError> {
    let unreadable = |error: std::io::Error| SettingsError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let mut names = BTreeMap::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.split('#').next().unwrap_or_default();
        let words: Vec<&str> = content.split_whitespace().collect();
        let (project, name) = match words[..] {
            [] => continue,
            [project, name] => (project_name(project), name),
            _ => (None, ""),
        };
        let refuse = |reason| SettingsError::Syntax { path: path.to_owned(), line, reason };
        let expected = || refuse("write a project and the name of its package".to_owned());
        let project = project.ok_or_else(expected)?;
        let name = package_name(name).map_err(|error| refuse(error.to_string()))?;
        names.insert(project, name);
    }
    Ok(names)
}
