//! A wheel as an untrusted zip archive.
//!
//! Nothing is ever extracted: members are read one by one into memory. An archive that readers
//! could interpret in two ways is refused as a whole.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use zip::{CompressionMethod, ZipArchive};

use super::{SourceError, record};
use crate::{
    base::text::{escaped, member_name_problem},
    python::artifact::{ArchiveLimits, check_zip},
};

/// The ratio of members to the archive is unlimited up to this size.
const RATIO_FREE: u64 = 64 << 20;
/// The buffer size for members that are not kept, in bytes.
const PIECE: usize = 32 << 10;

/// A file in a wheel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelMember {
    /// The path in the archive, checked: relative, no `..`, nothing invisible.
    pub name: String,
    /// The uncompressed size in bytes.
    pub size: u64,
    /// Whether the archive marks it as executable by its owner.
    pub executable: bool,
    /// Seconds since 1970, if the archive states a time later than its format's first day.
    pub modified: Option<i64>,
    position: usize,
}

/// An open wheel with a checked directory.
pub(super) struct WheelArchive {
    file: String,
    zip: ZipArchive<BufReader<File>>,
    members: BTreeMap<String, WheelMember>,
    /// The sha256 of each member from `RECORD`, filled in by [`WheelArchive::attach`].
    record: record::RecordFile,
}

impl WheelArchive {
    /// Opens the archive at `path` and checks its directory.
    pub(super) fn open(path: &Path, limits: &ArchiveLimits) -> Result<Self, SourceError> {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let refuse = |problem: String| SourceError { file: file.clone(), problem };
        let handle = File::open(path).map_err(|e| refuse(format!("cannot be opened: {e}")))?;
        let archive_size =
            handle.metadata().map_err(|e| refuse(format!("cannot be read: {e}")))?.len();
        let mut reader = BufReader::with_capacity(32 << 10, handle);
        check_zip(&mut reader, false).map_err(|e| refuse(e.to_string()))?;
        let mut zip = ZipArchive::new(reader)
            .map_err(|e| refuse(format!("is not a readable zip archive: {e}")))?;
        zip.validate_header_consistency()
            .map_err(|e| refuse(format!("is an ambiguous archive: {e}")))?;
        let members = list_members(&mut zip, archive_size, limits).map_err(refuse)?;
        Ok(Self { file, zip, members, record: record::RecordFile::default() })
    }

    /// Returns the archive's file name, for messages.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Returns the members, sorted by name.
    pub(super) fn members(&self) -> impl Iterator<Item = &WheelMember> {
        self.members.values()
    }

    /// Returns the member of that name.
    pub(super) fn member(&self, name: &str) -> Option<&WheelMember> {
        self.members.get(name)
    }

    /// Sets the hashes that [`WheelArchive::read`] checks from now on.
    pub(super) fn attach(&mut self, record: record::RecordFile) {
        self.record = record;
    }

    /// Returns the bytes of a member, with verified length and, if `RECORD` is attached, hash.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, SourceError> {
        self.whole(name).map_err(|problem| self.refusal(name, &problem))
    }

    /// Verifies a member's length and hash, as [`WheelArchive::read`] does, without keeping its
    /// bytes; returns the first ones, enough for a script's first line.
    pub(super) fn verify(&mut self, name: &str) -> Result<Vec<u8>, SourceError> {
        self.beginning(name).map_err(|problem| self.refusal(name, &problem))
    }

    fn whole(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let (size, mut entry) = entry(&self.members, &mut self.zip, name)?;
        let mut bytes = Vec::with_capacity(size as usize);
        entry.read_to_end(&mut bytes).map_err(|e| format!("cannot be inflated: {e}"))?;
        drop(entry);
        check_size(bytes.len() as u64, size)?;
        self.record.verify(name, &bytes)?;
        Ok(bytes)
    }

    fn beginning(&mut self, name: &str) -> Result<Vec<u8>, String> {
        const KEPT: usize = 1024;
        let mut verifier = self.record.verifier(name);
        let (size, mut entry) = entry(&self.members, &mut self.zip, name)?;
        let mut beginning = Vec::new();
        let mut buffer = vec![0; PIECE];
        let mut length = 0;
        loop {
            let piece = match entry.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => &buffer[..count],
                Err(e) => return Err(format!("cannot be inflated: {e}")),
            };
            let missing = KEPT.saturating_sub(beginning.len()).min(piece.len());
            beginning.extend_from_slice(&piece[..missing]);
            verifier.add(piece);
            length += piece.len() as u64;
        }
        check_size(length, size)?;
        verifier.finish()?;
        Ok(beginning)
    }

    fn refusal(&self, name: &str, problem: &str) -> SourceError {
        SourceError { file: self.file.clone(), problem: format!("member `{name}` {problem}") }
    }

    /// Returns the text of a member that must be UTF-8.
    pub(super) fn read_text(&mut self, name: &str) -> Result<String, SourceError> {
        String::from_utf8(self.read(name)?).map_err(|_| SourceError {
            file: self.file.clone(),
            problem: format!("member `{name}` is not UTF-8 text"),
        })
    }
}

