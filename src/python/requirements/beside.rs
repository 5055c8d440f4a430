//! What the project beside a lock file requires, to find out whether the lock is stale.
//! Source: PEP 621; uv, "Managing dependencies"; Poetry, "The pyproject.toml file"; Pipfile.

use std::{collections::BTreeMap, path::Path};

use pep440_rs::VersionSpecifiers;
use serde::Deserialize;
use toml::{Spanned, Value};

use super::{RequirementsError, Written, document::InputDocument, lock::LockFormat, project, text};
use crate::python::artifact::{ProjectName, project_name};

/// The file that Pipenv locks.
const PIPFILE: &str = "Pipfile";

/// Returns the requirements without extras or groups that the file beside a lock states, as far as a
/// lock has to have them; those that the tool takes from elsewhere are left out.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn stated(
    format: LockFormat,
    lock: &InputDocument<'_>,
) -> Result<Vec<Written>, RequirementsError> {
    let name = match format {
        LockFormat::Uv | LockFormat::Poetry | LockFormat::Pdm => project::FILE,
        LockFormat::Pipfile => PIPFILE,
        LockFormat::Pylock | LockFormat::Requirements => return Ok(Vec::new()),
    };
    let shown = lock.path.parent().unwrap_or(Path::new("")).join(name);
    let Some(text) = text::optional(&lock.folder.join(name), &shown)? else {
        return Ok(Vec::new());
    };
    let file = InputDocument { path: &shown, text: &text, folder: lock.folder };
    if format == LockFormat::Pipfile {
        return packages(&file);
    }
    let stated: LockedPyProject = file.toml()?;
    let elsewhere = stated.tool.elsewhere(format);
    let is_locked = |written: &Written| {
        written.place.is_none() && written.name.as_ref().is_none_or(|n| !elsewhere.contains(n))
    };
    let mut written = Vec::new();
    if let Some(project) = stated.project.filter(|project| !project.is_dynamic()) {
        for text in project.dependencies {
            written.push(file.requirement(text.span().start, text.get_ref())?);
        }
    }
    if format == LockFormat::Poetry {
        written.extend(tables(&file, stated.tool.poetry.dependencies));
    }
    written.retain(is_locked);
    Ok(written)
}

#[derive(Deserialize)]
struct LockedPyProject {
    project: Option<LockedProjectTable>,
    #[serde(default)]
    tool: ToolTable,
}

#[derive(Deserialize)]
struct LockedProjectTable {
    #[serde(default)]
    dynamic: Vec<String>,
    #[serde(default)]
    dependencies: Vec<Spanned<String>>,
}

impl LockedProjectTable {
    fn is_dynamic(&self) -> bool {
        self.dynamic.iter().any(|field| field == "dependencies")
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ToolTable {
    uv: Uv,
    poetry: Poetry,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Uv {
    sources: BTreeMap<String, Value>,
    override_dependencies: Vec<String>,
    exclude_dependencies: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Poetry {
    dependencies: BTreeMap<Spanned<String>, Value>,
}

impl ToolTable {
    /// The projects whose releases the tool chooses in another way than the requirement states.
    fn elsewhere(&self, format: LockFormat) -> Vec<ProjectName> {
        let replaced = self.uv.override_dependencies.iter().chain(&self.uv.exclude_dependencies);
        let ends = |c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c);
        let replaced = replaced.filter_map(|text| text.split(ends).next());
        let uv = self.uv.sources.keys().map(String::as_str).chain(replaced);
        // Poetry's own table may refine a requirement with a place.
        let poetry = self.poetry.dependencies.iter();
        let poetry = poetry.filter(|(_, value)| is_refined(value)).map(|(name, _)| name.as_ref());
        match format {
            LockFormat::Uv => uv.filter_map(project_name).collect(),
            LockFormat::Poetry => poetry.filter_map(|name: &String| project_name(name)).collect(),
            _ => Vec::new(),
        }
    }
}

/// Whether a requirement is more than a version: a place, a marker, or several of these.
fn is_refined(value: &Value) -> bool {
    !value.is_str()
}

/// The projects in Poetry's table. Its specifiers have a syntax of their own: only names are compared.
fn tables(file: &InputDocument<'_>, stated: BTreeMap<Spanned<String>, Value>) -> Vec<Written> {
    let plain =
        stated.into_iter().filter(|(name, value)| name.get_ref() != "python" && !is_refined(value));
    plain
        .filter_map(|(name, _)| {
            let origin = file.origin(name.span().start);
            Some(Written {
                name: Some(project_name(name.get_ref())?),
                origin,
                ..Written::default()
            })
        })
        .collect()
}

/// The requirements of a Pipfile that are a version only.
fn packages(file: &InputDocument<'_>) -> Result<Vec<Written>, RequirementsError> {
    #[derive(Deserialize)]
    struct Pipfile {
        #[serde(default)]
        packages: BTreeMap<Spanned<String>, Value>,
    }
    let read: Pipfile = file.toml()?;
    let plain = read.packages.into_iter().filter_map(|(name, value)| {
        let specifiers = match value.as_str()? {
            "*" => VersionSpecifiers::empty(),
            text => text.parse().ok()?,
        };
        let origin = file.origin(name.span().start);
        let name = Some(project_name(name.get_ref())?);
        Some(Written { name, specifiers, origin, ..Written::default() })
    });
    Ok(plain.collect())
}
