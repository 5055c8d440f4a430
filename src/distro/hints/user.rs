//! The user's own hints.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::Spanned;

use super::{Need, When};
use crate::{
    base::text::{line_at, unknown_key},
    plan::relation::CapabilityName,
    python::artifact::ProjectName,
};

/// The contents of a file such as `hints.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserHints {
    projects: BTreeMap<ProjectName, Vec<Need>>,
    names: BTreeMap<String, Vec<CapabilityName>>,
}

/// Why a hint file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {problem}", .path.display())]
pub struct HintError {
    pub path: PathBuf,
    pub line: usize,
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HintFile {
    #[serde(default)]
    project: BTreeMap<ProjectName, Spanned<HintProject>>,
    /// A hint and its packages, separated by commas; empty: none.
    #[serde(default)]
    names: BTreeMap<String, Spanned<String>>,
}

/// The names of packages or capabilities, as relations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct HintProject {
    build: Vec<Spanned<String>>,
    run: Vec<Spanned<String>>,
    recommend: Vec<Spanned<String>>,
}

impl UserHints {
    /// Parses a file's text.
    ///
    /// # Errors
    /// A value is not a hint or a package; the error has its line and key.
    pub fn parse(text: &str, path: &Path) -> Result<Self, HintError> {
        let line = |at: usize| line_at(text, at);
        let file: HintFile = toml::from_str(text).map_err(|error| HintError {
            path: path.to_owned(),
            line: line(error.span().map_or(0, |span| span.start)),
            problem: unknown_key(error.message()),
        })?;
        let named = |key: &str, name: &str, at: usize| {
            CapabilityName::parse(name).map_err(|error| HintError {
                path: path.to_owned(),
                line: line(at),
                problem: format!("`{key}`: {error}"),
            })
        };
        let mut projects = BTreeMap::new();
        for (project, row) in file.project {
            let origin = format!("{}:{}", path.display(), line(row.span().start));
            let HintProject { build, run, recommend } = row.into_inner();
            let lists = [
                (When::Build, "build", build),
                (When::Run, "run", run),
                (When::Recommend, "recommend", recommend),
            ];
            let mut needs = Vec::new();
            for (when, key, list) in lists.into_iter().filter(|(.., list)| !list.is_empty()) {
                let key = format!("project.{project}.{key}");
                let packages =
                    list.iter().map(|name| named(&key, name.as_ref(), name.span().start));
                let packages = packages.collect::<Result<_, _>>()?;
                needs.push(Need { when, packages, origin: origin.clone() });
            }
            projects.insert(project, needs);
        }
        let mut names = BTreeMap::new();
        for (hint, list) in file.names {
            let (key, at) = (format!("names.{}", hint.escape_debug()), list.span().start);
            let parts = list.as_ref().split(',').map(str::trim).filter(|name| !name.is_empty());
            let packages = parts.map(|name| named(&key, name, at)).collect::<Result<_, _>>()?;
            names.insert(hint, packages);
        }
        Ok(Self { projects, names })
    }

    /// Returns these hints, extended by those of `lower`.
    #[must_use]
    pub fn over(mut self, lower: Self) -> Self {
        for (project, needs) in lower.projects {
            self.projects.entry(project).or_insert(needs);
        }
        for (name, packages) in lower.names {
            self.names.entry(name).or_insert(packages);
        }
        self
    }

    /// Returns a project's needs, which replace those of the tables.
    pub(super) fn project(&self, project: &ProjectName) -> Option<Vec<Need>> {
        self.projects.get(project).cloned()
    }

    /// Returns the packages for a hint.
    pub(super) fn name(&self, hint: &str) -> Option<Vec<CapabilityName>> {
        self.names.get(hint).cloned()
    }
}
