//! The layout of a zip archive in which every byte has one meaning.
//! Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.

use std::io::{self, Read, Seek, SeekFrom};

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_LENGTH: usize = 20;
const WIDE_END: &[u8] = b"PK\x06\x06";
const WIDE_END_LENGTH: usize = 56;
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_LENGTH: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_LENGTH: usize = 30;
/// The longest comment of an archive.
const COMMENT_LIMIT: u64 = 0xffff;
/// What a data descriptor takes, with and without signature, of small and of large members.
const DESCRIPTORS: [u64; 4] = [12, 16, 20, 24];
/// The extra fields that state large sizes and another name.
const WIDE_FIELD: usize = 1;
const NAME_FIELD: usize = 0x7075;

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub enum ZipLayoutError {
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("is not a sound zip archive: {0}")]
    Layout(&'static str),
}

use ZipLayoutError::Layout;

/// Checks that an archive is nothing but its members one behind the other, their directory and its end,
/// so that every reader finds the same members under the same names. `comment` is whether text may
/// stand at its end.
///
/// # Errors
/// An archive that cannot be read, or has anything before, between or behind these.
pub fn check_zip<R: Read + Seek>(archive: &mut R, comment: bool) -> Result<(), ZipLayoutError> {
    let length = archive.seek(SeekFrom::End(0))?;
    let tail_length = length.min(COMMENT_LIMIT + END_LENGTH as u64);
    let tail_start = length - tail_length;
    let tail = bytes(archive, tail_start, tail_length)?;
    let last = tail.windows(END.len()).rposition(|window| window == END);
    let position = last.ok_or(Layout("it has no end record"))?;
    let record = &tail[position..];
    if record.len() < END_LENGTH || number(record, 20, 2) != (record.len() - END_LENGTH) as u64 {
        return Err(Layout("bytes stand behind its end"));
    }
    if !comment && record.len() > END_LENGTH {
        return Err(Layout("it has a comment"));
    }
    let directory = directory(archive, record, tail_start + position as u64)?;
    let listed = bytes(archive, directory.start, directory.length)?;
    let mut members = members(&listed, directory.members)?;
    members.sort_unstable_by_key(|member| member.start);
    let mut end = 0;
    for member in &members {
        if member.start != end {
            return Err(Layout("bytes stand before or between its members"));
        }
        end = member_end(archive, member, &members, directory.start)?;
    }
    if end == directory.start {
        Ok(())
    } else {
        Err(Layout("bytes stand between its members and their directory"))
    }
}

/// Where the list of the members is.
struct CentralDirectory {
    start: u64,
    length: u64,
    members: u64,
}

/// Reads the end record, which is at `position`, and the one for large archives before it.
fn directory<R: Read + Seek>(
    archive: &mut R,
    record: &[u8],
    position: u64,
) -> Result<CentralDirectory, ZipLayoutError> {
    let locator_start = position.checked_sub(LOCATOR_LENGTH as u64);
    let locator = match locator_start {
        Some(start) => bytes(archive, start, LOCATOR_LENGTH as u64)?,
        None => Vec::new(),
    };
    let (directory, end) = match locator_start.filter(|_| locator.starts_with(LOCATOR)) {
        None => {
            let part = |at, width| number(record, at, width);
            (
                CentralDirectory { start: part(16, 4), length: part(12, 4), members: part(10, 2) },
                position,
            )
        }
        Some(locator_start) => {
            let start = number(&locator, 8, 8);
            if start.checked_add(WIDE_END_LENGTH as u64) != Some(locator_start) {
                return Err(Layout("its end records are not one behind the other"));
            }
            let wide = bytes(archive, start, WIDE_END_LENGTH as u64)?;
            if !wide.starts_with(WIDE_END) {
                return Err(Layout("its end records are not one behind the other"));
            }
            let part = |at| number(&wide, at, 8);
            (CentralDirectory { start: part(48), length: part(40), members: part(32) }, start)
        }
    };
    if directory.start.checked_add(directory.length) == Some(end) {
        Ok(directory)
    } else {
        Err(Layout("bytes stand before it, or behind its directory"))
    }
}

struct ListedMember {
    start: u64,
    packed: u64,
    has_descriptor: bool,
}

fn members(mut listed: &[u8], count: u64) -> Result<Vec<ListedMember>, ZipLayoutError> {
    let mut members = Vec::new();
    while !listed.is_empty() {
        if listed.len() < ENTRY_LENGTH || !listed.starts_with(ENTRY) {
            return Err(Layout("its directory holds something else than members"));
        }
        let length = |at| number(listed, at, 2) as usize;
        let extra_start = ENTRY_LENGTH + length(28);
        let extra_end = extra_start + length(30);
        let end = extra_end + length(32);
        if listed.len() < end {
            return Err(Layout("its directory ends within a member"));
        }
        let extra = &listed[extra_start..extra_end];
        let flags = number(listed, 8, 2);
        if field(extra, NAME_FIELD).is_some() {
            return Err(Layout("a member has two names"));
        }
        // Bit 11: the name is UTF-8. Without it readers differ in what they make of it.
        if flags & (1 << 11) == 0 && !listed[ENTRY_LENGTH..extra_start].is_ascii() {
            return Err(Layout("a member's name is in an unknown encoding"));
        }
        let wide = Wide { extra: field(extra, WIDE_FIELD).unwrap_or_default() };
        let [_, packed, start] = wide.read([24, 20, 42].map(|at| number(listed, at, 4)))?;
        members.push(ListedMember { start, packed, has_descriptor: flags & (1 << 3) != 0 });
        listed = &listed[end..];
    }
    if members.len() as u64 == count {
        Ok(members)
    } else {
        Err(Layout("its directory has another number of members than it states"))
    }
}

