//! Payload compressions and how each tool names them.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::Path,
    str::FromStr,
};

use flate2::{GzBuilder, bufread::MultiGzDecoder, write::GzEncoder};
use liblzma::{bufread::XzDecoder, stream::Stream, write::XzEncoder};

use super::BuildError;

/// An algorithm and its level, written `zstd:19`, `xz:2`, `gzip:9` or `none`; without a level, the one
/// that `docs/compression.md` chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    Zstd(u8),
    Xz(u8),
    Gzip(u8),
    None,
}

impl FromStr for Compression {
    type Err = BuildError;

    fn from_str(text: &str) -> Result<Self, BuildError> {
        let unknown = || BuildError::Compression { text: text.to_owned() };
        match text {
            "none" => return Ok(Self::None),
            "zstd" => return Ok(Self::Zstd(9)),
            "xz" => return Ok(Self::Xz(2)),
            "gzip" => return Ok(Self::Gzip(6)),
            _ => {}
        }
        let (algorithm, level) = text.split_once(':').ok_or_else(unknown)?;
        match (algorithm, level.parse().map_err(|_| unknown())?) {
            ("zstd", level @ 1..=22) => Ok(Self::Zstd(level)),
            ("xz", level @ 0..=9) => Ok(Self::Xz(level)),
            ("gzip", level @ 1..=9) => Ok(Self::Gzip(level)),
            _ => Err(unknown()),
        }
    }
}

impl Compression {
    /// As rpm's macro `_binary_payload` says it.
    pub(crate) fn rpm_macro(self) -> String {
        match self {
            Self::Zstd(level) => format!("w{level}.zstdio"),
            Self::Xz(level) => format!("w{level}.xzdio"),
            Self::Gzip(level) => format!("w{level}.gzdio"),
            Self::None => "w.ufdio".to_owned(),
        }
    }

    /// As the options of `dpkg-deb`.
    pub(crate) fn dpkg_options(self) -> Vec<String> {
        match self {
            Self::Zstd(level) => vec!["-Zzstd".to_owned(), format!("-z{level}")],
            Self::Xz(level) => vec!["-Zxz".to_owned(), format!("-z{level}")],
            Self::Gzip(level) => vec!["-Zgzip".to_owned(), format!("-z{level}")],
            Self::None => vec!["-Znone".to_owned()],
        }
    }

    /// What follows the name of a file that is compressed with it, such as `data.tar`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Zstd(_) => ".zst",
            Self::Xz(_) => ".xz",
            Self::Gzip(_) => ".gz",
            Self::None => "",
        }
    }

    /// How rpm's headers name the algorithm; the feature of rpm that reading it takes, and the
    /// version that brought it; and the level.
    pub(crate) fn rpm_compression(self) -> RpmCompression {
        let (name, feature, level) = match self {
            Self::Zstd(level) => ("zstd", Some(("PayloadIsZstd", "5.4.18-1")), level),
            Self::Xz(level) => ("xz", Some(("PayloadIsXz", "5.2-1")), level),
            Self::Gzip(level) => ("gzip", None, level),
            Self::None => {
                return RpmCompression { name: None, feature: None, level: String::new() };
            }
        };
        RpmCompression { name: Some(name), feature, level: level.to_string() }
    }

    /// A writer that compresses into `out`.
    pub(crate) fn encoder<W: Write>(self, out: W) -> io::Result<Encoder<W>> {
        Ok(match self {
            Self::Zstd(level) => {
                Encoder::Zstd(Box::new(zstd::Encoder::new(out, i32::from(level))?))
            }
            Self::Xz(level) => Encoder::Xz(XzEncoder::new(out, u32::from(level))),
            Self::Gzip(level) => Encoder::Gzip(gzip(out, level)),
            Self::None => Encoder::None(out),
        })
    }
}

/// The bytes, compressed as `compression` says.
///
/// # Errors
/// There is no such compression.
pub fn compressed(bytes: &[u8], compression: &str) -> io::Result<Vec<u8>> {
    let compression: Compression = compression.parse().map_err(io::Error::other)?;
    let mut encoder = compression.encoder(Vec::new())?;
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Writes what is at `from` to the new file `to`, compressed as `compression` says.
///
/// # Errors
/// There is no such compression, or a file cannot be read or written.
pub fn compress(from: &Path, to: &Path, compression: &str) -> Result<(), BuildError> {
    let compression: Compression = compression.parse()?;
    let mut input = File::open(from).map_err(BuildError::at("read", from))?;
    let mut write = || {
        let mut encoder = compression.encoder(BufWriter::new(File::create_new(to)?))?;
        io::copy(&mut input, &mut encoder)?;
        encoder.finish()?.into_inner().map_err(io::IntoInnerError::into_error).map(drop)
    };
    write().map_err(BuildError::at("write", to))
}

/// The most that a package file may unpack to, in bytes: so many times its own size, but at least and
/// at most so much.
const UNPACKED_TIMES: u64 = 20;
const UNPACKED_LIMITS: (u64, u64) = (4 << 30, 64 << 30);
/// The memory that unpacking may take, in bytes: what `xz -9` needs, and more.
const MEMORY_LIMIT: u64 = 128 << 20;

/// Writes the contents of a compressed file to the new file `to`; how it is compressed, it says
/// itself.
///
/// # Errors
/// It cannot be read, breaks off, or holds too much.
pub fn decompress(from: &Path, to: &Path) -> io::Result<()> {
    let file = File::open(from)?;
    let limit = file.metadata()?.len().saturating_mul(UNPACKED_TIMES);
    unpack(file, to, limit.clamp(UNPACKED_LIMITS.0, UNPACKED_LIMITS.1))
}

/// The same for at most `limit` bytes.
pub(crate) fn unpack(file: File, to: &Path, limit: u64) -> io::Result<()> {
    let mut input = BufReader::new(file);
    let start = input.fill_buf()?;
    let mut contents: Box<dyn Read> = match start {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::Decoder::with_buffer(input)?),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            let stream = Stream::new_stream_decoder(MEMORY_LIMIT, 0).map_err(io::Error::from)?;
            Box::new(XzDecoder::new_stream(input, stream))
        }
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(input)),
        _ => Box::new(input),
    };
    let mut out = BufWriter::new(File::create_new(to)?);
    let copied = io::copy(&mut contents.by_ref().take(limit + 1), &mut out)?;
    if copied > limit {
        return Err(io::Error::other("it unpacks to more than any package holds"));
    }
    out.flush()
}

