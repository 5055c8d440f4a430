//! Library search paths of native code that name the loader's default folders: they are removed
//! from code that is built here.
//! Sources: System V ABI, chapter 5, "Dynamic Section"; ld.so(8); Fedora's check-rpaths.

use std::{
    fs::{self, File},
    io::{self, BufReader, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zip::{ZipArchive, ZipWriter};

use crate::base::files;

/// The loader's default folders. Source: ld.so(8); the multiarch folders of Debian's
/// libc6 (`/etc/ld.so.conf.d`).
const STANDARD: [&str; 4] = ["/usr/lib64", "/usr/lib", "/lib64", "/lib"];

/// Returns whether a folder is one of the loader's own, or one of Debian's for an architecture.
pub fn is_standard(folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    let is_multiarch = |inside: &str| !inside.contains('/') && inside.contains("-linux-gnu");
    STANDARD.contains(&folder)
        || ["/usr/lib/", "/lib/"]
            .iter()
            .any(|own| folder.strip_prefix(own).is_some_and(is_multiarch))
}

/// Returns the ELF file without default folders in its `DT_RPATH` and `DT_RUNPATH`; `None` if it
/// has none, or cannot be read.
pub(super) fn without_standard(bytes: &[u8]) -> Option<Vec<u8>> {
    let image = Image::of(bytes)?;
    let dynamic = image.dynamic()?;
    let strings = dynamic.iter().find(|entry| entry.tag == STRING_TABLE)?;
    let strings = image.offset_of(strings.value)?;
    let mut changed = bytes.to_vec();
    let mut dropped = Vec::new();
    for (position, entry) in dynamic.iter().enumerate() {
        if ![RPATH, RUNPATH].contains(&entry.tag) {
            continue;
        }
        let start = strings.checked_add(usize::try_from(entry.value).ok()?)?;
        let length = bytes.get(start..)?.iter().position(|byte| *byte == 0)?;
        let list = std::str::from_utf8(&bytes[start..start + length]).ok()?;
        let kept: Vec<&str> = list.split(':').filter(|folder| !is_standard(folder)).collect();
        let kept = kept.join(":");
        if kept.is_empty() {
            dropped.push(position);
        } else if kept.len() < length {
            let end = start + kept.len();
            changed[start..end].copy_from_slice(kept.as_bytes());
            changed[end..start + length].fill(0);
        }
    }
    image.drop_entries(&mut changed, &dynamic, &dropped);
    (changed != bytes).then_some(changed)
}

const STRING_TABLE: u64 = 5;
const RPATH: u64 = 15;
const RUNPATH: u64 = 29;

/// An entry of the dynamic section with its offset in the file.
struct DynamicEntry {
    tag: u64,
    value: u64,
    at: usize,
}

/// An ELF file, read in its own class and byte order.
struct Image<'b> {
    bytes: &'b [u8],
    is_64: bool,
    is_big: bool,
}

impl<'b> Image<'b> {
    fn of(bytes: &'b [u8]) -> Option<Self> {
        let is_elf = bytes.starts_with(b"\x7fELF");
        let (class, order) = (*bytes.get(4)?, *bytes.get(5)?);
        (is_elf && matches!((class, order), (1 | 2, 1 | 2))).then_some(Self {
            bytes,
            is_64: class == 2,
            is_big: order == 2,
        })
    }

    fn number(&self, at: usize, length: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(length)?)?;
        let add = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        Some(if self.is_big { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) })
    }

    fn word(&self) -> usize {
        if self.is_64 { 8 } else { 4 }
    }

    /// Returns the program headers: kind, offset, address and size in the file.
    fn segments(&self) -> Option<Vec<[u64; 4]>> {
        let (table, size, count) = if self.is_64 { (32, 54, 56) } else { (28, 42, 44) };
        let table = usize::try_from(self.number(table, self.word())?).ok()?;
        let (size, count) = (self.number(size, 2)? as usize, self.number(count, 2)? as usize);
        let places = if self.is_64 { [8, 16, 32] } else { [4, 8, 16] };
        let segment = |index: usize| {
            let start = table.checked_add(size.checked_mul(index)?)?;
            let [offset, address, length] =
                places.map(|place| self.number(start.checked_add(place)?, self.word()));
            Some([self.number(start, 4)?, offset?, address?, length?])
        };
        (0..count).map(segment).collect()
    }

    /// Returns the entries of the dynamic section, including the terminator.
    fn dynamic(&self) -> Option<Vec<DynamicEntry>> {
        const DYNAMIC: u64 = 2;
        let segments = self.segments()?;
        let [_, offset, _, length] = segments.into_iter().find(|[kind, ..]| *kind == DYNAMIC)?;
        let (start, word) = (usize::try_from(offset).ok()?, self.word());
        let count = usize::try_from(length).ok()? / (2 * word);
        let mut entries = Vec::new();
        for at in (0..count).map(|index| start.checked_add(2 * word * index)) {
            let at = at?;
            let (tag, value) = (self.number(at, word)?, self.number(at + word, word)?);
            entries.push(DynamicEntry { tag, value, at });
            if tag == 0 {
                break;
            }
        }
        Some(entries)
    }

    /// Returns the file offset of a loaded file's address.
    fn offset_of(&self, address: u64) -> Option<usize> {
        const LOAD: u64 = 1;
        self.segments()?.into_iter().find_map(|[kind, offset, start, length]| {
            let inside = address.checked_sub(start).filter(|inside| *inside < length)?;
            (kind == LOAD).then(|| usize::try_from(offset.checked_add(inside)?).ok())?
        })
    }

    /// Moves the entries after removed ones up; the end is filled with empty ones.
    fn drop_entries(&self, changed: &mut [u8], entries: &[DynamicEntry], dropped: &[usize]) {
        let size = 2 * self.word();
        let kept = entries.iter().enumerate().filter(|(position, _)| !dropped.contains(position));
        let kept: Vec<usize> = kept.map(|(_, entry)| entry.at).collect();
        for (position, entry) in entries.iter().enumerate() {
            match kept.get(position) {
                Some(from) => {
                    changed[entry.at..entry.at + size]
                        .copy_from_slice(&self.bytes[*from..*from + size]);
                }
                None => changed[entry.at..entry.at + size].fill(0),
            }
        }
    }
}

