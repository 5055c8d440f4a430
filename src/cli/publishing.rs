//! Arguments of verbs that publish a collection.

use std::num::NonZeroUsize;

use clap::Args;
use url::Url;

use crate::{
    format::deb::pool::SuiteName,
    settings::{PublishingFlags, values},
};

/// How a collection is signed and laid out.
#[derive(Debug, Args)]
pub struct Publishing {
    /// Sign packages and metadata: a fingerprint in `gpg`'s keyring, or a file with a secret key,
    /// whose passphrase is `PYPI2PKG_SIGN_PASSPHRASE`
    #[arg(long, value_name = "KEY")]
    sign_key: Option<String>,
    /// The URL that will serve the folder, for the clients' configuration files
    #[arg(long, value_name = "URL", value_parser = values::repo_url)]
    repo_url: Option<Url>,
    /// How many builds of each package to keep (default: all)
    #[arg(long, value_name = "NUMBER")]
    keep: Option<NonZeroUsize>,
    /// Lay an apt repository out with suites and a pool (default: as it is, flat if it is new)
    #[arg(long, value_name = "SUITE")]
    apt_suite: Option<SuiteName>,
    /// The suite's component (default: main)
    #[arg(long, value_name = "COMPONENT", requires = "apt_suite")]
    apt_component: Option<SuiteName>,
}

impl From<Publishing> for PublishingFlags {
    fn from(asked: Publishing) -> Self {
        let Publishing { sign_key, repo_url, keep, apt_suite, apt_component } = asked;
        Self { keep, sign_key, repo_url, apt_suite, apt_component }
    }
}
