//! Core metadata and members of wheels and sdists.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::BTreeSet,
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use liblzma::read::XzDecoder;
use zip::ZipArchive;

use super::IndexError;
use crate::{
    base::text::{escaped, member_name_problem},
    python::{
        artifact::{FileKind, ReleaseFile, SdistName, check_zip, project_name},
        metadata::CoreMetadata,
    },
};

/// The largest metadata member read, in bytes.
const METADATA_LIMIT: u64 = 4 * 1024 * 1024;
/// The most bytes an sdist is unpacked to when a member is looked up.
const UNPACKED_LIMIT: u64 = 64 << 30;

/// Earlier times (before 1990) are placeholders: zip archives cannot state any before 1980.
const OLDEST: i64 = 631_152_000;

/// Parses core metadata and checks that they are this file's.
///
/// # Errors
/// The text cannot be parsed, or belongs to another release.
pub(super) fn parse_metadata(text: &[u8], file: &ReleaseFile) -> Result<CoreMetadata, IndexError> {
    let metadata =
        CoreMetadata::parse(text).map_err(|error| IndexError::metadata(&file.filename, error))?;
    let (project, version) = (file.kind.project(), file.kind.version());
    if metadata.name != *project || metadata.version != *version {
        let problem = format!("it is that of {} {}", metadata.name, metadata.version);
        return Err(IndexError::metadata(&file.filename, problem));
    }
    Ok(metadata)
}

/// Returns the text of `METADATA` or `PKG-INFO` in a local file; `None` if an sdist has none.
pub(super) fn metadata_text(
    path: &Path,
    file: &ReleaseFile,
) -> Result<Option<Vec<u8>>, IndexError> {
    let refuse = |error: io::Error| IndexError::metadata(&file.filename, error);
    let mut opened = File::open(path).map_err(|error| IndexError::local("open", path, error))?;
    match &file.kind {
        FileKind::Wheel(_) => {
            check_zip(&mut opened, false).map_err(io::Error::other).map_err(refuse)?;
            wheel_metadata(opened, file).map(Some).map_err(refuse)
        }
        FileKind::Sdist(name) => {
            // The builder applies the configured limit.
            check_sdist(path, &file.filename, UNPACKED_LIMIT).map_err(refuse)?;
            let is_wanted = |member: &str| is_pkg_info(member, name);
            find_member(opened, &file.filename, &is_wanted).map_err(refuse)
        }
    }
}

/// Returns the text of a wheel's only `NAME-VERSION.dist-info/METADATA`.
///
/// Errors of the reader are kept, so that a reader of partial content can report the missing part.
pub(super) fn wheel_metadata(wheel: impl Read + Seek, file: &ReleaseFile) -> io::Result<Vec<u8>> {
    let mut archive = ZipArchive::new(wheel).map_err(to_io)?;
    let members: Vec<String> = archive
        .file_names()
        .filter_map(Result::ok)
        .filter(|name| is_metadata_of(name, file))
        .map(Cow::into_owned)
        .collect();
    let [member] = members.as_slice() else {
        return Err(io::Error::other(format!("it has {} files `METADATA`", members.len())));
    };
    read_limited(archive.by_name(member).map_err(to_io)?)
}

/// Returns whether a member is `PROJECT-VERSION.dist-info/METADATA` of the file's project.
fn is_metadata_of(member: &str, file: &ReleaseFile) -> bool {
    let stem = member.strip_suffix(".dist-info/METADATA");
    stem.filter(|stem| !stem.contains('/'))
        .and_then(|stem| stem.split_once('-'))
        .and_then(|(name, _)| project_name(name))
        .is_some_and(|name| name == *file.kind.project())
}

/// Returns a file in an sdist's project folder, such as `pyproject.toml`; `None` if there is none.
///
/// # Errors
/// The archive cannot be read.
pub fn sdist_member(sdist: &Path, filename: &str, member: &str) -> io::Result<Option<Vec<u8>>> {
    let is_wanted = |path: &str| {
        let path = path.strip_prefix("./").unwrap_or(path);
        path.split_once('/').is_some_and(|(_, rest)| rest == member)
    };
    find_member(File::open(sdist)?, filename, &is_wanted)
}

