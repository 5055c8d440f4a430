//! A file of a release as an index lists it.

use pep440_rs::{Version, VersionSpecifiers};
use url::Url;

use super::{Hashes, ProjectName, WheelName};

/// A parsed sdist file name. Source: PyPA source distribution format (PEP 625), and the older
/// forms that the index still serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdistName {
    pub project: ProjectName,
    pub version: Version,
}

/// What a release file is, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    Wheel(WheelName),
    Sdist(SdistName),
}

/// A file of a release: its name, where it is, and what the index says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseFile {
    /// The file's name, without any folder.
    pub filename: String,
    /// `http`, `https` or `file`; without credentials and fragment.
    pub url: Url,
    pub kind: FileKind,
    pub hashes: Hashes,
    /// Size in bytes, where the index states it.
    pub size: Option<u64>,
    pub requires_python: Option<VersionSpecifiers>,
    /// The reason, possibly empty, where the file was yanked (PEP 592).
    pub yanked: Option<String>,
    /// PEP 658: whether the index serves the core metadata beside the file, and its hashes.
    pub metadata: Option<Hashes>,
    /// Seconds since 1970 (PEP 700).
    pub upload_time: Option<i64>,
}

/// Why a text is no release file name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{filename}` is not a wheel or sdist name: {reason}")]
pub struct FileNameError {
    pub filename: String,
    pub reason: String,
}
