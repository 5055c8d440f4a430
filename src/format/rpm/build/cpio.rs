//! The archive in a package: cpio's portable format with numbers in ASCII.
//! Source: cpio(5), "New ASCII Format"; rpm's lib/cpio.c.

use std::io::{self, Write};

/// The bytes of a header, which is followed by the name.
const HEADER: usize = 110;
const TRAILER: &str = "TRAILER!!!";

/// One file or folder.
#[derive(Default)]
pub(crate) struct CpioEntry<'a> {
    pub inode: u32,
    pub mode: u32,
    /// How many names the file has.
    pub links: u32,
    pub time: u32,
    pub name: &'a str,
    /// The content; with the last of its names only, where a file has several.
    pub bytes: &'a [u8],
}

/// Writes one entry, filled up to a multiple of four bytes.
pub(crate) fn write(out: &mut impl Write, entry: &CpioEntry<'_>) -> io::Result<()> {
    let CpioEntry { inode, mode, links, time, name, bytes } = entry;
    let size = u32::try_from(bytes.len()).map_err(|_| too_large())?;
    let length = name.len() + 1;
    let (none, zero) = ("0".repeat(32), 0);
    write!(
        out,
        "070701{inode:08x}{mode:08x}{zero:08x}{zero:08x}{links:08x}{time:08x}{size:08x}{none}\
         {length:08x}{zero:08x}{name}"
    )?;
    fill(out, HEADER + name.len(), HEADER + length)?;
    out.write_all(bytes)?;
    fill(out, bytes.len(), bytes.len())
}

/// What does not fit into the format's numbers.
pub(crate) fn too_large() -> io::Error {
    io::Error::other("they are larger than 4 GiB, which only rpmbuild can pack")
}

/// Writes the entry that ends an archive.
pub(crate) fn end(out: &mut impl Write) -> io::Result<()> {
    write(out, &CpioEntry { links: 1, name: TRAILER, ..CpioEntry::default() })
}

/// Zeros from `at` until a multiple of four that is not below `least`.
fn fill(out: &mut impl Write, at: usize, least: usize) -> io::Result<()> {
    out.write_all(&[0; 4][..least.next_multiple_of(4) - at])
}
