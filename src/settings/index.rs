//! Where releases are searched for, and how they are downloaded.

use clap::ValueEnum;
use serde::Deserialize;

use super::{DownloadOptions, LimitOptions};
use crate::{index::IndexStrategy, python::requirements::FileOptions};

/// Options for indexes and downloads.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[command(next_help_heading = "Indexes")]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct IndexOptions {
    /// The package index: a URL of a simple repository, or a folder
    #[arg(short, long, value_name = "URL")]
    pub index_url: Option<String>,
    /// An additional index, searched before `--index-url`: the first that has a project is used
    #[arg(long = "extra-index-url", value_name = "URL")]
    pub extra_index_urls: Vec<String>,
    /// Also look for files in a folder, or among the links of a page
    #[arg(short, long, value_name = "URL")]
    pub find_links: Vec<String>,
    /// Ignore all indexes
    #[arg(long)]
    pub no_index: bool,
    /// Allow a host, or one of its ports, without encryption
    #[arg(long = "trusted-host", value_name = "HOST[:PORT]")]
    pub trusted_hosts: Vec<String>,
    /// Limits of time and speed.
    #[arg(skip)]
    pub download: DownloadOptions,
    /// Limits of size.
    #[arg(skip)]
    pub limits: LimitOptions,
    /// Which indexes are searched for a project
    #[arg(long, value_enum, value_name = "STRATEGY")]
    pub index_strategy: Option<IndexStrategy>,
    /// Where passwords are looked up
    #[arg(long, value_enum, value_name = "PROVIDER")]
    pub keyring_provider: Option<KeyringProvider>,
    /// Use only the cache
    #[arg(long)]
    #[serde(skip)]
    pub offline: bool,
}

/// Where passwords of indexes are looked up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyringProvider {
    /// Nowhere
    #[default]
    Disabled,
    /// The program `keyring`
    Subprocess,
}

impl IndexOptions {
    /// Returns these options, with those of `lower` where they are not set; lists are joined.
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            index_url: self.index_url.or(lower.index_url),
            extra_index_urls: [self.extra_index_urls, lower.extra_index_urls].concat(),
            find_links: [self.find_links, lower.find_links].concat(),
            no_index: self.no_index || lower.no_index,
            trusted_hosts: [self.trusted_hosts, lower.trusted_hosts].concat(),
            download: self.download.over(lower.download),
            limits: self.limits.over(lower.limits),
            index_strategy: self.index_strategy.or(lower.index_strategy),
            keyring_provider: self.keyring_provider.or(lower.keyring_provider),
            offline: self.offline || lower.offline,
        }
    }

    /// Returns the options that requirements files may set, too.
    pub(super) fn file_options(&self) -> FileOptions {
        FileOptions {
            index_url: self.index_url.clone(),
            extra_index_urls: self.extra_index_urls.clone(),
            find_links: self.find_links.clone(),
            no_index: self.no_index,
            trusted_hosts: self.trusted_hosts.clone(),
            ..FileOptions::default()
        }
    }
}
