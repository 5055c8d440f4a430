//! How packages are built.

use std::path::PathBuf;

use clap::builder::TypedValueParser;
use serde::Deserialize;

use super::values;
use crate::format::build::Preference;

/// Options for builds of packages.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct BuildingOptions {
    /// What builds the packages
    #[arg(long, value_enum, value_name = "KIND")]
    pub builder: Option<Preference>,
    /// The payload's compression, such as zstd:3, xz, gzip:9 or none (default: the target's)
    #[arg(long, value_name = "ALGORITHM[:LEVEL]", value_parser = values::compression)]
    pub compression: Option<String>,
    /// Also build source packages: a .src.rpm, or a .dsc with its files
    #[arg(long = "source-package")]
    pub source_packages: bool,
    /// The number of parallel builds (default: one per core)
    #[arg(short, long, value_name = "NUMBER", value_parser = jobs())]
    pub jobs: Option<usize>,
    /// Build the project with this spec instead of a generated one
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub spec_file: Option<PathBuf>,
}

/// Options for projects that fail.
#[derive(Debug, Clone, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct FailureOptions {
    /// Stop at the first project that cannot be resolved or fetched
    #[arg(long)]
    #[serde(skip)]
    pub no_keep_going: bool,
    /// Whether the other projects are built if one cannot be resolved or fetched.
    #[arg(skip)]
    pub keep_going: Option<bool>,
}

/// Options for the conditions that a package must meet.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct AcceptanceOptions {
    /// Fail packages whose relations differ from the planned ones
    #[arg(long)]
    pub strict: bool,
    /// Build packages with open questions (FIXME), too
    #[arg(long)]
    pub allow_fixme: bool,
}

impl BuildingOptions {
    /// Returns these options, with those of `lower` where they are not set.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            builder: self.builder.or(lower.builder),
            compression: self.compression.or(lower.compression),
            source_packages: self.source_packages || lower.source_packages,
            jobs: self.jobs.or(lower.jobs),
            spec_file: self.spec_file.or(lower.spec_file),
        }
    }

    /// Returns the number of parallel builds; the default is the number of cores.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}

impl Default for FailureOptions {
    /// Verbs without the option stop at the first project that fails.
    fn default() -> Self {
        Self { no_keep_going: true, keep_going: None }
    }
}

impl FailureOptions {
    /// Returns these options, with the configured one where it is not set.
    pub(super) fn over(self, configured: Self) -> Self {
        Self { keep_going: self.keep_going.or(configured.keep_going), ..self }
    }

    /// Whether the other projects are built if one cannot be resolved or fetched.
    pub(super) fn keeps_going(&self) -> bool {
        !self.no_keep_going && self.keep_going.unwrap_or(true)
    }
}

fn jobs() -> impl TypedValueParser<Value = usize> {
    clap::value_parser!(u16).range(1..).map(usize::from)
}
