//! The bytes of a plan's files.

use std::{collections::BTreeMap, path::Path};

use crate::{
    plan::{Content, Patch, PlannedFile},
    python::artifact::ArchiveLimits,
};

use super::{SourceError, archive::WheelArchive, patch, wheel::open_verified};

/// A wheel whose members can be read as a plan's files.
pub struct Payload {
    archive: WheelArchive,
    /// The members that patches change; none where one is deleted.
    patched: BTreeMap<String, Option<Vec<u8>>>,
}

impl Payload {
    /// Opens a wheel that was fetched and inspected. Every member that is read is compared with
    /// `RECORD`, and then patched.
    ///
    /// # Errors
    /// The wheel cannot be read, or a patch does not apply.
    pub fn open(wheel: &Path, patches: &[Patch]) -> Result<Self, SourceError> {
        let (mut archive, _) = open_verified(wheel, &ArchiveLimits::NONE)?;
        let read = |member: &str| archive.read(member).map_err(|error| error.problem);
        let patched = patch::patched(patches, read);
        let refuse = |problem| SourceError { file: archive.file().to_owned(), problem };
        let patched = patched.map_err(|problem| refuse(format!("cannot be patched: {problem}")))?;
        Ok(Self { archive, patched })
    }

    /// The bytes of one planned file.
    ///
    /// # Errors
    /// The member is missing or damaged.
    pub fn read(&mut self, file: &PlannedFile) -> Result<Vec<u8>, SourceError> {
        match &file.content {
            Content::Member(member) | Content::Compressed(member) => self.member(member),
            Content::Script { member, shebang } => {
                Ok(with_shebang(&self.member(member)?, shebang.as_str()))
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

    fn member(&mut self, member: &str) -> Result<Vec<u8>, SourceError> {
        match self.patched.get(member) {
            Some(Some(bytes)) => Ok(bytes.clone()),
            Some(None) => Err(self.missing(format!("has no `{member}`: a patch deletes it"))),
            None => self.archive.read(member),
        }
    }

    fn missing(&self, problem: String) -> SourceError {
        SourceError { file: self.archive.file().to_owned(), problem }
    }
}

/// The script with its first line replaced, as recipes do it: the new line ends with a line feed even
/// where the script has no other one.
fn with_shebang(script: &[u8], shebang: &str) -> Vec<u8> {
    let rest = script.iter().position(|b| *b == b'\n').map_or(&[][..], |end| &script[end + 1..]);
    [shebang.as_bytes(), b"\n", rest].concat()
}
