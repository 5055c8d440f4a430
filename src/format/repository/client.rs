//! What a machine needs to install from a collection: a file for its package manager, and the key.

use std::collections::BTreeMap;

use super::Client;
use crate::{base::signing::Signer, format::Format};

/// What the files are called and the repository is known by.
pub const NAME: &str = "pypi2pkg";

/// Stands for the URL of the folder if it is not known.
pub(crate) const UNKNOWN_URL: &str = "https://packages.example/";

/// Whether an address is the one that the user has to replace.
pub(crate) fn is_placeholder(url: &str) -> bool {
    url.trim_end_matches('/') == UNKNOWN_URL.trim_end_matches('/')
}

/// A note for the user about the address; may be empty.
pub(crate) fn note(url: &str) -> &'static str {
    if is_placeholder(url) {
        "Replace the address by that at which this folder is served."
    } else {
        ""
    }
}

/// Returns the files by name: one for each format, and the public key. `source` is what
/// [`crate::format::deb::pool::apt_source`] returns.
pub(crate) fn files(
    formats: &[&dyn Format],
    suite: &str,
    (url, source): (&str, &str),
    signer: Option<&Signer<'_>>,
) -> BTreeMap<String, String> {
    let note = match note(url) {
        "" => String::new(),
        text => format!("# {text}\n"),
    };
    let client = Client { note: &note, url, suite, source, is_signed: signer.is_some() };
    let texts = formats.iter().filter_map(|format| {
        let repository = format.repository();
        let text = repository.client_text(&client)?;
        Some((repository.client()?.0.to_owned(), text))
    });
    let mut files: BTreeMap<String, String> = texts.collect();
    if let Some(signer) = signer {
        files.insert(format!("{NAME}.asc"), signer.public().to_owned());
    }
    files
}
