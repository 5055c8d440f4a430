//! The bytes of a plan's files.

use std::path::Path;

use crate::plan::{Content, PlannedFile};

use super::{SourceError, archive::WheelArchive, wheel::open_verified};

/// A wheel whose members can be read as a plan's files.
pub struct Payload {
    archive: WheelArchive,
}

impl Payload {
    /// Opens a wheel that was fetched and inspected. Every member that is read is compared with
    /// `RECORD`.
    pub fn open(wheel: &Path) -> Result<Self, SourceError> {
        open_verified(wheel).map(|(archive, _)| Self { archive })
    }

    /// The bytes of one planned file.
    pub fn read(&mut self, file: &PlannedFile) -> Result<Vec<u8>, SourceError> {
        match &file.content {
            Content::Member(member) | Content::Compressed(member) => self.archive.read(member),
            Content::Script { member, shebang } => {
                Ok(with_shebang(&self.archive.read(member)?, shebang))
            }
            Content::Text(text) => Ok(text.clone().into_bytes()),
            Content::Rendered { file, .. } => {
                Err(self.missing(format!("has no `{file}`: it belongs to the recipe")))
            }
            Content::ByteCode { .. } | Content::HardLink(_) => {
                Err(self.missing(format!("has no `{}`: it is compiled", file.path)))
            }
        }
    }

    fn missing(&self, problem: String) -> SourceError {
        SourceError { file: self.archive.file().to_owned(), problem }
    }
}

/// The script with its first line replaced.
fn with_shebang(script: &[u8], shebang: &str) -> Vec<u8> {
    let rest = script.iter().position(|b| *b == b'\n').map_or(&[][..], |end| &script[end..]);
    [shebang.as_bytes(), rest].concat()
}
