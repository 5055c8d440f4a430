//! Errors of indexes.

use std::error::Error;

use url::Url;

use crate::{
    base::files::FileError,
    python::artifact::{HashMismatch, ProjectName, without_credentials},
};

/// Why an index request failed. Addresses are without credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// No connection: no route, no such host, refused, or timed out.
    #[error("cannot reach `{url}`: {problem}")]
    Unreachable { url: String, problem: String },
    /// The server's certificate is not trusted.
    #[error("cannot trust the server of `{url}`: {problem}")]
    Untrusted { url: String, problem: String },
    /// Plain HTTP, which can be tampered with in transit.
    #[error("`{url}` is refused: plain HTTP is not encrypted")]
    Insecure { url: String, host: String },
    /// The server answered with an error status.
    #[error("cannot read `{url}`: the server answered {status}")]
    Status { url: String, status: u16 },
    /// The response was cut off, redirected wrongly, or too large.
    #[error("cannot read `{url}`: {problem}")]
    Transfer { url: String, problem: String },
    /// The page of a project is not a simple repository page.
    #[error("the page of `{project}` at `{url}` cannot be used: {problem}")]
    Page { project: ProjectName, url: String, problem: String },
    /// The project is quarantined as harmful (PEP 792).
    #[error("the index has put `{project}` in quarantine: its files may be harmful")]
    Quarantined { project: ProjectName },
    /// Not in the cache while the network must not be used.
    #[error("`{subject}` is not in the cache, and `--offline` prevents downloading it")]
    Offline { subject: String },
    /// The file's hash differs from the one in the index or the lock file.
    #[error("`{file}` from `{url}` is not the file that was expected: {mismatch}")]
    Hash { file: String, url: String, mismatch: HashMismatch },
    /// The core metadata are missing, malformed, or another release's.
    #[error("the metadata of `{file}` cannot be used: {problem}")]
    Metadata { file: String, problem: String },
    /// A wheel's own metadata differ in requirements from those that the index served for
    /// resolution.
    #[error("the index at `{url}` gave wrong metadata for `{file}`: {difference}")]
    Differs { file: String, url: String, difference: String },
    /// An sdist whose requirements are only available after a build.
    #[error("`{file}` has to be built before its requirements are known")]
    MetadataNotStatic { file: String },
    /// An sdist whose build for its requirements failed.
    #[error("`{file}` {problem}")]
    NotBuilt { file: String, problem: String, hint: Option<String> },
    /// A local file or folder.
    #[error(transparent)]
    Local(#[from] FileError),
    /// The address of the index is invalid.
    #[error("`{address}` is not a valid index address: {problem}")]
    Address { address: String, problem: String },
    /// The HTTP client or its threads could not be set up.
    #[error("cannot set up connections: {problem}")]
    Setup { problem: String },
}

impl IndexError {
    /// Returns the remedy, if any.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreachable { .. } => {
                "check the network, `HTTPS_PROXY` and `--index-url`; `--offline` uses the cache"
            }
            Self::Untrusted { .. } => {
                "name the certificates that sign the server's in `SSL_CERT_FILE`"
            }
            Self::Insecure { host, .. } => {
                return Some(format!("use `https://`, or allow it with `--trusted-host {host}`"));
            }
            Self::Offline { .. } => "run once without `--offline`",
            Self::Hash { .. } => {
                "the download was discarded; if the file was replaced on purpose, renew the lock"
            }
            Self::NotBuilt { hint, .. } => return hint.clone(),
            _ => return None,
        };
        Some(hint.to_owned())
    }

    pub(super) fn local(
        action: &'static str,
        path: &std::path::Path,
        problem: impl ToString,
    ) -> Self {
        FileError::at(action, path)(std::io::Error::other(problem.to_string())).into()
    }

    pub(super) fn metadata(file: &str, problem: impl ToString) -> Self {
        Self::Metadata { file: file.to_owned(), problem: problem.to_string() }
    }
}

/// Returns an address without user name, password, query and fragment, for messages.
pub(super) fn redacted(url: &Url) -> String {
    let mut url = without_credentials(url);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// Returns the causes of an error, outermost first, without its address, which may hold
/// credentials.
pub(super) fn causes(error: &reqwest::Error) -> String {
    let mut causes: Vec<String> = Vec::new();
    for cause in std::iter::successors(error.source(), |cause| (*cause).source()) {
        let text = cause.to_string();
        if !causes.last().is_some_and(|last| last.contains(&text)) {
            causes.push(text);
        }
    }
    if causes.is_empty() {
        return if error.is_timeout() { "no answer in time" } else { "the request failed" }.into();
    }
    causes.join(": ")
}
