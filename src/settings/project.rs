//! The configuration of single projects.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::values::key;
use crate::{
    planner::{FileRules, rules},
    python::artifact::ProjectName,
    resolve::SourcePolicy,
};

/// `[project.NAME]` in the configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table", default)]
pub struct ProjectConfiguration {
    /// The native package's name, in full.
    #[serde(deserialize_with = "key::name")]
    pub name: Option<String>,
    /// Where the project's package comes from; takes precedence over the content of repositories.
    pub origin: Option<PackageOrigin>,
    /// The only index in which the project is searched.
    pub index: Option<String>,
    /// The files that may be used.
    pub source: Option<SourcePolicy>,
    /// Build requirements in addition to those that the project states.
    #[serde(deserialize_with = "key::build_requires")]
    pub build_requires: Vec<String>,
    /// An SPDX expression.
    #[serde(deserialize_with = "key::licence")]
    pub licence: Option<String>,
    /// Files that are not installed: absolute paths, or members of the wheel.
    #[serde(deserialize_with = "rules::leave_out")]
    pub leave_out: Vec<String>,
    /// Files and folders that are installed elsewhere.
    #[serde(rename = "move", deserialize_with = "rules::moves")]
    pub moves: BTreeMap<String, String>,
    /// Absolute folders and files that are allowed besides the usual ones.
    #[serde(deserialize_with = "rules::allow_paths")]
    pub allow_paths: Vec<String>,
    /// Whether the project may run code in every Python process.
    pub allow_startup_code: bool,
}

/// Where a project's package comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageOrigin {
    /// It is built.
    Build,
    /// It is a package of the distribution.
    Distro,
    /// It is left out, and no package requires it.
    Ignore,
}

/// The configuration of all projects, by key.
#[derive(Debug, Default)]
pub(super) struct ProjectSettings {
    pub names: BTreeMap<ProjectName, String>,
    pub origins: BTreeMap<ProjectName, PackageOrigin>,
    pub indexes: BTreeMap<ProjectName, String>,
    pub sources: BTreeMap<ProjectName, SourcePolicy>,
    pub build_requires: BTreeMap<ProjectName, Vec<String>>,
    pub licences: BTreeMap<ProjectName, String>,
    pub file_rules: BTreeMap<ProjectName, FileRules>,
}

impl ProjectSettings {
    pub(super) fn new(configuration: BTreeMap<ProjectName, ProjectConfiguration>) -> Self {
        let mut settings = Self::default();
        for (project, own) in configuration {
            settings.add(&project, own);
        }
        settings
    }

    fn add(&mut self, project: &ProjectName, own: ProjectConfiguration) {
        set(&mut self.names, project, own.name);
        set(&mut self.origins, project, own.origin);
        set(&mut self.indexes, project, own.index);
        set(&mut self.sources, project, own.source);
        let build_requires = Some(own.build_requires).filter(|list| !list.is_empty());
        set(&mut self.build_requires, project, build_requires);
        set(&mut self.licences, project, own.licence);
        let file_rules = FileRules {
            leave_out: own.leave_out,
            moves: own.moves,
            allow_paths: own.allow_paths,
            allow_startup_code: own.allow_startup_code,
        };
        set(&mut self.file_rules, project, Some(file_rules));
    }

    /// Returns the projects that no package requires.
    pub(super) fn ignored(&self) -> impl Iterator<Item = &ProjectName> {
        let origins = self.origins.iter();
        origins.filter(|(_, origin)| **origin == PackageOrigin::Ignore).map(|(project, _)| project)
    }
}

fn set<T>(map: &mut BTreeMap<ProjectName, T>, project: &ProjectName, value: Option<T>) {
    if let Some(value) = value {
        map.insert(project.clone(), value);
    }
}
