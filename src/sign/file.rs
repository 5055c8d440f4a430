//! Keys in files, without `gpg`.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use pgp::{
    composed::{
        ArmorOptions, CleartextSignedMessage, Deserializable, DetachedSignature, SignedSecretKey,
    },
    crypto::hash::HashAlgorithm,
    errors::Result as PgpResult,
    packet::{SignatureConfig, SignatureType, Subpacket, SubpacketData},
    ser::Serialize,
    types::{KeyDetails, Password, SigningKey, Timestamp},
};

use super::SignError;

/// A secret key in a file.
pub(super) struct FileKey {
    path: PathBuf,
    key: SignedSecretKey,
    passphrase: Password,
}

impl FileKey {
    /// Opens a file with one secret key, in ASCII armour or not, and signs something to see that
    /// the passphrase fits.
    pub(super) fn open(path: &Path, passphrase: String) -> Result<Self, SignError> {
        let refuse = |reason: String| SignError::File { path: path.to_owned(), reason };
        let file = File::open(path).map_err(|error| refuse(error.to_string()))?;
        let (key, _) = SignedSecretKey::from_reader_single_buf(BufReader::new(file))
            .map_err(|error| refuse(error.to_string()))?;
        let found = Self { path: path.to_owned(), key, passphrase: Password::from(passphrase) };
        found.detached(b"", found.created()).map(|_| found)
    }

    /// When the key that signs was made.
    pub(super) fn created(&self) -> i64 {
        let newest = self.key.secret_subkeys.iter().map(|subkey| subkey.key.created_at().as_secs());
        newest.chain([self.key.primary_key.created_at().as_secs()]).max().unwrap_or(0).into()
    }

    pub(super) fn fingerprints(&self) -> Vec<String> {
        let subkeys = self.key.secret_subkeys.iter().map(|subkey| subkey.key.fingerprint());
        let all = [self.key.primary_key.fingerprint()].into_iter().chain(subkeys);
        all.map(|fingerprint| fingerprint.to_string().to_uppercase()).collect()
    }

    /// The public key in ASCII armour.
    pub(super) fn public(&self) -> Result<String, SignError> {
        let armoured = self.key.to_public_key().to_armored_string(ArmorOptions::default());
        armoured.map_err(|error| self.refuse(&error))
    }

    pub(super) fn detached(&self, data: &[u8], time: i64) -> Result<Vec<u8>, SignError> {
        self.signature(data, time)
            .and_then(|signature| signature.to_bytes())
            .map_err(|error| self.refuse(&error))
    }

    pub(super) fn armoured(&self, data: &[u8], time: i64) -> Result<Vec<u8>, SignError> {
        self.signature(data, time)
            .and_then(|signature| signature.to_armored_bytes(ArmorOptions::default()))
            .map_err(|error| self.refuse(&error))
    }

    pub(super) fn clear(&self, text: &str, time: i64) -> Result<Vec<u8>, SignError> {
        let sign = |key: &dyn SigningKey| {
            let config = config(key, SignatureType::Text, time)?;
            CleartextSignedMessage::new(text, config, &Box::new(key), &self.passphrase)
        };
        sign(self.signing())
            .and_then(|message| message.to_armored_bytes(ArmorOptions::default()))
            .map_err(|error| self.refuse(&error))
    }

    fn signature(&self, data: &[u8], time: i64) -> PgpResult<DetachedSignature> {
        let key = self.signing();
        let config = config(key, SignatureType::Binary, time)?;
        config.sign(&Box::new(key), &self.passphrase, data).map(DetachedSignature::new)
    }

    /// The newest subkey for signing, else the key itself.
    fn signing(&self) -> &dyn SigningKey {
        let may_sign = self.key.secret_subkeys.iter().filter(|subkey| {
            subkey.signatures.iter().any(|signature| signature.key_flags().sign())
        });
        match may_sign.max_by_key(|subkey| subkey.key.created_at().as_secs()) {
            Some(subkey) => &subkey.key,
            None => &self.key.primary_key,
        }
    }

    fn refuse(&self, error: &pgp::errors::Error) -> SignError {
        SignError::File { path: self.path.clone(), reason: error.to_string() }
    }
}

fn config(key: &dyn SigningKey, kind: SignatureType, time: i64) -> PgpResult<SignatureConfig> {
    let mut config = SignatureConfig::v4(kind, key.algorithm(), HashAlgorithm::Sha256);
    let time = Timestamp::from_secs(u32::try_from(time).unwrap_or(u32::MAX));
    config.hashed_subpackets = vec![
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
        Subpacket::regular(SubpacketData::SignatureCreationTime(time))?,
    ];
    config.unhashed_subpackets =
        vec![Subpacket::regular(SubpacketData::IssuerKeyId(key.legacy_key_id()))?];
    Ok(config)
}
