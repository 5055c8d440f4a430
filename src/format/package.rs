//! What repository metadata says of one package file.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::PackageError;
use crate::plan::Evr;
use crate::plan::relation::Strength;

/// What repository metadata says of one package file. It depends on nothing but the file's name
/// and bytes; metadata is joined from stanzas without looking at the files again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stanza {
    /// The package's name.
    pub package: String,
    pub evr: Evr,
    /// `src` for a source package.
    pub architecture: String,
    /// The file's name, without any folder.
    pub file: String,
    /// The folder in which it lies, relative to the collection; empty where that is the
    /// collection's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// In bytes.
    pub size: u64,
    pub sha256: String,
    /// When the package says that it was built, in seconds since 1970.
    pub time: u64,
    /// The fingerprint of the key that signed the package itself, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    pub entry: Entry,
}

/// A stanza's text in the words of its repository format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Entry {
    /// The `package` elements of the three files that rpm repositories consist of.
    Rpm { primary: String, filelists: String, other: String },
    /// A paragraph of `Packages`.
    Deb { paragraph: String },
    /// What a plugin's format says of it.
    External {
        format: String,
        text: String,
        relations: Vec<(Strength, String)>,
        /// Absolute paths of installed files.
        paths: Vec<String>,
    },
}

impl Stanza {
    /// Where the file lies, relative to the collection.
    pub fn place(&self) -> String {
        match self.folder.as_str() {
            "" => self.file.clone(),
            folder => format!("{folder}/{}", self.file),
        }
    }
}

impl Entry {
    /// The package format's name.
    pub(crate) fn format(&self) -> &str {
        match self {
            Self::Rpm { .. } => "rpm",
            Self::Deb { .. } => "deb",
            Self::External { format, .. } => format,
        }
    }
}

/// A package file by name and content.
pub struct PackageFile<'a> {
    pub name: &'a str,
    /// In bytes.
    pub size: u64,
    pub sha256: String,
}

/// Hashes a package file, then lets `parse` read its beginning.
///
/// # Errors
/// It cannot be read, or `parse` says why it is not a package.
pub fn read_with(
    path: &Path,
    parse: impl FnOnce(&mut BufReader<File>, PackageFile<'_>) -> Result<Stanza, String>,
) -> Result<Stanza, PackageError> {
    let refuse = |reason: String| PackageError::Package { path: path.to_owned(), reason };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // A line feed in a name would begin a field of its own in `Packages`.
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refuse("its name has other than visible ASCII characters".to_owned()));
    }
    let attempt = |error| PackageError::at("read", path)(error);
    let mut input = BufReader::new(File::open(path).map_err(attempt)?);
    let mut hash = Sha256::new();
    let size = copy(&mut input, &mut hash).map_err(attempt)?;
    input.rewind().map_err(attempt)?;
    let file = PackageFile { name, size, sha256: hex::encode(hash.finalize()) };
    parse(&mut input, file).map_err(refuse)
}

/// Feeds all bytes to a hash and counts them.
fn copy(input: &mut impl Read, hash: &mut Sha256) -> io::Result<u64> {
    let mut buffer = vec![0; 128 * 1024];
    let mut size = 0;
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(size),
            Ok(count) => {
                hash.update(&buffer[..count]);
                size += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
