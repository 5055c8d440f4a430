//! The choice of releases.

use serde::Deserialize;

use super::values;
use crate::{python::artifact::ProjectName, resolve::Strategy};

/// Options for the choice of releases.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[command(next_help_heading = "Resolution")]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ResolutionOptions {
    /// Which releases to prefer
    #[arg(long, value_enum, value_name = "STRATEGY")]
    pub resolution: Option<Strategy>,
    /// Ignore files uploaded after a date (2026-01-31), a time, or a duration ago (7 days)
    #[arg(long, value_name = "TIME")]
    pub exclude_newer: Option<String>,
    /// Ignore dependencies
    #[arg(long)]
    #[serde(skip)]
    pub no_deps: bool,
    /// Exclude a project: the distribution provides it
    #[arg(long, value_name = "PROJECT", value_parser = values::project)]
    pub exclude: Vec<ProjectName>,
}

impl ResolutionOptions {
    /// Returns these options, with those of `lower` where they are not set; lists are joined.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            resolution: self.resolution.or(lower.resolution),
            exclude_newer: self.exclude_newer.or(lower.exclude_newer),
            no_deps: self.no_deps || lower.no_deps,
            exclude: [self.exclude, lower.exclude].concat(),
        }
    }
}
