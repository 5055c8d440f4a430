//! OpenPGP signatures by `gpg`: with keys that it has, whose agent may keep them on smart cards, or with
//! a key file.
//! Source: RFC 4880 (what rpm and apt of all targets read), RFC 9580.
//!
//! The same bytes, key and time give the same signature with RSA and EdDSA keys: no clock is read.

mod gpg;
mod home;
mod issuer;

use std::path::{Path, PathBuf};

use crate::base::process::{CommandRunner, ProcessError};

use self::gpg::GpgKey;
pub use issuer::{is_rsa, issuer};

/// What makes signatures.
pub struct Signer<'a> {
    key: GpgKey<'a>,
    public: String,
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
    #[error("`gpg` is not installed, and `{key}` is not a key file")]
    NoGpg { key: String },
    #[error("gpg has no secret key `{key}`: {reason}")]
    Unknown { key: String, reason: String },
    #[error("`{}` cannot sign: {reason}", .path.display())]
    File { path: PathBuf, reason: String },
    #[error("the secret key in `{}` is not used: other users can read it (mode {mode:04o})", .path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("`gpg` could not sign with `{key}`: {reason}")]
    Failed { key: String, reason: String },
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("cannot use the folder `{}`: {source}", .path.display())]
    Folder { path: PathBuf, source: std::io::Error },
}

impl SignError {
    /// Returns the remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Exposed { path, .. } => return Some(format!("`chmod 600 {}`", path.display())),
            Self::NoGpg { .. } => "install gnupg, or name a file with a secret key",
            Self::Unknown { .. } => "`gpg --list-secret-keys` shows what gpg has",
            Self::File { .. } => {
                "a locked key's passphrase is taken from `PYPI2PKG_SIGN_PASSPHRASE`"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl<'a> Signer<'a> {
    /// The key that `key` names: a file with a secret key, else what `gpg` knows by that
    /// fingerprint.
    ///
    /// # Errors
    /// There is no such key, or it cannot sign.
    pub fn open(key: &str, access: Access<'a>) -> Result<Self, SignError> {
        let path = Path::new(key);
        let key =
            if path.is_file() { GpgKey::import(path, access)? } else { GpgKey::open(key, access)? };
        let public = key.public()?;
        Ok(Self { key, public })
    }

    /// Whether one of this key's made a signature that names its maker so.
    pub fn is(&self, fingerprint: &str) -> bool {
        self.key.fingerprints.iter().any(|own| own == fingerprint)
    }

    /// Whether a detached signature is one of `data` by this key.
    pub fn made(&self, signature: &[u8], data: &[u8]) -> bool {
        self.key.verify(signature, data).is_ok_and(|fingerprint| self.is(&fingerprint))
    }

    /// The public key in ASCII armour.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// A signature of `data` apart from it, made at `time` (seconds since 1970), or when the key was
    /// made where that is later: nothing can be signed before.
    ///
    /// # Errors
    /// `gpg` cannot sign with the key.
    pub fn detached(&self, data: &[u8], time: i64) -> Result<Vec<u8>, SignError> {
        self.sign(data, time, &["--detach-sign"])
    }

    /// The same in ASCII armour.
    ///
    /// # Errors
    /// `gpg` cannot sign with the key.
    pub fn armoured(&self, data: &[u8], time: i64) -> Result<Vec<u8>, SignError> {
        self.sign(data, time, &["--armor", "--detach-sign"])
    }

    /// The text with its signature around it.
    ///
    /// # Errors
    /// `gpg` cannot sign with the key.
    pub fn clear(&self, text: &str, time: i64) -> Result<Vec<u8>, SignError> {
        self.sign(text.as_bytes(), time, &["--clearsign"])
    }

    fn sign(&self, data: &[u8], time: i64, kind: &[&str]) -> Result<Vec<u8>, SignError> {
        self.key.sign(data, time.max(self.key.created), kind)
    }
}

#[cfg(test)]
mod tests;
