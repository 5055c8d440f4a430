//! The beginning of a package file, checked so far that any parser may read it.

use std::io::Read;

/// Both limits are those of rpm itself.
/// Source: rpm 4.18, lib/header.c, `hdrchkTags` and `hdrchkData`.
const MOST_ENTRIES: u32 = 0xffff;
const MOST_BYTES: u32 = 256 * 1024 * 1024;

pub(crate) const LEAD: usize = 96;
const MAGIC: [u8; 4] = [0x8e, 0xad, 0xe8, 1];

/// Lead, signature header and header of a package file.
pub(crate) struct Beginning {
    pub(crate) bytes: Vec<u8>,
    /// Where the header begins; it ends where `bytes` do.
    pub(crate) header: usize,
}

/// Reads lead and headers. No index entry of them points outside its header.
pub(crate) fn read(input: &mut impl Read) -> Result<Beginning, String> {
    let mut bytes = Vec::new();
    take(input, LEAD, &mut bytes)?;
    take_header(input, &mut bytes)?;
    // The lead is a multiple of eight long itself.
    let header = bytes.len().next_multiple_of(8);
    let padding = header - bytes.len();
    take(input, padding, &mut bytes)?;
    take_header(input, &mut bytes)?;
    Ok(Beginning { bytes, header })
}

fn take_header(input: &mut impl Read, bytes: &mut Vec<u8>) -> Result<(), String> {
    let start = bytes.len();
    take(input, 16, bytes)?;
    if bytes[start..start + 4] != MAGIC {
        return Err("it has no rpm header where one is expected".to_owned());
    }
    let (entries, data) = (number(bytes, start + 8), number(bytes, start + 12));
    if entries > MOST_ENTRIES || data > MOST_BYTES {
        return Err("its header is larger than rpm allows".to_owned());
    }
    take(input, entries as usize * 16 + data as usize, bytes)?;
    let index = start + 16;
    let bad = (0..entries as usize).map(|entry| index + entry * 16).find(|at| {
        // Type and count follow the tag and the offset.
        number(bytes, at + 8) > data || number(bytes, at + 12) > data
    });
    match bad {
        Some(at) => Err(format!("its header's tag {} points outside", number(bytes, at))),
        None => Ok(()),
    }
}

/// Appends exactly `count` bytes; a lying count costs no memory.
fn take(input: &mut impl Read, count: usize, bytes: &mut Vec<u8>) -> Result<(), String> {
    match input.take(count as u64).read_to_end(bytes) {
        Ok(read) if read == count => Ok(()),
        Ok(_) => Err("it ends within its header".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The big-endian number at a position that was read.
fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}