/// Returns the paths of all files in an sdist, in archive order; none for an unsupported archive
/// format.
///
/// # Errors
/// The archive cannot be read.
pub fn sdist_members(sdist: &Path, filename: &str) -> io::Result<Vec<String>> {
    let members = RefCell::new(Vec::new());
    let note = |member: &str| {
        members.borrow_mut().push(member.strip_prefix("./").unwrap_or(member).to_owned());
        false
    };
    find_member(File::open(sdist)?, filename, &note)?;
    Ok(members.into_inner())
}

/// Returns whether an sdist has a file whose path matches `is_wanted`.
///
/// # Errors
/// The archive cannot be read.
pub fn sdist_has(
    sdist: &Path,
    filename: &str,
    is_wanted: &dyn Fn(&str) -> bool,
) -> io::Result<bool> {
    find_member(File::open(sdist)?, filename, is_wanted).map(|member| member.is_some())
}

/// Checks the names of all members of an sdist, and that a zip archive is unambiguous for every
/// reader. `limit` is the most bytes it may unpack to.
///
/// # Errors
/// The archive cannot be read or is ambiguous; a member has a forbidden name, occurs twice, or is a
/// device or a pipe.
pub fn check_sdist(sdist: &Path, filename: &str, limit: u64) -> io::Result<()> {
    let mut packed = io::BufReader::new(File::open(sdist)?);
    let mut names = MemberNames::default();
    if filename.ends_with(".zip") {
        check_zip(&mut packed, true).map_err(io::Error::other)?;
        let archive = ZipArchive::new(packed).map_err(to_io)?;
        if archive.decompressed_size().is_none_or(|size| size > u128::from(limit)) {
            return Err(too_large(limit));
        }
        for name in archive.file_names_raw() {
            names.add(name, !name.ends_with(b"/"))?;
        }
        return Ok(());
    }
    let unpacked: Box<dyn Read> = if filename.ends_with(".tar.xz") {
        Box::new(XzDecoder::new(packed))
    } else if filename.ends_with(".tar.bz2") {
        return Ok(());
    } else {
        Box::new(flate2::bufread::MultiGzDecoder::new(packed))
    };
    let mut unpacked = Counted { inner: unpacked, left: limit, is_spent: false };
    let checked = check_tar(&mut unpacked, &mut names);
    if unpacked.is_spent { Err(too_large(limit)) } else { checked }
}

/// Checks the members of a tar archive.
fn check_tar(unpacked: impl Read, names: &mut MemberNames) -> io::Result<()> {
    let mut archive = tar::Archive::new(unpacked);
    for entry in archive.entries()? {
        let entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            continue;
        }
        let name = entry.path_bytes();
        if kind.is_fifo() || kind.is_block_special() || kind.is_character_special() {
            let name = escaped(&String::from_utf8_lossy(&name));
            return Err(io::Error::other(format!("member `{name}` is a device or a pipe")));
        }
        names.add(&name, !kind.is_dir())?;
    }
    Ok(())
}

fn too_large(limit: u64) -> io::Error {
    let limit = limit >> 20;
    io::Error::other(format!("it unpacks to more than {limit} MiB: see `sdist` in `[limits]`"))
}

/// A reader that fails when more bytes are read than allowed.
struct Counted<R> {
    inner: R,
    left: u64,
    is_spent: bool,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => {
                self.is_spent = true;
                return Err(io::Error::other("there is more than is allowed"));
            }
        }
        Ok(count)
    }
}

/// The files that mark a folder as a project and identify it.
const PROJECT_FILES: [&str; 4] = ["PKG-INFO", "pyproject.toml", "setup.cfg", "setup.py"];

/// The member names of an archive seen so far.
#[derive(Default)]
struct MemberNames {
    files: BTreeSet<String>,
    /// The project's folder.
    project: Option<String>,
}

impl MemberNames {
    /// Returns the first project's folder if the file identifies a project in another folder.
    fn second_project(&mut self, name: &str) -> Option<String> {
        let (folder, _) = name.split_once('/').filter(|(_, file)| PROJECT_FILES.contains(file))?;
        let first = self.project.get_or_insert_with(|| folder.to_owned());
        (first != folder).then(|| first.clone())
    }

