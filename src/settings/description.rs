//! How packages are described.

use serde::Deserialize;

use super::{
    ProcessEnvironment,
    values::{self, key},
};

/// Options for the description of packages.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct DescriptionOptions {
    /// The packager or maintainer: `Name <address>`
    #[arg(long, value_name = "PERSON", value_parser = values::packager)]
    #[serde(deserialize_with = "key::packager")]
    pub packager: Option<String>,
    /// The licence of your own projects that state none: an SPDX expression.
    #[arg(skip)]
    #[serde(deserialize_with = "key::unknown_licence")]
    pub unknown_licence: Option<String>,
    /// The release (Debian: revision) of the packages
    #[arg(long, value_name = "NUMBER", value_parser = values::release)]
    #[serde(deserialize_with = "key::release")]
    pub release: Option<String>,
    /// Whether the author of changelog entries is the one in the environment instead of the packager.
    #[arg(skip)]
    #[serde(skip)]
    pub author_from_environment: bool,
}

/// The packager where none is named. Source: RFC 2606 reserves the host.
const DEFAULT_PACKAGER: &str = "Local Packages <packages@example.org>";

impl DescriptionOptions {
    /// Returns these options, with those of `lower` where they are not set.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            packager: self.packager.or(lower.packager),
            unknown_licence: self.unknown_licence.or(lower.unknown_licence),
            release: self.release.or(lower.release),
            author_from_environment: self.author_from_environment,
        }
    }

    /// Returns the packager; the default is that of the environment.
    pub(super) fn packager(&self, environment: &ProcessEnvironment) -> String {
        let packager = self.packager.clone().or_else(|| environment.packager());
        packager.unwrap_or_else(|| DEFAULT_PACKAGER.to_owned())
    }

    /// Returns the author of changelog entries if that is not the packager.
    pub(super) fn changelog_author(&self, environment: &ProcessEnvironment) -> Option<String> {
        let author = environment.packager().filter(|_| self.author_from_environment)?;
        Some(author).filter(|author| *author != self.packager(environment))
    }
}