/// Rewrites a wheel without default folders in the native code of these members.
///
/// # Errors
/// The wheel cannot be read or written.
pub fn clean_wheel(path: &Path, members: &[&str]) -> io::Result<()> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
    let mut changed = Vec::new();
    for member in members {
        let mut bytes = Vec::new();
        io::copy(&mut archive.by_name(member)?, &mut bytes)?;
        if let Some(bytes) = without_standard(&bytes) {
            changed.push(((*member).to_owned(), bytes));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let is_record =
        |name: &str| name.ends_with(".dist-info/RECORD") && name.matches('/').count() == 1;
    let names: Vec<String> =
        archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    if let Some(record) = names.into_iter().find(|name| is_record(name)) {
        let text = io::read_to_string(archive.by_name(&record)?)?;
        changed.push((record, record_of(&text, &changed)?.into_bytes()));
    }
    let mut written = ZipWriter::new(io::Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index)?;
        let new = changed.iter().find(|(name, _)| name.as_bytes() == file.name_raw());
        match new {
            None => written.raw_copy_file(file)?,
            Some((name, bytes)) => {
                written.start_file(name.as_str(), file.options())?;
                written.write_all(bytes)?;
            }
        }
    }
    let bytes = written.finish()?.into_inner();
    fs::remove_file(path)?;
    files::write_file(path, &bytes).map_err(io::Error::other)
}

/// Returns a `RECORD` with the new hashes and sizes of some files.
fn record_of(text: &str, changed: &[(String, Vec<u8>)]) -> io::Result<String> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in reader.records() {
        let row = row?;
        match changed.iter().find(|(name, _)| Some(name.as_str()) == row.get(0)) {
            None => writer.write_record(&row)?,
            Some((name, bytes)) => {
                let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
                let (hash, size) = (format!("sha256={digest}"), bytes.len().to_string());
                writer.write_record([name.as_str(), &hash, &size])?;
            }
        }
    }
    let bytes = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::is_standard;

    #[test]
    fn the_loader_s_own_folders_are_standard() {
        for folder in ["/usr/lib64", "/usr/lib/", "/lib", "/usr/lib/x86_64-linux-gnu"] {
            assert!(is_standard(folder), "{folder}");
        }
        for folder in ["", "$ORIGIN", "/usr/lib/x", "/usr/local/lib", "/usr/lib/x-linux-gnu/y"] {
            assert!(!is_standard(folder), "{folder}");
        }
    }
}
