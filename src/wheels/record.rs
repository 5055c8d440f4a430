//! `RECORD`: the hash of every file of a wheel.
//! Source: PyPA "Recording installed projects" and the binary distribution format.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The algorithm and the digest of each member.
#[derive(Debug, Default)]
pub(super) struct RecordFile(BTreeMap<String, Option<RecordedHash>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct RecordedHash {
    algorithm: Algorithm,
    digest: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
}

impl RecordFile {
    /// Parses the text of a `RECORD` file. An error is a sentence without its subject.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rows = BTreeMap::new();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        for row in reader.records() {
            let row = row.map_err(|e| format!("has an unreadable row: {e}"))?;
            let name = row.get(0).unwrap_or_default();
            let stated = parse_hash(row.get(1).unwrap_or_default())
                .map_err(|problem| format!("states for `{}` {problem}", name.escape_debug()))?;
            if rows.insert(name.to_owned(), stated).is_some() {
                return Err(format!("has two rows for `{}`", name.escape_debug()));
            }
        }
        Ok(Self(rows))
    }

    /// Returns the names of all rows.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns whether a row states a hash for the file.
    pub(super) fn has_hash(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Some(_)))
    }

    /// Returns an incremental check of a file's bytes against its hash; files without one pass.
    pub(super) fn verifier(&self, name: &str) -> Verifier<'_> {
        let stated = self.0.get(name).and_then(Option::as_ref);
        Verifier { stated: stated.map(|stated| (stated, Digests::new(stated.algorithm))) }
    }

    /// Checks bytes against the stated hash; files without one pass. An error is a sentence
    /// without its subject.
    pub(super) fn verify(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let mut verifier = self.verifier(name);
        verifier.add(bytes);
        verifier.finish()
    }
}

/// An incremental check of one file's bytes.
pub(super) struct Verifier<'r> {
    stated: Option<(&'r RecordedHash, Digests)>,
}

enum Digests {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Digests {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha384 => Self::Sha384(Sha384::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }
}

impl Verifier<'_> {
    /// Adds the next bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        match &mut self.stated {
            Some((_, Digests::Sha256(digest))) => digest.update(bytes),
            Some((_, Digests::Sha384(digest))) => digest.update(bytes),
            Some((_, Digests::Sha512(digest))) => digest.update(bytes),
            None => {}
        }
    }

    /// Checks the added bytes against the stated hash.
    ///
    /// # Errors
    /// A sentence without its subject.
    pub(super) fn finish(self) -> Result<(), String> {
        let Some((stated, digests)) = self.stated else { return Ok(()) };
        let actual = match digests {
            Digests::Sha256(digest) => digest.finalize().to_vec(),
            Digests::Sha384(digest) => digest.finalize().to_vec(),
            Digests::Sha512(digest) => digest.finalize().to_vec(),
        };
        if actual == stated.digest {
            Ok(())
        } else {
            Err("does not have the hash that `RECORD` states".to_owned())
        }
    }
}

fn parse_hash(text: &str) -> Result<Option<RecordedHash>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let (name, digest) = text.split_once('=').ok_or("no readable hash")?;
    let algorithm = match name {
        "sha256" => Algorithm::Sha256,
        "sha384" => Algorithm::Sha384,
        "sha512" => Algorithm::Sha512,
        _ => {
            return Err(format!("a hash of the kind `{}`, which is too weak", name.escape_debug()));
        }
    };
    let digest = BASE64_URL_SAFE_NO_PAD
        .decode(digest.trim_end_matches('='))
        .map_err(|_| "no readable hash")?;
    Ok(Some(RecordedHash { algorithm, digest }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifies_the_stated_hash() {
        let record = RecordFile::parse(
            "a.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nx/RECORD,,\n",
        )
        .unwrap();
        assert!(record.has_hash("a.py"));
        assert!(!record.has_hash("x/RECORD"));
        assert_eq!(record.verify("a.py", b""), Ok(()));
        assert!(record.verify("a.py", b"x").is_err());
    }

    #[test]
    fn refuses_weak_hashes_and_double_rows() {
        assert!(RecordFile::parse("a.py,md5=abc,0\n").is_err());
        assert!(RecordFile::parse("a.py,,\na.py,,\n").is_err());
    }

    #[test]
    fn reads_quoted_names() {
        let record = RecordFile::parse("\"a,b.py\",,\n").unwrap();
        assert_eq!(record.names().collect::<Vec<_>>(), ["a,b.py"]);
    }
}
