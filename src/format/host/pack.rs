//! Packed metadata files.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

/// The most bytes that a metadata file may have when unpacked.
const LIMIT: u64 = 2 * 1024 * 1024 * 1024;

/// The kinds of packing, best first.
pub(crate) const ENDINGS: [&str; 4] = [".xz", ".zst", ".gz", ""];

/// Opens a file and unpacks it by the ending of `name`.
pub(crate) fn open(path: &Path, name: &str) -> io::Result<BufReader<Box<dyn Read>>> {
    let packed = BufReader::new(File::open(path)?);
    let plain: Box<dyn Read> = if name.ends_with(".gz") {
        Box::new(flate2::bufread::MultiGzDecoder::new(packed))
    } else if name.ends_with(".xz") {
        Box::new(liblzma::bufread::XzDecoder::new(packed))
    } else if name.ends_with(".zst") {
        Box::new(zstd::stream::read::Decoder::with_buffer(packed)?)
    } else {
        Box::new(packed)
    };
    Ok(BufReader::new(Box::new(plain.take(LIMIT))))
}
