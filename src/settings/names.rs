//! Files with names of packages.

use std::{collections::BTreeMap, fs, path::Path};

use super::{SettingsError, values::package_name};
use crate::python::artifact::{ProjectName, project_name};

/// Reads a project and the name of its package from each line, as dh-python's own map has them;
/// `#` begins a comment.
///
/// # Errors
/// A file that cannot be read, with its line: what is not a project and a name.
pub(super) fn read(path: &Path) -> Result<BTreeMap<ProjectName, String>, SettingsError> {
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
        names.insert(project, package_name(name).map_err(refuse)?);
    }
    Ok(names)
}
