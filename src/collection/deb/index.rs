//! `Packages` and `Release` of a flat repository.
//! Source: Debian repository format, "Flat Repository Format" and "Acquire-By-Hash".

use std::{collections::BTreeSet, io};

use crate::collection::{
    Entry, Stanza,
    metadata::{gzip, sha256, xz},
};

/// The file that names all others; it is written last.
pub(in crate::collection) const POINTER: &str = "Release";

/// The forms of `Packages`, and how each is packed.
const INDEXES: [&str; 3] = ["Packages", "Packages.gz", "Packages.xz"];

/// Where clients look for an index by its hash, so that they get the one that the `Release` they
/// have read speaks of.
pub(in crate::collection) const HASH_FOLDER: &str = "by-hash/SHA256";

/// The metadata of a flat repository.
pub(in crate::collection) struct Index {
    /// Name, hash and content of the forms of `Packages`.
    pub(in crate::collection) files: Vec<(&'static str, String, Vec<u8>)>,
    pub(in crate::collection) release: String,
}

/// The metadata that describes packages in the order given. `suite` is the target's name; the
/// date is `time`, in seconds since 1970.
pub(in crate::collection) fn index(
    stanzas: &[&Stanza],
    suite: &str,
    time: u64,
) -> io::Result<Index> {
    let paragraphs: Vec<&str> = stanzas
        .iter()
        .filter_map(|stanza| match &stanza.entry {
            Entry::Deb { paragraph } => Some(paragraph.as_str()),
            Entry::Rpm { .. } => None,
        })
        .collect();
    let plain = paragraphs.iter().map(|paragraph| format!("{paragraph}\n")).collect::<String>();
    let packed = [gzip(plain.as_bytes())?, xz(plain.as_bytes())?];
    let contents = [plain.into_bytes()].into_iter().chain(packed);
    let files: Vec<_> = INDEXES
        .into_iter()
        .zip(contents)
        .map(|(name, content)| (name, sha256(&content), content))
        .collect();
    let architectures: BTreeSet<&str> =
        stanzas.iter().map(|stanza| stanza.architecture.as_str()).collect();
    let architectures = architectures.into_iter().collect::<Vec<_>>().join(" ");
    let date = date(time);
    let mut release = format!(
        "Origin: pypi2pkg\nLabel: pypi2pkg\nSuite: {suite}\nCodename: {suite}\nDate: {date}\n\
         Architectures: {architectures}\nAcquire-By-Hash: yes\n\
         Description: Python projects as packages for {suite}\nSHA256:\n"
    );
    for (name, sum, content) in &files {
        release.push_str(&format!(" {sum} {} {name}\n", content.len()));
    }
    Ok(Index { files, release })
}

/// As `Release` writes a date: RFC 2822 with the zone's name.
fn date(time: u64) -> String {
    let seconds = i64::try_from(time).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .unwrap_or_default()
        .strftime("%a, %d %b %Y %H:%M:%S UTC")
        .to_string()
}
