//! The environment: the only place that reads variables.

use std::{collections::BTreeMap, path::PathBuf};

use super::SettingsError;

/// The variables of the process.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

/// What a build from source needs to reach the index.
const NETWORK_VARIABLES: [&str; 9] = [
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Where programs are looked for when `PATH` is not set.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

impl Environment {
    /// The variables of this process whose names and values are UTF-8.
    pub fn of_process() -> Self {
        let pairs = std::env::vars_os();
        Self(
            pairs
                .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The folders of `PATH`.
    pub fn path(&self) -> Vec<PathBuf> {
        let path = self.get("PATH").unwrap_or(DEFAULT_PATH);
        path.split(':').filter(|folder| folder.starts_with('/')).map(PathBuf::from).collect()
    }

    /// Proxies and certificates that pip needs too.
    pub fn network(&self) -> Vec<(String, String)> {
        let named = NETWORK_VARIABLES.iter();
        named.filter_map(|name| Some(((*name).to_owned(), self.get(name)?.to_owned()))).collect()
    }

    /// `SOURCE_DATE_EPOCH`: seconds since 1970 that stand for the clock.
    /// Source: the Reproducible Builds specification.
    pub(super) fn source_date_epoch(&self) -> Result<Option<i64>, SettingsError> {
        let Some(text) = self.get("SOURCE_DATE_EPOCH") else { return Ok(None) };
        let seconds: Option<u32> = text.parse().ok();
        let value = text.to_owned();
        seconds.map(|s| Some(i64::from(s))).ok_or(SettingsError::Epoch { value })
    }

    /// Name and address as Debian's and rpm's own tools take them.
    pub(super) fn packager(&self) -> Option<String> {
        match (self.get("DEBFULLNAME"), self.get("DEBEMAIL")) {
            (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
            _ => self.get("RPM_PACKAGER").map(str::to_owned),
        }
    }

    /// The cache folder: `PYPI2PKG_CACHE_DIR`, else by the XDG base directory specification.
    pub(super) fn cache(&self) -> Option<PathBuf> {
        let own = self.get("PYPI2PKG_CACHE_DIR").map(PathBuf::from);
        own.or_else(|| Some(PathBuf::from(self.get("XDG_CACHE_HOME")?).join("pypi2pkg")))
            .or_else(|| Some(PathBuf::from(self.get("HOME")?).join(".cache/pypi2pkg")))
    }

    pub(super) fn index_url(&self) -> Option<String> {
        self.get("PYPI2PKG_INDEX_URL").map(str::to_owned)
    }
}

impl From<BTreeMap<String, String>> for Environment {
    fn from(variables: BTreeMap<String, String>) -> Self {
        Self(variables)
    }
}
