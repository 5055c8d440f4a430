//! The files of releases that are candidates.

use serde::Deserialize;

use super::SettingsError;
use crate::{
    python::requirements::{FileOptions, ProjectRule},
    resolve::SourcePolicy,
};

/// Options for the files that may be used.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[command(next_help_heading = "Resolution")]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct CandidateOptions {
    /// Allow pre-releases
    #[arg(long)]
    pub pre: bool,
    /// Which files to use
    #[arg(long, value_enum, value_name = "KIND")]
    pub source: Option<SourcePolicy>,
    /// Do not use wheels of projects: names, `:all:` or `:none:`
    #[arg(long, value_name = "PROJECTS")]
    #[serde(skip)]
    pub no_binary: Vec<String>,
    /// Use only wheels of projects: names, `:all:` or `:none:`
    #[arg(long, value_name = "PROJECTS")]
    #[serde(skip)]
    pub only_binary: Vec<String>,
    /// Prefer an older wheel to a newer sdist
    #[arg(long)]
    pub prefer_binary: bool,
    /// Refuse requirements without a hash
    #[arg(long)]
    pub require_hashes: bool,
}

impl CandidateOptions {
    /// Returns these options, with those of `lower` where they are not set; lists are joined.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            pre: self.pre || lower.pre,
            source: self.source.or(lower.source),
            no_binary: [self.no_binary, lower.no_binary].concat(),
            only_binary: [self.only_binary, lower.only_binary].concat(),
            prefer_binary: self.prefer_binary || lower.prefer_binary,
            require_hashes: self.require_hashes || lower.require_hashes,
        }
    }

    /// Returns the options that requirements files may set, too, over `other` ones.
    ///
    /// # Errors
    /// `--no-binary` or `--only-binary` has an invalid project name.
    pub(super) fn file_options(&self, other: FileOptions) -> Result<FileOptions, SettingsError> {
        let (mut no_binary, mut only_binary) = (ProjectRule::default(), ProjectRule::default());
        let wrong = |option: &'static str, problem: &dyn ToString| SettingsError::ProjectList {
            option,
            problem: problem.to_string(),
        };
        for list in &self.no_binary {
            let added = no_binary.add(list, &mut only_binary);
            added.map_err(|problem| wrong("--no-binary", &problem))?;
        }
        for list in &self.only_binary {
            let added = only_binary.add(list, &mut no_binary);
            added.map_err(|problem| wrong("--only-binary", &problem))?;
        }
        Ok(FileOptions {
            all_releases: ProjectRule { all: self.pre, ..ProjectRule::default() },
            no_binary,
            only_binary,
            prefer_binary: self.prefer_binary,
            require_hashes: self.require_hashes,
            ..other
        })
    }
}
