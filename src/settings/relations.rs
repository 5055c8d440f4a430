//! The relations of packages to each other and to the distribution's packages.

use std::path::PathBuf;

use serde::Deserialize;

use super::SettingsError;
use crate::{distro::hints::UserHints, planner::Relax};

/// Options for relations.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RelationOptions {
    /// How strictly packages require each other's versions (default: compatible)
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub relax: Option<Relax>,
    /// A file that lists what projects need from the system
    #[arg(long, value_name = "FILE")]
    pub hints: Vec<PathBuf>,
    /// Fail if a project needs something from the system that is not a known package
    #[arg(long)]
    pub strict_hints: bool,
    /// Require packages of this repository of the distribution instead of building them: a URL or
    /// folder, an apt source (`http://… bookworm main`), or `system`
    #[arg(long, value_name = "REPOSITORY")]
    pub satisfy_from: Vec<String>,
}

impl RelationOptions {
    /// Returns these options, with those of `lower` where they are not set; lists are joined.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            relax: self.relax.or(lower.relax),
            hints: [self.hints, lower.hints].concat(),
            strict_hints: self.strict_hints || lower.strict_hints,
            satisfy_from: [self.satisfy_from, lower.satisfy_from].concat(),
        }
    }

    /// Reads the hint files; the first one takes precedence.
    ///
    /// # Errors
    /// A file cannot be read, or has an invalid hint.
    pub(super) fn read_hints(&self) -> Result<UserHints, SettingsError> {
        let mut hints = UserHints::default();
        for path in &self.hints {
            let unreadable = |error: std::io::Error| SettingsError::Unreadable {
                path: path.clone(),
                reason: error.to_string(),
            };
            let text = std::fs::read_to_string(path).map_err(unreadable)?;
            hints = hints.over(UserHints::parse(&text, path)?);
        }
        Ok(hints)
    }
}
