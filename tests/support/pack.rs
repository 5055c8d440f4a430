//! Packing wheels.

use std::{fs, io::Write, path::Path};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zip::{ZipWriter, write::SimpleFileOptions};

/// A member of a wheel.
pub struct Member {
    pub name: String,
    pub bytes: Vec<u8>,
    /// The permissions that the archive states.
    pub mode: u32,
    /// The bytes whose digest `RECORD` states, if those are not the member's.
    pub recorded: Option<Vec<u8>>,
}

impl Member {
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into(), mode: 0o644, recorded: None }
    }
}

/// Packs members as a wheel and adds the `RECORD` of its `.dist-info` folder.
pub fn pack(path: &Path, dist_info: &str, members: impl IntoIterator<Item = Member>) {
    let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
    let mut record = csv::Writer::from_writer(Vec::new());
    let mut add = |name: &str, bytes: &[u8], mode: u32| {
        zip.start_file(name, SimpleFileOptions::default().unix_permissions(mode)).unwrap();
        zip.write_all(bytes).unwrap();
    };
    for Member { name, bytes, mode, recorded } in members {
        let digest = Sha256::digest(recorded.as_ref().unwrap_or(&bytes));
        let digest = format!("sha256={}", BASE64_URL_SAFE_NO_PAD.encode(digest));
        record.write_record([&name, &digest, &bytes.len().to_string()]).unwrap();
        add(&name, &bytes, mode);
    }
    let name = format!("{dist_info}/RECORD");
    record.write_record([&name, "", ""]).unwrap();
    add(&name, &record.into_inner().unwrap(), 0o644);
    zip.finish().unwrap();
}
