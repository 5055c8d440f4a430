//! The files of a release and what is inside them.

use std::path::Path;

use crate::plan::PlannedFile;

/// A wheel whose members can be read as a plan's files.
pub struct Payload {}

impl Payload {
    /// Opens a wheel that was fetched and verified.
    pub fn open(_wheel: &Path) -> Result<Self, SourceError> {
        unimplemented!()
    }

    /// The bytes of one planned file.
    pub fn read(&mut self, _file: &PlannedFile) -> Result<Vec<u8>, SourceError> {
        unimplemented!()
    }
}

/// Why a wheel or sdist was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}`: {problem}")]
pub struct SourceError {
    pub file: String,
    pub problem: String,
}
