//! Finding the control file in a `.deb`.
//! Source: deb(5): an `ar` archive of `debian-binary`, `control.tar*` and `data.tar*`.

use std::io::{self, Read, Seek, SeekFrom};

use crate::format::deb::ar::{self, ArMember};

/// More than any control archive has, packed and unpacked.
const ARCHIVE_LIMIT: u64 = 16 * 1024 * 1024;
const CONTROL_LIMIT: u64 = 1024 * 1024;

/// The control file, and when the package was made in seconds since 1970.
pub(crate) struct Control {
    pub(crate) text: String,
    pub(crate) time: u64,
}

/// Finds the control file of a package.
pub(crate) fn control(input: &mut (impl Read + Seek)) -> Result<Control, String> {
    let members = ar::list(input)?;
    let Some((first, rest)) = members.split_first() else {
        return Err("it is an empty archive".to_owned());
    };
    let mut version = String::new();
    if name(first) != "debian-binary"
        || first.size > 64
        || bytes(input, first)?.read_to_string(&mut version).is_err()
        || !version.starts_with("2.")
    {
        return Err("it is not a Debian package of format 2".to_owned());
    }
    // Members that begin with an underscore may stand before it.
    let control = rest.iter().find(|member| !member.name.starts_with('_'));
    let control = control.ok_or("it ends before its control archive")?;
    let packing = name(control)
        .strip_prefix("control.tar")
        .ok_or("it has no control archive where it belongs")?;
    let archive = unpack(packing, bytes(input, control)?.take(ARCHIVE_LIMIT))?;
    Ok(Control { text: find(&archive)?, time: first.time })
}

/// Returns a member's name without the slash that GNU ar puts behind it.
fn name(member: &ArMember) -> &str {
    member.name.trim_end_matches('/')
}

/// Returns a reader of a member's bytes.
fn bytes<'i, I: Read + Seek>(
    input: &'i mut I,
    member: &ArMember,
) -> Result<io::Take<&'i mut I>, String> {
    input.seek(SeekFrom::Start(member.offset)).map_err(|error| error.to_string())?;
    Ok(input.take(member.size))
}

fn unpack(packing: &str, packed: impl Read) -> Result<Vec<u8>, String> {
    let mut reader: Box<dyn Read> = match packing {
        "" => Box::new(packed),
        ".gz" => Box::new(flate2::read::MultiGzDecoder::new(packed)),
        ".xz" => Box::new(liblzma::read::XzDecoder::new(packed)),
        ".zst" => {
            Box::new(zstd::stream::read::Decoder::new(packed).map_err(|error| error.to_string())?)
        }
        _ => return Err(format!("its control archive is packed as `{packing}`")),
    };
    let mut bytes = Vec::new();
    reader
        .by_ref()
        .take(ARCHIVE_LIMIT)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("its control archive cannot be unpacked: {error}"))?;
    Ok(bytes)
}

fn find(archive: &[u8]) -> Result<String, String> {
    let describe = |error: std::io::Error| format!("its control archive is damaged: {error}");
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries().map_err(describe)? {
        let entry = entry.map_err(describe)?;
        if matches!(&*entry.path_bytes(), b"./control" | b"control") {
            let mut text = Vec::new();
            entry.take(CONTROL_LIMIT).read_to_end(&mut text).map_err(describe)?;
            return Ok(String::from_utf8_lossy(&text).into_owned());
        }
    }
    Err("it has no control file".to_owned())
}
