//! The core metadata inside wheels and sdists.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use liblzma::read::XzDecoder;
use zip::ZipArchive;

use super::IndexError;
use crate::{
    artifact::{FileKind, ReleaseFile, SdistName, project_name},
    metadata::CoreMetadata,
};

/// The largest metadata member read, in bytes.
const METADATA_LIMIT: u64 = 4 * 1024 * 1024;
/// How far an sdist is unpacked to find its metadata, in bytes.
const UNPACKED_LIMIT: u64 = 2 * 1024 * 1024 * 1024;

/// Times before 1990 stand for no time: zip archives know none before 1980.
const OLDEST: i64 = 631_152_000;

/// Parses a metadata text and checks that it is this file's.
///
/// # Errors
/// Text that cannot be read, or is another release's.
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

/// The text of `METADATA` or `PKG-INFO` of a local file; `None` where an sdist has none.
pub(super) fn metadata_text(
    path: &Path,
    file: &ReleaseFile,
) -> Result<Option<Vec<u8>>, IndexError> {
    let open = || File::open(path).map_err(|error| IndexError::local("open", path, error));
    match &file.kind {
        FileKind::Wheel(_) => wheel_metadata(open()?, file)
            .map(Some)
            .map_err(|error| IndexError::metadata(&file.filename, error)),
        FileKind::Sdist(name) => {
            { find_member(open()?, &file.filename, &|member| is_pkg_info(member, name)) }
                .map_err(|error| IndexError::metadata(&file.filename, error))
        }
    }
}

/// The text of the one `NAME-VERSION.dist-info/METADATA` of a wheel.
///
/// The error keeps what the reader answered, so that a reader of a part can say what it lacks.
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

/// Whether a member is `PROJECT-VERSION.dist-info/METADATA` of the file's project.
fn is_metadata_of(member: &str, file: &ReleaseFile) -> bool {
    let stem = member.strip_suffix(".dist-info/METADATA");
    stem.filter(|stem| !stem.contains('/'))
        .and_then(|stem| stem.split_once('-'))
        .and_then(|(name, _)| project_name(name))
        .is_some_and(|name| name == *file.kind.project())
}

/// A file in the folder of an sdist, such as `pyproject.toml`; `None` where there is none.
///
/// # Errors
/// An archive that cannot be read.
pub fn sdist_member(sdist: &Path, filename: &str, member: &str) -> io::Result<Option<Vec<u8>>> {
    let is_wanted = |path: &str| {
        let path = path.strip_prefix("./").unwrap_or(path);
        path.split_once('/').is_some_and(|(_, rest)| rest == member)
    };
    find_member(File::open(sdist)?, filename, &is_wanted)
}

/// The paths of all files in an sdist, in its order; none for a kind of archive that is not read.
///
/// # Errors
/// An archive that cannot be read.
pub fn sdist_members(sdist: &Path, filename: &str) -> io::Result<Vec<String>> {
    let members = RefCell::new(Vec::new());
    let note = |member: &str| {
        members.borrow_mut().push(member.strip_prefix("./").unwrap_or(member).to_owned());
        false
    };
    find_member(File::open(sdist)?, filename, &note)?;
    Ok(members.into_inner())
}

/// Whether an sdist has a file whose path is wanted.
///
/// # Errors
/// An archive that cannot be read.
pub fn sdist_has(
    sdist: &Path,
    filename: &str,
    is_wanted: &dyn Fn(&str) -> bool,
) -> io::Result<bool> {
    find_member(File::open(sdist)?, filename, is_wanted).map(|member| member.is_some())
}

/// When the newest file of an sdist was changed, in seconds since 1970; nothing where no file tells.
/// Archives that are made to be the same every time state the same old time in all of them.
///
/// # Errors
/// An archive that cannot be read.
pub fn sdist_time(sdist: &Path, filename: &str) -> io::Result<Option<i64>> {
    let newest = Cell::new(None);
    let note = |_: &str, time: Option<i64>| {
        newest.set(newest.get().max(time.filter(|time| *time >= OLDEST)));
        false
    };
    find(File::open(sdist)?, filename, &note)?;
    Ok(newest.get())
}

/// The first member of an sdist whose path is wanted.
fn find_member(
    sdist: File,
    filename: &str,
    is_wanted: &dyn Fn(&str) -> bool,
) -> io::Result<Option<Vec<u8>>> {
    find(sdist, filename, &|path, _| is_wanted(path))
}

/// The first member of an sdist that is wanted, by its path and its time.
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
        // No reader for bzip2 is linked: such a file is built like one without metadata.
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

/// Whether a member is `PROJECT-VERSION/PKG-INFO`.
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
