//! The outer archive of a Debian package (deb(5), `ar.h`).

use std::io::{self, Read, Seek, SeekFrom, Write};

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER_END: &[u8] = b"`\n";

/// Writes an archive of these members, each owned by root, with mode 0644 and that time.
pub(crate) fn write(out: &mut impl Write, members: &[(&str, &[u8])], time: u32) -> io::Result<()> {
    out.write_all(MAGIC)?;
    for (name, bytes) in members {
        write!(out, "{name:<16}{time:<12}{:<6}{:<6}{:<8}{:<10}", 0, 0, "100644", bytes.len())?;
        out.write_all(HEADER_END)?;
        out.write_all(bytes)?;
        if bytes.len() % 2 == 1 {
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

/// A member's name, and where its bytes are in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArMember {
    pub(crate) name: String,
    /// In seconds since 1970; 0 if it states none.
    pub(crate) time: u64,
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

/// The members of an archive; the error says what is wrong with it.
pub(crate) fn list(archive: &mut (impl Read + Seek)) -> Result<Vec<ArMember>, String> {
    let end = archive.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
    let mut at = MAGIC.len() as u64;
    if read_at(archive, 0, MAGIC.len())? != MAGIC {
        return Err("it is not an ar archive".to_owned());
    }
    let mut members = Vec::new();
    while at < end {
        let header = read_at(archive, at, 60)?;
        let field = |from: usize, to: usize| {
            String::from_utf8_lossy(&header[from..to]).trim_end().to_owned()
        };
        let size: u64 =
            field(48, 58).parse().map_err(|_| format!("its member at byte {at} states no size"))?;
        if &header[58..] != HEADER_END || size > end - at - 60 {
            return Err(format!("its member at byte {at} is cut off"));
        }
        let time = field(16, 28).parse().unwrap_or(0);
        members.push(ArMember { name: field(0, 16), time, offset: at + 60, size });
        at += 60 + size + size % 2;
    }
    Ok(members)
}

fn read_at(archive: &mut (impl Read + Seek), at: u64, count: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; count];
    archive
        .seek(SeekFrom::Start(at))
        .and_then(|_| archive.read_exact(&mut bytes))
        .map_err(|error| format!("it cannot be read at byte {at}: {error}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn archive() -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, &[("debian-binary", b"2.0\n"), ("odd", b"abc"), ("last", b"de")], 1)
            .unwrap();
        bytes
    }

    #[test]
    fn members_are_found_again() {
        let bytes = archive();
        let members = list(&mut Cursor::new(&bytes)).unwrap();
        let found: Vec<(&str, &[u8])> = members
            .iter()
            .map(|m| (m.name.as_str(), &bytes[m.offset as usize..(m.offset + m.size) as usize]))
            .collect();
        assert_eq!(found, [("debian-binary", &b"2.0\n"[..]), ("odd", b"abc"), ("last", b"de")]);
    }

    #[test]
    fn a_cut_archive_is_noticed() {
        let bytes = archive();
        for length in [0, 7, 30, 70, bytes.len() - 1] {
            assert!(list(&mut Cursor::new(&bytes[..length])).is_err(), "{length}");
        }
    }
}
