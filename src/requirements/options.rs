//! Options that requirements files may hold.

use std::collections::BTreeSet;

use crate::artifact::{ProjectName, project_name};

/// What `--no-binary` or `--only-binary` names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BinaryRule {
    /// `:all:`.
    pub all: bool,
    pub projects: BTreeSet<ProjectName>,
}

impl BinaryRule {
    /// Whether the rule names a project.
    pub fn covers(&self, project: &ProjectName) -> bool {
        self.all || self.projects.contains(project)
    }

    /// Adds a comma-separated list, in which `:none:` empties what was there before.
    ///
    /// # Errors
    /// The part that is no project's name.
    pub(super) fn add(&mut self, list: &str) -> Result<(), String> {
        for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                ":all:" => self.all = true,
                ":none:" => *self = Self::default(),
                _ => {
                    let name = project_name(part)
                        .ok_or_else(|| format!("has `{part}`, which is no project's name"))?;
                    self.projects.insert(name);
                }
            }
        }
        Ok(())
    }
}

/// What requirements files say besides requirements. Flags and configuration win over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileOptions {
    pub index_url: Option<String>,
    pub extra_index_urls: Vec<String>,
    /// URLs, and paths relative to the folder that the run started in.
    pub find_links: Vec<String>,
    pub no_index: bool,
    pub pre: bool,
    pub no_binary: BinaryRule,
    pub only_binary: BinaryRule,
    pub prefer_binary: bool,
    /// Set too where a requirement has a `--hash`, as pip does it.
    pub require_hashes: bool,
    /// Hosts whose certificates pip would not check; they are checked here all the same.
    pub trusted_hosts: Vec<String>,
}