/// The field that holds the numbers of a member that do not fit into 32 bits.
struct Wide<'e> {
    extra: &'e [u8],
}

impl Wide<'_> {
    fn read(self, numbers: [u64; 3]) -> Result<[u64; 3], ZipLayoutError> {
        let mut rest = self.extra;
        let mut read = numbers;
        for number in read.iter_mut().filter(|number| **number == u64::from(u32::MAX)) {
            let Some((first, others)) = rest.split_first_chunk::<8>() else {
                return Err(Layout("a member's size is missing"));
            };
            *number = u64::from_le_bytes(*first);
            rest = others;
        }
        Ok(read)
    }
}

/// Where a member ends: before the next one or the directory, at most a descriptor behind its bytes.
fn member_end<R: Read + Seek>(
    archive: &mut R,
    member: &ListedMember,
    members: &[ListedMember],
    directory: u64,
) -> Result<u64, ZipLayoutError> {
    let header = bytes(archive, member.start, LOCAL_LENGTH as u64)?;
    if !header.starts_with(LOCAL) {
        return Err(Layout("a member is not where its directory says"));
    }
    let length = LOCAL_LENGTH as u64 + number(&header, 26, 2) + number(&header, 28, 2);
    let end = member.start.checked_add(length).and_then(|start| start.checked_add(member.packed));
    let end =
        end.filter(|end| *end <= directory).ok_or(Layout("a member ends in its directory"))?;
    if !member.has_descriptor {
        return Ok(end);
    }
    let next = members.partition_point(|other| other.start <= member.start);
    let next = members.get(next).map_or(directory, |next| next.start);
    let gap = next.checked_sub(end).ok_or(Layout("two members overlap"))?;
    if DESCRIPTORS.contains(&gap) {
        Ok(next)
    } else {
        Err(Layout("bytes stand before or between its members"))
    }
}

/// The bytes of one extra field.
fn field(mut extra: &[u8], wanted: usize) -> Option<&[u8]> {
    while extra.len() >= 4 {
        let length = number(extra, 2, 2) as usize;
        let (field, rest) = extra[4..].split_at_checked(length)?;
        if number(extra, 0, 2) as usize == wanted {
            return Some(field);
        }
        extra = rest;
    }
    None
}

fn bytes<R: Read + Seek>(archive: &mut R, start: u64, length: u64) -> io::Result<Vec<u8>> {
    archive.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    archive.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The little-endian number of so many bytes at an offset; those that are missing count as none.
fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    let digits = bytes.iter().skip(at).take(width).rev();
    digits.fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn archive(comment: &str) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, large) in [("a", false), ("b/é", false), ("c", true)] {
            let options = SimpleFileOptions::default().large_file(large);
            zip.start_file(name, options).unwrap();
            zip.write_all(b"some text, some text").unwrap();
        }
        zip.set_comment(comment).unwrap();
        zip.finish().unwrap().into_inner()
    }

    fn check(bytes: &[u8], comment: bool) -> Result<(), String> {
        check_zip(&mut Cursor::new(bytes), comment).map_err(|error| error.to_string())
    }

    #[test]
    fn archives_as_they_should_be() {
        assert_eq!(check(&archive(""), false), Ok(()));
        assert_eq!(check(&archive("0f3c"), true), Ok(()));
        let empty = ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap().into_inner();
        assert_eq!(check(&empty, false), Ok(()));
    }

    #[test]
    fn bytes_of_no_member_are_refused() {
        let plain = archive("");
        let end = plain.len() - END_LENGTH;
        let directory = number(&plain[end..], 16, 4) as usize;
        let inserted =
            |at: usize| [&plain[..at], b"0123456789abcdefghijklmnopqrst", &plain[at..]].concat();
        for at in [0, directory, end, plain.len()] {
            assert!(check(&inserted(at), true).is_err(), "{at}");
        }
        assert!(check(&archive("0f3c"), false).is_err());
        // An end record in the comment.
        let record = String::from_utf8_lossy(&plain[end..end + 12]).into_owned();
        assert!(check(&archive(&record), true).is_err());
        assert!(check(b"", true).is_err() && check(b"PK\x05\x06", true).is_err());
    }

    #[test]
    fn a_second_archive_behind_the_first_is_refused() {
        let both = [archive(""), archive("")].concat();
        assert!(check(&both, true).is_err());
    }

    #[test]
    fn hidden_members_and_names_without_encoding_are_refused() {
        let plain = archive("");
        let last = plain.windows(4).rposition(|window| window == ENTRY).unwrap();
        let second = plain[..last].windows(4).rposition(|window| window == ENTRY).unwrap();
        // The mark of UTF-8, and where the member is.
        for (offset, value) in [(9, 0), (42, 1)] {
            let mut changed = plain.clone();
            changed[second + offset] = value;
            assert!(check(&changed, false).is_err(), "{offset}");
        }
    }
}
