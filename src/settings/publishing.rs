//! How collections are published.

use std::{num::NonZeroUsize, path::PathBuf};

use url::Url;

use crate::{
    base::{
        process::CommandRunner,
        signing::{Access, SignError, Signer},
    },
    collection::Publishing,
    format::deb::pool::{Pool, SuiteName},
};

use super::{Configuration, Environment, SettingsError};

/// What the command line says of it.
#[derive(Debug, Clone, Default)]
pub struct PublishingFlags {
    pub keep: Option<NonZeroUsize>,
    pub sign_key: Option<String>,
    pub repo_url: Option<Url>,
    pub apt_suite: Option<SuiteName>,
    pub apt_component: Option<SuiteName>,
}

/// What holds.
#[derive(Debug, Clone)]
pub struct PublishingSettings {
    keep: Option<usize>,
    sign_key: Option<String>,
    repo_url: Option<Url>,
    pool: Option<Pool>,
    /// `SOURCE_DATE_EPOCH`.
    time: Option<u64>,
}

impl PublishingSettings {
    /// The command line's word, else the configuration's.
    ///
    /// # Errors
    /// `SOURCE_DATE_EPOCH` is not a time.
    pub fn new(
        flags: PublishingFlags,
        configuration: &Configuration,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let suite = flags.apt_suite.or_else(|| configuration.apt_suite.clone());
        let component = flags.apt_component.or_else(|| configuration.apt_component.clone());
        Ok(Self {
            keep: flags.keep.or(configuration.keep).map(NonZeroUsize::get),
            sign_key: flags.sign_key.or_else(|| configuration.sign_key.clone()),
            repo_url: flags.repo_url.or_else(|| configuration.repo_url.clone()),
            pool: suite.and_then(|suite| {
                let component = component.or_else(|| "main".parse().ok())?;
                Some(Pool { suite, component })
            }),
            time: environment.source_date_epoch()?.and_then(|time| time.try_into().ok()),
        })
    }

    /// What signs, where a key is named. `path` are the folders in which `gpg` is looked for.
    ///
    /// # Errors
    /// The key is not there, or cannot sign.
    pub fn signer<'a>(
        &self,
        environment: &Environment,
        path: &'a [PathBuf],
        runner: &'a dyn CommandRunner,
    ) -> Result<Option<Signer<'a>>, SignError> {
        let Some(key) = &self.sign_key else { return Ok(None) };
        let passphrase = environment.variable("PYPI2PKG_SIGN_PASSPHRASE");
        let access = Access { runner, path, environment: environment.keys(), passphrase };
        Signer::open(key, access).map(Some)
    }

    /// All of it, for a collection.
    pub fn publishing<'a>(&'a self, signer: Option<&'a Signer<'a>>) -> Publishing<'a> {
        let url = self.repo_url.as_ref().map(Url::as_str);
        Publishing { signer, keep: self.keep, url, time: self.time, pool: self.pool.as_ref() }
    }
}