    fn add(&mut self, name: &[u8], is_file: bool) -> io::Result<()> {
        let name = String::from_utf8_lossy(name);
        let plain = name.strip_prefix("./").unwrap_or(&name);
        let refuse =
            |problem: &str| Err(io::Error::other(format!("member `{}` {problem}", escaped(&name))));
        match member_name_problem(plain) {
            // The archive's top folder.
            _ if matches!(&*name, "." | "./") => Ok(()),
            Some(problem) => refuse(problem),
            None if is_file && !self.files.insert(plain.to_owned()) => refuse("is there twice"),
            None => match self.second_project(plain).filter(|_| is_file) {
                Some(first) => refuse(&format!("is of a second project beside `{first}`")),
                None => Ok(()),
            },
        }
    }
}

/// Returns the modification time of an sdist's newest file in seconds since 1970; `None` if no file
/// states one. Reproducible archives state the same old time for all files.
///
/// # Errors
/// The archive cannot be read.
pub fn sdist_time(sdist: &Path, filename: &str) -> io::Result<Option<i64>> {
    let newest = Cell::new(None);
    let note = |_: &str, time: Option<i64>| {
        newest.set(newest.get().max(time.filter(|time| *time >= OLDEST)));
        false
    };
    find(File::open(sdist)?, filename, &note)?;
    Ok(newest.get())
}

/// Returns the first member of an sdist whose path matches.
fn find_member(
    sdist: File,
    filename: &str,
    is_wanted: &dyn Fn(&str) -> bool,
) -> io::Result<Option<Vec<u8>>> {
    find(sdist, filename, &|path, _| is_wanted(path))
}

/// Returns the first member of an sdist that matches by path and time.
fn find(
    sdist: File,
    filename: &str,
    is_wanted: &dyn Fn(&str, Option<i64>) -> bool,
) -> io::Result<Option<Vec<u8>>> {
    let packed = io::BufReader::new(sdist);
    if filename.ends_with(".zip") {
        return find_zipped(packed, is_wanted);
    }
    if filename.ends_with(".tar.xz") {
        return find_tarred(XzDecoder::new(packed), is_wanted);
    }
    if filename.ends_with(".tar.bz2") {
        // No bzip2 decoder is linked: such a file is built like one without metadata.
        return Ok(None);
    }
    find_tarred(flate2::bufread::MultiGzDecoder::new(packed), is_wanted)
}

fn find_tarred(
    unpacked: impl Read,
    is_wanted: &dyn Fn(&str, Option<i64>) -> bool,
) -> io::Result<Option<Vec<u8>>> {
    let mut archive = tar::Archive::new(unpacked.take(UNPACKED_LIMIT));
    for entry in archive.entries()? {
        let entry = entry?;
        let is_file = entry.header().entry_type().is_file();
        let time = entry.header().mtime().ok().and_then(|time| i64::try_from(time).ok());
        if is_file && is_wanted(&String::from_utf8_lossy(&entry.path_bytes()), time) {
            return read_limited(entry).map(Some);
        }
    }
    Ok(None)
}

fn find_zipped(
    packed: impl Read + Seek,
    is_wanted: &dyn Fn(&str, Option<i64>) -> bool,
) -> io::Result<Option<Vec<u8>>> {
    let mut archive = ZipArchive::new(packed).map_err(to_io)?;
    let member = archive
        .file_names()
        .filter_map(Result::ok)
        .find(|member| is_wanted(member, None))
        .map(Cow::into_owned);
    match member {
        Some(member) => read_limited(archive.by_name(&member).map_err(to_io)?).map(Some),
        None => Ok(None),
    }
}

/// Returns whether a member is `PROJECT-VERSION/PKG-INFO`.
fn is_pkg_info(member: &str, name: &SdistName) -> bool {
    let folder = member.strip_prefix("./").unwrap_or(member).strip_suffix("/PKG-INFO");
    folder.filter(|folder| !folder.contains('/')).is_some_and(|folder| {
        folder.rsplit_once('-').is_some_and(|(project, _)| {
            project_name(project).is_some_and(|project| project == name.project)
        }) || SdistName::parse(&format!("{folder}.tar.gz"), Some(&name.project)).is_ok()
    })
}

fn read_limited(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    reader.take(METADATA_LIMIT + 1).read_to_end(&mut text)?;
    if text.len() as u64 > METADATA_LIMIT {
        return Err(io::Error::other(format!("it is larger than {METADATA_LIMIT} bytes")));
    }
    Ok(text)
}

fn to_io(error: zip::result::ZipError) -> io::Error {
    match error {
        zip::result::ZipError::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}
