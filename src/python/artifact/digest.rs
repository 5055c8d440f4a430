//! Hashes that an index or a lock file states for a file.

use std::{collections::BTreeMap, fmt, str::FromStr};

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// A hash algorithm strong enough to identify a file.
///
/// pip accepts exactly these for `--hash`; an index may state weaker ones, which are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum HashAlgorithm {
    Sha256,
    Sha384,
    Sha512,
}

impl HashAlgorithm {
    /// As fragments, lock files and `--hash` write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Whether a text has the form of a digest, in either case.
    fn fits(self, digest: &str) -> bool {
        digest.len() == self.digits() && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// The number of hexadecimal digits of a digest.
    pub fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
        }
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for HashAlgorithm {
    type Err = HashError;

    /// Parses a lower-case name.
    fn from_str(name: &str) -> Result<Self, HashError> {
        [Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| HashError::Algorithm(name.to_owned()))
    }
}

/// The lower-case hexadecimal digests of one file, by algorithm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(transparent)]
pub struct Hashes(pub BTreeMap<HashAlgorithm, String>);

impl Hashes {
    /// Reads one `ALGORITHM=HEX` or `ALGORITHM:HEX`.
    ///
    /// # Errors
    /// An algorithm that is not one of [`HashAlgorithm`], or digits that are not that many
    /// hexadecimal ones.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        let (name, digest) =
            text.split_once(['=', ':']).ok_or_else(|| HashError::Algorithm(text.to_owned()))?;
        let mut hashes = Self::default();
        hashes.insert(name.parse()?, digest)?;
        Ok(hashes)
    }

    /// Keeps the usable ones of `(name, digest)` pairs, as a JSON map or a fragment's parts hold
    /// them; weaker algorithms are left out.
    ///
    /// # Errors
    /// A digest of a known algorithm that is malformed.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, HashError> {
        let mut hashes = Self::default();
        for (name, digest) in pairs {
            if let Ok(algorithm) = name.parse() {
                hashes.insert(algorithm, digest)?;
            }
        }
        Ok(hashes)
    }

    /// The hashes of a URL's fragment, such as `sha256=HEX&egg=x` (PEP 503).
    ///
    /// # Errors
    /// As [`Hashes::from_pairs`].
    pub fn from_fragment(fragment: &str) -> Result<Self, HashError> {
        Self::from_pairs(fragment.split('&').filter_map(|part| part.split_once('=')))
    }

    /// Adds a digest after checking its form.
    ///
    /// # Errors
    /// Digits that are not as many hexadecimal ones as the algorithm has.
    pub fn insert(&mut self, algorithm: HashAlgorithm, digest: &str) -> Result<(), HashError> {
        if !algorithm.fits(digest) {
            return Err(HashError::Digest { algorithm, digest: digest.to_owned() });
        }
        self.0.insert(algorithm, digest.to_ascii_lowercase());
        Ok(())
    }

    /// Whether no usable hash is stated.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The SHA-256 digest, where it is stated and well-formed: it may become a file name.
    pub fn sha256(&self) -> Option<&str> {
        let digest = self.0.get(&HashAlgorithm::Sha256)?;
        HashAlgorithm::Sha256.fits(digest).then_some(digest)
    }

    /// Compares every digest stated with those of `bytes`.
    ///
    /// # Errors
    /// The first digest that differs.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), HashMismatch> {
        let mut check = HashCheck::new(self);
        check.update(bytes);
        check.finish().map(|_| ())
    }
}

/// Hashes a file while it arrives and compares the result with what was stated.
///
/// The SHA-256 digest is always computed, since files are stored by it.
pub struct HashCheck {
    stated: Hashes,
    sha256: Sha256,
    sha384: Option<Sha384>,
    sha512: Option<Sha512>,
}

impl HashCheck {
    /// Begins with no bytes seen.
    pub fn new(stated: &Hashes) -> Self {
        let has = |algorithm| stated.0.contains_key(&algorithm);
        Self {
            sha256: Sha256::new(),
            sha384: has(HashAlgorithm::Sha384).then(Sha384::new),
            sha512: has(HashAlgorithm::Sha512).then(Sha512::new),
            stated: stated.clone(),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(hasher) = &mut self.sha384 {
            hasher.update(bytes);
        }
        if let Some(hasher) = &mut self.sha512 {
            hasher.update(bytes);
        }
    }

    /// The SHA-256 digest of all bytes, in lower-case hexadecimal digits.
    ///
    /// # Errors
    /// The first stated digest that differs.
    pub fn finish(self) -> Result<String, HashMismatch> {
        let sha256 = hex::encode(self.sha256.finalize());
        let others = [
            (HashAlgorithm::Sha256, Some(sha256.clone())),
            (HashAlgorithm::Sha384, self.sha384.map(|hasher| hex::encode(hasher.finalize()))),
            (HashAlgorithm::Sha512, self.sha512.map(|hasher| hex::encode(hasher.finalize()))),
        ];
        for (algorithm, actual) in others {
            let (Some(actual), Some(expected)) = (actual, self.stated.0.get(&algorithm)) else {
                continue;
            };
            if actual != *expected {
                return Err(HashMismatch { algorithm, expected: expected.clone(), actual });
            }
        }
        Ok(sha256)
    }
}

/// A file is not the one whose digest was stated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its {algorithm} is `{actual}`, but `{expected}` was expected")]
pub struct HashMismatch {
    pub algorithm: HashAlgorithm,
    pub expected: String,
    pub actual: String,
}

/// Why a text states no usable hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    #[error("`{0}` names no hash algorithm of sha256, sha384, sha512")]
    Algorithm(String),
    #[error("`{digest}` is not a valid {algorithm} digest of {} hexadecimal digits", .algorithm.digits())]
    Digest { algorithm: HashAlgorithm, digest: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn fragments_keep_the_strong_hashes() {
        let upper = EMPTY.to_uppercase();
        let hashes = Hashes::from_fragment(&format!("egg=x&md5=00&sha256={upper}")).unwrap();
        assert_eq!(hashes.sha256(), Some(EMPTY));
        assert!(Hashes::from_fragment("md5=d41d8cd98f00b204e9800998ecf8427e").unwrap().is_empty());
        assert!(Hashes::from_fragment("sha256=abc").is_err());
        assert!(Hashes::parse("md5:00").is_err());
        assert_eq!(Hashes::parse(&format!("sha256:{EMPTY}")).unwrap(), hashes);
    }

    #[test]
    fn every_stated_digest_is_compared() {
        let mut hashes = Hashes::parse(&format!("sha256={EMPTY}")).unwrap();
        assert_eq!(hashes.verify(b""), Ok(()));
        let mismatch = hashes.verify(b"x").unwrap_err();
        assert_eq!(mismatch.expected, EMPTY);
        assert_ne!(mismatch.actual, EMPTY);
        hashes.insert(HashAlgorithm::Sha384, &"0".repeat(96)).unwrap();
        assert_eq!(hashes.verify(b"").unwrap_err().algorithm, HashAlgorithm::Sha384);
    }
}
