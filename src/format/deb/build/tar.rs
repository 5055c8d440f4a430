//! The inner archives of a Debian package, in the GNU format that `dpkg-deb` writes.

use std::{
    io::{self, Write},
    ops::Range,
};

use ::tar::{EntryType, Header};

use super::TreeEntry;
use crate::plan::FileOwner;

const BLOCK: usize = 512;
/// Where a header holds its sum.
const CHECKSUM: Range<usize> = 148..156;
/// What GNU tar writes at once, and fills up at the end.
const RECORD: usize = 20 * BLOCK;
/// Longer names do not fit into a header.
const NAME_LIMIT: usize = 100;

/// Writes entries with one time.
pub(crate) struct TarWriter<W> {
    out: W,
    time: u32,
    written: usize,
}

/// What a member's header states beside its name and kind.
struct Attributes<'o> {
    mode: u32,
    time: u32,
    owner: &'o FileOwner,
}

impl<W: Write> TarWriter<W> {
    pub(crate) fn new(out: W, time: u32) -> Self {
        Self { out, time, written: 0 }
    }

    /// Adds a folder with mode 0755, or a file.
    pub(crate) fn entry(&mut self, entry: &TreeEntry, bytes: &[u8]) -> io::Result<()> {
        let root = FileOwner::default();
        let (name, kind, mode, owner) = match entry {
            TreeEntry::Folder { path } => (format!(".{path}/"), EntryType::Directory, 0o755, &root),
            TreeEntry::File { path, mode, owner } => {
                (format!(".{path}"), EntryType::Regular, *mode, owner)
            }
        };
        if name.len() > NAME_LIMIT {
            let long = [name.as_bytes(), b"\0"].concat();
            let attributes = Attributes { mode: 0o644, time: 0, owner: &root };
            self.member(b"././@LongLink", EntryType::GNULongName, attributes, &long)?;
        }
        let stored = &name.as_bytes()[..name.len().min(NAME_LIMIT)];
        self.member(stored, kind, Attributes { mode, time: self.time, owner }, bytes)
    }

    fn member(
        &mut self,
        name: &[u8],
        kind: EntryType,
        Attributes { mode, time, owner }: Attributes<'_>,
        bytes: &[u8],
    ) -> io::Result<()> {
        let mut header = Header::new_gnu();
        // Not `set_path`, which drops the leading dot.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_username(owner.user.as_str())?;
        header.set_groupname(owner.group.as_str())?;
        header.set_mtime(u64::from(time));
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        // GNU tar ends the sum otherwise than all other numbers.
        let sum = format!("{:06o}\0 ", header.cksum()?);
        header.as_mut_bytes()[CHECKSUM].copy_from_slice(sum.as_bytes());
        self.out.write_all(header.as_bytes())?;
        self.out.write_all(bytes)?;
        let padded = bytes.len().next_multiple_of(BLOCK);
        self.written += BLOCK + padded;
        self.out.write_all(&[0; BLOCK][..padded - bytes.len()])
    }

    /// Ends the archive as GNU tar does: two empty blocks, filled up to a whole record.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let end = (self.written + 2 * BLOCK).next_multiple_of(RECORD);
        self.out.write_all(&vec![0; end - self.written])?;
        Ok(self.out)
    }
}
