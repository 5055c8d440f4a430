//! Finding the control file in a `.deb`.
//! Source: deb(5): an `ar` archive of `debian-binary`, `control.tar*` and `data.tar*`.

use std::io::{Read, Seek, SeekFrom};

/// More than any control archive has, packed and unpacked.
const ARCHIVE_LIMIT: u64 = 16 * 1024 * 1024;
const CONTROL_LIMIT: u64 = 1024 * 1024;

/// The control file, and when the package was made in seconds since 1970.
pub(crate) struct Control {
    pub(crate) text: String,
    pub(crate) time: u64,
}

/// A member of an `ar` archive.
struct Member {
    name: String,
    time: u64,
    size: u64,
}

/// Finds the control file of a package.
pub(crate) fn control(input: &mut (impl Read + Seek)) -> Result<Control, String> {
    let mut magic = [0; 8];
    input.read_exact(&mut magic).map_err(|_| "it is too short".to_owned())?;
    if &magic != b"!<arch>\n" {
        return Err("it is not an ar archive".to_owned());
    }
    let first = member(input)?;
    let mut version = String::new();
    if first.name != "debian-binary"
        || first.size > 64
        || input.take(first.size).read_to_string(&mut version).is_err()
        || !version.starts_with("2.")
    {
        return Err("it is not a Debian package of format 2".to_owned());
    }
    skip(input, first.size % 2)?;
    loop {
        let member = member(input)?;
        if let Some(packing) = member.name.strip_prefix("control.tar") {
            let bytes = unpack(packing, input.take(member.size.min(ARCHIVE_LIMIT)))?;
            return Ok(Control { text: find(&bytes)?, time: first.time });
        }
        // Members that begin with an underscore may stand before it.
        if !member.name.starts_with('_') {
            return Err("it has no control archive where it belongs".to_owned());
        }
        skip(input, member.size + member.size % 2)?;
    }
}

fn skip(input: &mut impl Seek, count: u64) -> Result<(), String> {
    let count = i64::try_from(count).map_err(|error| error.to_string())?;
    input.seek(SeekFrom::Current(count)).map(drop).map_err(|error| error.to_string())
}

fn member(input: &mut impl Read) -> Result<Member, String> {
    let mut header = [0; 60];
    input.read_exact(&mut header).map_err(|_| "it ends before its control archive".to_owned())?;
    let field = |from: usize, to: usize| String::from_utf8_lossy(&header[from..to]).into_owned();
    if &header[58..] != b"`\n" {
        return Err("a header of its ar archive is damaged".to_owned());
    }
    let size = field(48, 58);
    Ok(Member {
        name: field(0, 16).trim_end_matches(' ').trim_end_matches('/').to_owned(),
        time: field(16, 28).trim().parse().unwrap_or(0),
        size: size.trim().parse().map_err(|_| format!("a member has the size `{size}`"))?,
    })
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