/// Returns a member's stated size, and a reader of its bytes that stops one byte behind it: a
/// longer stream is detected without inflating all of it.
fn entry<'a>(
    members: &BTreeMap<String, WheelMember>,
    zip: &'a mut ZipArchive<BufReader<File>>,
    name: &str,
) -> Result<(u64, impl Read + 'a), String> {
    let member = members.get(name).ok_or("is missing")?;
    let entry = zip.by_index(member.position).map_err(|e| format!("cannot be read: {e}"))?;
    Ok((member.size, entry.take(member.size + 1)))
}

fn check_size(length: u64, stated: u64) -> Result<(), String> {
    if length == stated {
        return Ok(());
    }
    Err("has another size than its archive states".to_owned())
}

fn list_members(
    zip: &mut ZipArchive<BufReader<File>>,
    archive_size: u64,
    limits: &ArchiveLimits,
) -> Result<BTreeMap<String, WheelMember>, String> {
    if zip.len() as u64 > limits.wheel_files {
        let (count, limit) = (zip.len(), limits.wheel_files);
        return Err(format!(
            "has {count} members, more than {limit}: see `wheel-files` in `[limits]`"
        ));
    }
    let mut members = BTreeMap::new();
    let mut total: u64 = 0;
    for position in 0..zip.len() {
        let entry = zip.by_index_data(position).map_err(|e| format!("cannot be read: {e}"))?;
        let name = std::str::from_utf8(entry.name_raw())
            .map_err(|_| "has a member whose name is not UTF-8".to_owned())?
            .to_owned();
        if let Some(problem) = member_name_problem(&name) {
            return Err(format!("member `{}` {problem}", escaped(&name)));
        }
        if entry.is_symlink() || entry.encrypted() || is_special(entry.unix_mode()) {
            return Err(format!("member `{name}` is encrypted or no plain file"));
        }
        if entry.is_dir() {
            continue;
        }
        if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(format!("member `{name}` uses a compression that wheels must not use"));
        }
        total = total.saturating_add(entry.size());
        let member = WheelMember {
            size: entry.size(),
            executable: entry.unix_mode().is_some_and(|mode| mode & 0o100 != 0),
            modified: entry.last_modified().and_then(seconds),
            position,
            name: name.clone(),
        };
        members.insert(name, member);
    }
    if total > limits.wheel {
        let limit = limits.wheel >> 20;
        return Err(format!(
            "would inflate to {total} bytes, more than {limit} MiB: see `wheel` in `[limits]`"
        ));
    }
    let ratio = limits.wheel_ratio;
    if total > RATIO_FREE && total > archive_size.saturating_mul(ratio) {
        return Err(format!(
            "would inflate to {total} bytes, more than {ratio} times its size: see `wheel-ratio` \
             in `[limits]`"
        ));
    }
    if let Some(name) = file_used_as_folder(&members) {
        return Err(format!("member `{name}` is a file and a folder"));
    }
    Ok(members)
}

fn is_special(mode: Option<u32>) -> bool {
    const FORMAT: u32 = 0o170_000;
    mode.is_some_and(|mode| !matches!(mode & FORMAT, 0 | 0o100_000 | 0o040_000))
}

/// Converts a zip time as if it were UTC; `None` for the format's first day, which writers use for
/// an unknown time.
fn seconds(time: zip::DateTime) -> Option<i64> {
    let date = jiff::civil::date(time.year() as i16, time.month() as i8, time.day() as i8).at(
        time.hour() as i8,
        time.minute() as i8,
        (time.second() as i8).min(59),
        0,
    );
    let seconds = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    (time.year() > 1980).then_some(seconds)
}

fn file_used_as_folder(members: &BTreeMap<String, WheelMember>) -> Option<&str> {
    let folders =
        members.keys().flat_map(|name| name.match_indices('/').map(|(end, _)| &name[..end]));
    folders.into_iter().find_map(|folder| members.get_key_value(folder).map(|(n, _)| n.as_str()))
}