/// What rpm's headers say of a compression.
pub(crate) struct RpmCompression {
    pub(crate) name: Option<&'static str>,
    pub(crate) feature: Option<(&'static str, &'static str)>,
    pub(crate) level: String,
}

/// `text` as `gzip -9n` compresses it: no name, no time.
pub(crate) fn gzipped(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = gzip(Vec::new(), 9);
    encoder.write_all(text)?;
    encoder.finish()
}

/// A gzip stream without a name, without a time, made on Unix.
pub(crate) fn gzip<W: Write>(out: W, level: u8) -> GzEncoder<W> {
    const UNIX: u8 = 3;
    GzBuilder::new().operating_system(UNIX).write(out, flate2::Compression::new(u32::from(level)))
}

/// Compresses what is written to it.
pub(crate) enum Encoder<W: Write> {
    Zstd(Box<zstd::Encoder<'static, W>>),
    Xz(XzEncoder<W>),
    Gzip(GzEncoder<W>),
    None(W),
}

impl<W: Write> Encoder<W> {
    /// Ends the stream and gives back what it was written to.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Zstd(encoder) => encoder.finish(),
            Self::Xz(encoder) => encoder.finish(),
            Self::Gzip(encoder) => encoder.finish(),
            Self::None(out) => Ok(out),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Zstd(encoder) => encoder.write(bytes),
            Self::Xz(encoder) => encoder.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::None(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.flush(),
            Self::Xz(encoder) => encoder.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::None(out) => out.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_read_and_named() {
        let cases = [
            ("zstd:19", "w19.zstdio", "-Zzstd -z19", ".zst"),
            ("xz:2", "w2.xzdio", "-Zxz -z2", ".xz"),
            ("gzip:9", "w9.gzdio", "-Zgzip -z9", ".gz"),
            ("zstd", "w9.zstdio", "-Zzstd -z9", ".zst"),
            ("xz", "w2.xzdio", "-Zxz -z2", ".xz"),
            ("gzip", "w6.gzdio", "-Zgzip -z6", ".gz"),
            ("none", "w.ufdio", "-Znone", ""),
        ];
        for (text, rpm, dpkg, suffix) in cases {
            let compression: Compression = text.parse().unwrap();
            assert_eq!(compression.rpm_macro(), rpm);
            assert_eq!(compression.dpkg_options().join(" "), dpkg);
            assert_eq!(compression.suffix(), suffix);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "zstd:", "zstd:0", "zstd:23", "xz:10", "gzip:-1", "bzip2:9", "none:1"] {
            let error = text.parse::<Compression>().unwrap_err();
            assert_eq!(error, BuildError::Compression { text: text.to_owned() });
        }
    }

    #[test]
    fn what_is_packed_is_unpacked_up_to_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, packed) = (folder.path().join("plain"), folder.path().join("packed"));
        for (at, compression) in ["zstd:9", "xz:2", "gzip:6", "none"].into_iter().enumerate() {
            std::fs::write(&plain, [7; 1000]).unwrap();
            let packed = packed.with_extension(at.to_string());
            compress(&plain, &packed, compression).unwrap();
            let out = |name: &str| folder.path().join(format!("{name}-{at}"));
            unpack(File::open(&packed).unwrap(), &out("just"), 1000).unwrap();
            decompress(&packed, &out("all")).unwrap();
            assert_eq!(std::fs::read(out("all")).unwrap(), [7; 1000], "{compression}");
            assert_eq!(
                std::fs::read(&packed).unwrap(),
                compressed(&[7; 1000], compression).unwrap()
            );
            let error = unpack(File::open(&packed).unwrap(), &out("less"), 999).unwrap_err();
            assert!(error.to_string().contains("more than any package"), "{compression}");
        }
    }

    #[test]
    fn gzip_holds_no_name_and_no_time() {
        let bytes = gzipped(b"text").unwrap();
        assert_eq!(bytes[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3]);
    }
}
