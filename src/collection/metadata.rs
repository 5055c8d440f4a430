//! What metadata files of all formats are made with.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use liblzma::write::XzEncoder;
use sha2::{Digest, Sha256};

/// The lower-case hexadecimal SHA-256 digest.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A gzip file without a name or a time in it.
pub(super) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// An xz file.
pub(super) fn xz(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = XzEncoder::new(Vec::new(), 6);
    encoder.write_all(bytes)?;
    encoder.finish()
}
