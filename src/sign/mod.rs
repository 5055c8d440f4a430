//! OpenPGP signatures: by `gpg`, whose agent may keep keys on smart cards, or with a key file.
//! Source: RFC 4880 (what rpm and apt of all targets read), RFC 9580.
//!
//! The same bytes, key and time give the same signature with RSA and EdDSA keys: no clock is read.

mod file;
mod gpg;

use std::path::{Path, PathBuf};

use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey};

use crate::process::{CommandRunner, ProcessError};

use self::{file::FileKey, gpg::GpgKey};

/// What makes signatures.
pub struct Signer<'a> {
    kind: Kind<'a>,
    /// The moment from which on the key exists: nothing can be signed before.
    created: i64,
    /// Of the key that signs and of those that it belongs to: upper-case hexadecimal digits.
    fingerprints: Vec<String>,
    public: String,
}

enum Kind<'a> {
    Gpg(GpgKey<'a>),
    File(Box<FileKey>),
}

/// How a key is found and opened.
pub struct Access<'a> {
    pub runner: &'a dyn CommandRunner,
    /// The folders in which `gpg` is looked for.
    pub path: &'a [PathBuf],
    /// What `gpg` must know to find its home and its agent.
    pub environment: Vec<(String, String)>,
    /// That of a key file.
    pub passphrase: Option<String>,
}

/// Why nothing can be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("`gpg` is not installed, and `{key}` is no key file")]
    NoGpg { key: String },
    #[error("gpg has no secret key `{key}`: {reason}")]
    Unknown { key: String, reason: String },
    #[error("`{}` is no key that can sign: {reason}", .path.display())]
    File { path: PathBuf, reason: String },
    #[error("`gpg` could not sign with `{key}`: {reason}")]
    Failed { key: String, reason: String },
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("cannot use the folder `{}`: {source}", .path.display())]
    Folder { path: PathBuf, source: std::io::Error },
}

impl<'a> Signer<'a> {
    /// The key that `key` names: a file with a secret key, else what `gpg` knows by that
    /// fingerprint.
    ///
    /// # Errors
    /// There is no such key, or it cannot sign.
    pub fn open(key: &str, access: Access<'a>) -> Result<Self, SignError> {
        let path = Path::new(key);
        if path.is_file() {
            let found = FileKey::open(path, access.passphrase.unwrap_or_default())?;
            return Ok(Self {
                created: found.created(),
                fingerprints: found.fingerprints(),
                public: found.public()?,
                kind: Kind::File(Box::new(found)),
            });
        }
        let (found, created, fingerprints) = GpgKey::open(key, access)?;
        let public = found.public()?;
        Ok(Self { created, fingerprints, public, kind: Kind::Gpg(found) })
    }

    /// Whether one of this key's made a signature that names its maker so.
    pub fn is(&self, fingerprint: &str) -> bool {
        self.fingerprints.iter().any(|own| own == fingerprint)
    }

    /// Whether a detached signature is one of `data` by this key.
    pub fn made(&self, signature: &[u8], data: &[u8]) -> bool {
        let public = SignedPublicKey::from_armor_single(self.public.as_bytes());
        let signature = DetachedSignature::from_bytes(signature);
        let (Ok((public, _)), Ok(signature)) = (public, signature) else { return false };
        let mut subkeys = public.public_subkeys.iter();
        signature.verify(&public, data).is_ok()
            || subkeys.any(|subkey| signature.verify(subkey, data).is_ok())
    }

    /// The public key in ASCII armour.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// A signature of `data` apart from it, made at `time` (seconds since 1970), or when the key was
    /// made where that is later.
    pub fn detached(&self, data: &[u8], time: i64) -> Result<Vec<u8>, SignError> {
        let time = time.max(self.created);
        match &self.kind {
            Kind::Gpg(key) => key.sign(data, time, &["--detach-sign"]),
            Kind::File(key) => key.detached(data, time),
        }
    }

    /// The same in ASCII armour.
    pub fn armoured(&self, data: &[u8], time: i64) -> Result<Vec<u8>, SignError> {
        let time = time.max(self.created);
        match &self.kind {
            Kind::Gpg(key) => key.sign(data, time, &["--armor", "--detach-sign"]),
            Kind::File(key) => key.armoured(data, time),
        }
    }

    /// The text with its signature around it.
    pub fn clear(&self, text: &str, time: i64) -> Result<Vec<u8>, SignError> {
        let time = time.max(self.created);
        match &self.kind {
            Kind::Gpg(key) => key.sign(text.as_bytes(), time, &["--clearsign"]),
            Kind::File(key) => key.clear(text, time),
        }
    }
}

/// The fingerprint of the key that made a signature, where it is stated.
pub fn issuer(signature: &[u8]) -> Option<String> {
    let signature = DetachedSignature::from_bytes(signature).ok()?.signature;
    let issuers = signature.issuer_fingerprint();
    issuers.first().map(|fingerprint| fingerprint.to_string().to_uppercase())
}

#[cfg(test)]
mod tests;
