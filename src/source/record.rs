//! `RECORD`: the hash of every file of a wheel.
//! Source: PyPA "Recording installed projects" and the binary distribution format.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// What `RECORD` states of each member: the algorithm and the digest.
#[derive(Debug, Default)]
pub struct Record(BTreeMap<String, Option<Stated>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stated {
    algorithm: Algorithm,
    digest: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
}

impl Record {
    /// Parses the text of a `RECORD` file. An error is a sentence without its subject.
    pub fn parse(text: &str) -> Result<Self, String> {
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

    /// The names of all rows.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a row names the file and states a hash for it.
    pub fn has_hash(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Some(_)))
    }

    /// Compares bytes with the stated hash; files without one pass. An error is a sentence
    /// without its subject.
    pub fn verify(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let Some(Some(stated)) = self.0.get(name) else { return Ok(()) };
        let actual: Vec<u8> = match stated.algorithm {
            Algorithm::Sha256 => Sha256::digest(bytes).to_vec(),
            Algorithm::Sha384 => Sha384::digest(bytes).to_vec(),
            Algorithm::Sha512 => Sha512::digest(bytes).to_vec(),
        };
        if actual == stated.digest {
            Ok(())
        } else {
            Err("does not have the hash that `RECORD` states".to_owned())
        }
    }
}

fn parse_hash(text: &str) -> Result<Option<Stated>, String> {
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
    Ok(Some(Stated { algorithm, digest }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifies_the_stated_hash() {
        let record = Record::parse(
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
        assert!(Record::parse("a.py,md5=abc,0\n").is_err());
        assert!(Record::parse("a.py,,\na.py,,\n").is_err());
    }

    #[test]
    fn reads_quoted_names() {
        let record = Record::parse("\"a,b.py\",,\n").unwrap();
        assert_eq!(record.names().collect::<Vec<_>>(), ["a,b.py"]);
    }
}
