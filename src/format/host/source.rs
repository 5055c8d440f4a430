//! Where repositories are, and how they are fetched.

use std::{fs, path::PathBuf};

use url::Url;

use super::PackageSet;
use crate::{
    distro::targets::Target,
    format::named,
    index::{Index, IndexError},
    python::artifact::{Hashes, redacted},
};

/// The address that stands for this machine's own configuration.
pub(crate) const SYSTEM: &str = "system";

/// Why a repository could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    #[error("cannot read the repository `{address}`: {problem}")]
    Unusable { address: String, problem: String },
    #[error("cannot read the repository `{address}`: {error}")]
    Fetch { address: String, error: Box<IndexError> },
}

impl HostError {
    /// Returns the remedy.
    pub fn hint(&self) -> Option<String> {
        let hint = "name a repository's URL or folder, or an apt source such as \
                    `http://mirror.example/debian bookworm main`";
        Some(hint.to_owned())
    }
}

/// Reads a repository for a target: the URL or folder of an rpm repository or of a `Packages` file,
/// an apt source (`deb URL SUITE COMPONENT…` or without `deb`), or `system`.
///
/// # Errors
/// The address is not one of these, or the metadata cannot be fetched or read.
pub fn open(address: &str, target: &Target, index: &dyn Index) -> Result<PackageSet, HostError> {
    let opener = Opener { address, target, index };
    let format = named(&target.format).ok();
    let host = format.and_then(|format| format.host()).ok_or_else(|| {
        opener.fail(format!("repositories of `{}` packages cannot be read", target.format))
    })?;
    let packages = host.open(address.trim(), &opener)?;
    Ok(PackageSet::new(&shown(address), host, packages))
}

/// Returns the hosts of repositories that are served without encryption, as distributions' own
/// mirrors are.
pub fn plain_hosts(addresses: &[String]) -> Vec<String> {
    let urls = addresses.iter().flat_map(|text| text.split_whitespace()).map(Url::parse);
    let plain = urls.flatten().filter(|url| url.scheme() == "http");
    let named = plain.filter_map(|url| {
        let host = url.host_str()?.to_owned();
        Some(url.port().map_or(host.clone(), |port| format!("{host}:{port}")))
    });
    named.collect()
}

/// The address without a password.
fn shown(address: &str) -> String {
    address.split_whitespace().map(redacted).collect::<Vec<_>>().join(" ")
}

/// What reads the files of one repository.
pub struct Opener<'a> {
    address: &'a str,
    target: &'a Target,
    index: &'a dyn Index,
}

impl Opener<'_> {
    pub(crate) fn fail(&self, problem: impl ToString) -> HostError {
        let address = shown(self.address);
        HostError::Unusable { address, problem: problem.to_string() }
    }

    /// The architecture in the format's words.
    pub(crate) fn architecture(&self) -> &str {
        &self.target.architecture.package
    }

    /// A URL that ends with a slash.
    pub(crate) fn base(&self, text: &str) -> Result<Url, HostError> {
        let mut url = if text.contains("://") {
            Url::parse(text).map_err(|error| self.fail(error))?
        } else {
            let path = fs::canonicalize(text).map_err(|error| self.fail(error))?;
            Url::from_directory_path(path).map_err(|()| self.fail("it is not a folder"))?
        };
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(url)
    }

    pub(crate) fn fetch(
        &self,
        base: &Url,
        path: &str,
        hashes: &Hashes,
    ) -> Result<PathBuf, HostError> {
        let url = base.join(path).map_err(|error| self.fail(error))?;
        let fetched = self.index.download(&url, hashes);
        fetched.map(|(path, _)| path).map_err(|error| HostError::Fetch {
            address: shown(self.address),
            error: Box::new(error),
        })
    }
}
