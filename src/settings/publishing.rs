//! How collections are published.

use std::{num::NonZeroUsize, path::PathBuf};

use serde::Deserialize;
use url::Url;

use super::{
    ProcessEnvironment, SettingsError,
    values::{self, key},
};
use crate::{
    base::{
        process::CommandRunner,
        signing::{Access, SignError, Signer},
    },
    collection::Publishing,
    format::deb::pool::{Pool, SuiteName},
};

/// Options for the signatures and the layout of collections.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PublishingOptions {
    /// Sign packages and metadata: a fingerprint in `gpg`'s keyring, or a file with a secret key,
    /// whose passphrase is `PYPI2PKG_SIGN_PASSPHRASE`
    #[arg(long, value_name = "KEY")]
    pub sign_key: Option<String>,
    /// The URL that will serve the folder, for the clients' configuration files
    #[arg(long, value_name = "URL", value_parser = values::repo_url)]
    #[serde(deserialize_with = "key::repo_url")]
    pub repo_url: Option<Url>,
    /// How many builds of each package to keep (default: all)
    #[arg(long, value_name = "NUMBER")]
    pub keep: Option<NonZeroUsize>,
    /// Lay an apt repository out with suites and a pool (default: as it is, flat if it is new)
    #[arg(long, value_name = "SUITE")]
    pub apt_suite: Option<SuiteName>,
    /// The suite's component (default: main)
    #[arg(long, value_name = "COMPONENT", requires = "apt_suite")]
    pub apt_component: Option<SuiteName>,
}

/// The signatures and the layout of collections, resolved.
#[derive(Debug, Clone)]
pub struct PublishingSettings {
    keep: Option<usize>,
    sign_key: Option<String>,
    repo_url: Option<Url>,
    pool: Option<Pool>,
    /// `SOURCE_DATE_EPOCH`.
    time: Option<u64>,
}

impl PublishingOptions {
    /// Returns these options, with those of `lower` where they are not set.
    #[must_use]
    pub fn over(self, lower: Self) -> Self {
        Self {
            sign_key: self.sign_key.or(lower.sign_key),
            repo_url: self.repo_url.or(lower.repo_url),
            keep: self.keep.or(lower.keep),
            apt_suite: self.apt_suite.or(lower.apt_suite),
            apt_component: self.apt_component.or(lower.apt_component),
        }
    }

    /// Returns the settings that these options and the environment result in.
    ///
    /// # Errors
    /// `SOURCE_DATE_EPOCH` is not a time.
    pub fn settings(
        self,
        environment: &ProcessEnvironment,
    ) -> Result<PublishingSettings, SettingsError> {
        Ok(PublishingSettings {
            keep: self.keep.map(NonZeroUsize::get),
            sign_key: self.sign_key,
            repo_url: self.repo_url,
            pool: self.apt_suite.and_then(|suite| {
                let component = self.apt_component.or_else(|| "main".parse().ok())?;
                Some(Pool { suite, component })
            }),
            time: environment.source_date_epoch()?.and_then(|time| time.try_into().ok()),
        })
    }
}

impl PublishingSettings {
    /// Returns a signer if a key is set; `gpg` is looked up in the folders of `path`.
    ///
    /// # Errors
    /// The key does not exist, or cannot sign.
    pub fn signer<'a>(
        &self,
        environment: &ProcessEnvironment,
        path: &'a [PathBuf],
        runner: &'a dyn CommandRunner,
    ) -> Result<Option<Signer<'a>>, SignError> {
        let Some(key) = &self.sign_key else { return Ok(None) };
        let passphrase = environment.variable("PYPI2PKG_SIGN_PASSPHRASE");
        let access = Access { runner, path, environment: environment.keys(), passphrase };
        Signer::open(key, access).map(Some)
    }

    /// Returns the settings in the form that a collection takes.
    pub fn publishing<'a>(&'a self, signer: Option<&'a Signer<'a>>) -> Publishing<'a> {
        let url = self.repo_url.as_ref().map(Url::as_str);
        Publishing { signer, keep: self.keep, url, time: self.time, pool: self.pool.as_ref() }
    }
}
