//! The user's own hints.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::Spanned;

use super::{Need, When};
use crate::{
    artifact::ProjectName,
    text::{line_at, unknown_key},
};

/// What a file such as `hints.toml` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserHints {
    projects: BTreeMap<ProjectName, Vec<Need>>,
    names: BTreeMap<String, String>,
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
struct File {
    #[serde(default)]
    project: BTreeMap<ProjectName, Spanned<Project>>,
    /// A hint and the packages that it stands for, separated by commas; empty: none.
    #[serde(default)]
    names: BTreeMap<String, String>,
}

/// The names of packages or capabilities, as a relation is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Project {
    build: Vec<String>,
    run: Vec<String>,
    recommend: Vec<String>,
}

impl UserHints {
    /// Reads a file's text.
    ///
    /// # Errors
    /// What is no hint, with its line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, HintError> {
        let line = |at: usize| line_at(text, at);
        let file: File = toml::from_str(text).map_err(|error| HintError {
            path: path.to_owned(),
            line: line(error.span().map_or(0, |span| span.start)),
            problem: unknown_key(error.message()),
        })?;
        let needs = |row: Spanned<Project>| {
            let origin = format!("{}:{}", path.display(), line(row.span().start));
            let Project { build, run, recommend } = row.into_inner();
            let lists = [(When::Build, build), (When::Run, run), (When::Recommend, recommend)];
            let need = |(when, packages)| Need { when, packages, origin: origin.clone() };
            lists.map(need).into_iter().filter(|need| !need.packages.is_empty()).collect()
        };
        let projects = file.project.into_iter().map(|(name, row)| (name, needs(row)));
        Ok(Self { projects: projects.collect(), names: file.names })
    }

    /// These with what `lower` says besides.
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

    /// What is said of a project, in place of the tables.
    pub(super) fn project(&self, project: &ProjectName) -> Option<Vec<Need>> {
        self.projects.get(project).cloned()
    }

    /// The packages that a hint stands for.
    pub(super) fn name(&self, hint: &str) -> Option<Vec<String>> {
        let list = self.names.get(hint)?.split(',').map(str::trim);
        Some(list.filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }
}
