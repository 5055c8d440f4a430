//! The environment variables.

use std::{collections::BTreeMap, io::Read, os::unix::fs::MetadataExt, path::PathBuf};

use super::{SettingsError, pip};
use crate::base::files::open_regular;

/// A file with user names and passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct Netrc {
    /// The path of the file.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
    /// Whether other users can read it.
    pub is_exposed: bool,
}

/// The environment variables of the process.
#[derive(Debug, Clone, Default)]
pub struct ProcessEnvironment(BTreeMap<String, String>);

/// The variables that a build from source needs to reach the index.
const NETWORK_VARIABLES: [&str; 10] = [
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NETRC",
    "NO_PROXY",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// The variables that git and keyrings need to find the user's keys.
const SESSION_VARIABLES: [&str; 9] = [
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "GIT_SSH_COMMAND",
    "HOME",
    "SSH_AGENT_PID",
    "SSH_AUTH_SOCK",
    "USER",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
];

/// The variables for the folder of gpg and for its agent.
const KEY_VARIABLES: [&str; 2] = ["GNUPGHOME", "GPG_TTY"];

/// The folders with templates for all users, of administrators and of packages.
const SYSTEM_TEMPLATES: [&str; 2] = ["/etc/pypi2pkg/templates", "/usr/share/pypi2pkg/templates"];

/// The folders of programs if `PATH` is not set.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The system's data folders if `XDG_DATA_DIRS` is not set.
const DATA_FOLDERS: &str = "/usr/local/share:/usr/share";

impl ProcessEnvironment {
    /// Returns the variables of this process whose names and values are UTF-8.
    #[expect(clippy::disallowed_methods, reason = "the environment is read here")]
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

    /// Returns a variable that is set and not empty, for `${NAME}` in requirements files.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// Returns the absolute folders of `PATH`.
    pub fn path(&self) -> Vec<PathBuf> {
        let path = self.get("PATH").unwrap_or(DEFAULT_PATH);
        path.split(':').filter(|folder| folder.starts_with('/')).map(PathBuf::from).collect()
    }

    /// Returns the variables for proxies and certificates, which pip reads, too.
    pub fn network(&self) -> Vec<(String, String)> {
        self.named(&NETWORK_VARIABLES)
    }

    /// Returns the variables of the user's session and of the network, for programs that log in as the
    /// user.
    pub fn session(&self) -> Vec<(String, String)> {
        [self.named(&SESSION_VARIABLES), self.network()].concat()
    }

    /// Returns the variables of the user's session and of gpg, for gpg and its agent.
    pub fn keys(&self) -> Vec<(String, String)> {
        [self.named(&SESSION_VARIABLES), self.named(&KEY_VARIABLES)].concat()
    }

    fn named(&self, names: &[&str]) -> Vec<(String, String)> {
        let set = names.iter();
        set.filter_map(|name| Some(((*name).to_owned(), self.get(name)?.to_owned()))).collect()
    }

    /// Reads the netrc file (`NETRC`, or `~/.netrc`), if it exists and can be read.
    pub fn netrc(&self) -> Option<Netrc> {
        let home = || Some(PathBuf::from(self.get("HOME")?).join(".netrc"));
        let path = self.get("NETRC").map(PathBuf::from).or_else(home)?;
        let mut file = open_regular(&path).ok()?;
        let is_exposed = file.metadata().ok()?.mode() & 0o077 != 0;
        let mut text = String::new();
        file.read_to_string(&mut text).ok()?;
        Some(Netrc { path, text, is_exposed })
    }

    /// Returns the hosts that pip uses without encryption.
    pub(super) fn pip_trusted_hosts(&self) -> Vec<String> {
        pip::trusted_hosts(&|name| self.get(name))
    }

    /// Returns the addresses of the indexes in pip's configuration, for the passwords in them.
    pub fn pip_addresses(&self) -> Vec<String> {
        pip::addresses(&|name| self.get(name))
    }

    /// Returns `SOURCE_DATE_EPOCH`, the seconds since 1970 that are used instead of the clock.
    /// Source: the Reproducible Builds specification.
    ///
    /// # Errors
    /// The value is not a number of seconds.
    pub fn source_date_epoch(&self) -> Result<Option<i64>, SettingsError> {
        let Some(text) = self.get("SOURCE_DATE_EPOCH") else { return Ok(None) };
        let seconds: Option<u32> = text.parse().ok();
        let value = text.to_owned();
        seconds.map(|s| Some(i64::from(s))).ok_or(SettingsError::Epoch { value })
    }

    /// Returns the packager's name and address from the variables of Debian's and rpm's own tools.
    pub(super) fn packager(&self) -> Option<String> {
        match (self.get("DEBFULLNAME"), self.get("DEBEMAIL")) {
            (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
            _ => self.get("RPM_PACKAGER").map(str::to_owned),
        }
    }

    /// Returns the cache folder: `PYPI2PKG_CACHE_DIR`, or that of the XDG base directory specification.
    pub(super) fn cache(&self) -> Option<PathBuf> {
        let own = self.get("PYPI2PKG_CACHE_DIR").map(PathBuf::from);
        let base = self.get("XDG_CACHE_HOME").map(PathBuf::from);
        // Source: XDG base directory specification: relative paths are ignored.
        let base = base.filter(|path| path.is_absolute());
        own.or_else(|| Some(base?.join("pypi2pkg")))
            .or_else(|| Some(PathBuf::from(self.get("HOME")?).join(".cache/pypi2pkg")))
    }

    /// Returns the folder of the user's data: `$XDG_DATA_HOME`, or `~/.local/share`. Source: the XDG
    /// base directory specification, by which relative paths are invalid.
    fn data_home(&self) -> Option<PathBuf> {
        let data = self.get("XDG_DATA_HOME").filter(|path| path.starts_with('/'));
        let home = || Some(PathBuf::from(self.get("HOME")?).join(".local/share"));
        data.map(PathBuf::from).or_else(home)
    }

    /// Returns the user's and the system's plugin folders, in order of precedence:
    /// `pypi2pkg/plugins` in the folders of the XDG base directory specification.
    pub(super) fn plugin_folders(&self) -> Vec<PathBuf> {
        let shared = self.get("XDG_DATA_DIRS").unwrap_or(DATA_FOLDERS).split(':');
        let shared = shared.filter(|path| path.starts_with('/')).map(PathBuf::from);
        let folders = self.data_home().into_iter().chain(shared);
        folders.map(|folder| folder.join("pypi2pkg/plugins")).collect()
    }

    /// Returns the user's template folder: `pypi2pkg/templates` in the folder of the user's data.
    pub fn user_templates(&self) -> Option<PathBuf> {
        Some(self.data_home()?.join("pypi2pkg/templates"))
    }

    /// Returns the user's and the system's template folders that exist, in order of precedence.
    pub(super) fn template_folders(&self) -> Vec<PathBuf> {
        let system = SYSTEM_TEMPLATES.iter().map(PathBuf::from);
        self.user_templates().into_iter().chain(system).filter(|path| path.is_dir()).collect()
    }

    /// Returns the level of diagnostics for developers, `PYPI2PKG_LOG`.
    pub fn diagnostics(&self) -> Option<&str> {
        self.get("PYPI2PKG_LOG")
    }

    pub(super) fn index_url(&self) -> Option<String> {
        self.get("PYPI2PKG_INDEX_URL").map(str::to_owned)
    }
}

impl From<BTreeMap<String, String>> for ProcessEnvironment {
    fn from(variables: BTreeMap<String, String>) -> Self {
        Self(variables)
    }
}
