//! A package that exists: as a file, or in the list of a repository.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    PackageError, deb::repository::DebMetadata, plugin::PluginMetadata,
    rpm::repository::RpmMetadata,
};
use crate::plan::Evr;

/// One package of a repository. Read from a file, it depends on nothing but the file's name and
/// bytes: repository metadata is joined from entries without reading the files again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackageEntry {
    /// The package's name.
    pub package: String,
    pub evr: Evr,
    /// `src` for a source package.
    pub architecture: String,
    /// The file's name, without any folder.
    pub file: String,
    /// The file's folder, relative to the repository; empty for the repository's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// In bytes.
    pub size: u64,
    pub sha256: String,
    /// The build time in the package, in seconds since 1970.
    pub time: u64,
    /// The fingerprint of the key that signed the package itself, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    #[serde(rename = "entry")]
    pub data: FormatData,
}

/// What only the package's format reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormatData {
    Rpm(RpmMetadata),
    Deb(DebMetadata),
    External(PluginMetadata),
    /// Relations and paths, as far as the metadata of a repository lists them.
    #[serde(skip)]
    Listed(ListedRelations),
}

/// What repository metadata lists of a package's relations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedRelations {
    /// The names it provides beside its own, with their versions, which may be empty.
    pub provides: Vec<(String, String)>,
    /// Each text is a relation in the format's syntax, and all have to be met.
    pub requires: Vec<String>,
    /// Installed paths, as far as they are listed.
    pub paths: Vec<String>,
}

impl PackageEntry {
    /// Returns an entry that has nothing but what lists of packages state.
    pub fn listed(package: &str, version: &str, relations: ListedRelations) -> Self {
        Self {
            package: package.to_owned(),
            evr: Evr::parse(version),
            architecture: String::new(),
            file: String::new(),
            folder: String::new(),
            size: 0,
            sha256: String::new(),
            time: 0,
            signed_by: None,
            data: FormatData::Listed(relations),
        }
    }

    /// Returns the file's path, relative to the repository.
    pub fn place(&self) -> String {
        match self.folder.as_str() {
            "" => self.file.clone(),
            folder => format!("{folder}/{}", self.file),
        }
    }

    /// Returns the package's version as the format compares it.
    pub fn version(&self) -> String {
        self.evr.to_string()
    }

    /// Returns the names it provides beside its own, as far as a repository lists them.
    pub fn provides(&self) -> &[(String, String)] {
        self.relations().map_or(&[], |relations| &relations.provides)
    }

    /// Returns the relations it requires, as far as a repository lists them.
    pub fn requires(&self) -> &[String] {
        self.relations().map_or(&[], |relations| &relations.requires)
    }

    /// Returns its paths, as far as a repository lists them.
    pub fn paths(&self) -> &[String] {
        match &self.data {
            FormatData::Listed(relations) => &relations.paths,
            FormatData::External(metadata) => &metadata.paths,
            FormatData::Rpm(_) | FormatData::Deb(_) => &[],
        }
    }

    /// Returns the name of its format; empty for a list's entry.
    pub(crate) fn format(&self) -> &str {
        match &self.data {
            FormatData::Rpm(_) => super::rpm::NAME,
            FormatData::Deb(_) => super::deb::NAME,
            FormatData::External(metadata) => &metadata.format,
            FormatData::Listed(_) => "",
        }
    }

    fn relations(&self) -> Option<&ListedRelations> {
        match &self.data {
            FormatData::Listed(relations) => Some(relations),
            _ => None,
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
    parse: impl FnOnce(&mut BufReader<File>, PackageFile<'_>) -> Result<PackageEntry, String>,
) -> Result<PackageEntry, PackageError> {
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
