//! The contents of a plan's files.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    plan::{ArchiveMember, Content, Patch, PlannedFile},
    python::artifact::ArchiveLimits,
};

use super::{SourceError, archive::WheelArchive, patch, wheel::open_verified};

/// Wheels whose members are read as a plan's files.
pub struct Payload {
    /// In the order of their numbers.
    archives: Vec<WheelArchive>,
    /// The members of the first wheel that patches change; `None` for one that is deleted.
    patched: BTreeMap<String, Option<Vec<u8>>>,
}

impl Payload {
    /// Opens the wheel of a plan's source, which was fetched and inspected, and those of its
    /// further archives. Every member that is read is compared with `RECORD`; those of the first
    /// wheel are then patched.
    ///
    /// # Errors
    /// A wheel cannot be read, or a patch does not apply.
    pub fn open(wheel: &Path, further: &[PathBuf], patches: &[Patch]) -> Result<Self, SourceError> {
        let (mut archive, _) = open_verified(wheel, &ArchiveLimits::NONE)?;
        let read = |member: &str| archive.read(member).map_err(|error| error.problem);
        let patched = patch::patched(patches, read);
        let refuse = |problem| SourceError { file: archive.file().to_owned(), problem };
        let patched = patched.map_err(|problem| refuse(format!("cannot be patched: {problem}")))?;
        let mut archives = vec![archive];
        for path in further {
            archives.push(open_verified(path, &ArchiveLimits::NONE)?.0);
        }
        Ok(Self { archives, patched })
    }

    /// Returns the bytes of one planned file.
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

    fn member(&mut self, member: &ArchiveMember) -> Result<Vec<u8>, SourceError> {
        let path = member.path.as_str();
        match member.in_source().and_then(|path| self.patched.get(path)) {
            Some(Some(bytes)) => return Ok(bytes.clone()),
            Some(None) => {
                return Err(self.missing(format!("has no `{path}`: a patch deletes it")));
            }
            None => {}
        }
        match self.archives.get_mut(member.archive) {
            Some(archive) => archive.read(path),
            None => Err(self.missing(format!("has no archive {} for `{path}`", member.archive))),
        }
    }

    fn missing(&self, problem: String) -> SourceError {
        let file = self.archives.first().map_or("", WheelArchive::file);
        SourceError { file: file.to_owned(), problem }
    }
}

/// Returns the script with its first line replaced, as recipes do it: the new line ends with a line
/// feed even if the script has no other one.
fn with_shebang(script: &[u8], shebang: &str) -> Vec<u8> {
    let rest = script.iter().position(|b| *b == b'\n').map_or(&[][..], |end| &script[end + 1..]);
    [shebang.as_bytes(), b"\n", rest].concat()
}
