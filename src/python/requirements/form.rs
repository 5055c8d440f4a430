//! One requirement in the forms that pip takes: by name, a URL, a path, editable or not.

use std::path::Path;

use pep440_rs::VersionSpecifiers;
use pep508_rs::VersionOrUrl;
use url::Url;

use super::{DirectLocation, Marker, Written};
use crate::python::{
    artifact::{Direct, ExtraName, WheelName, normalized},
    metadata::{parse_marker, parse_requirement},
};

/// The schemes of what is taken for a URL.
const URL_SCHEMES: [&str; 4] = ["http", "https", "file", "ftp"];
const VERSION_CONTROL: [&str; 4] = ["git+", "hg+", "svn+", "bzr+"];

/// The endings of what is taken for an archive.
const ARCHIVE_ENDINGS: [&str; 12] = [
    ".zip",
    ".whl",
    ".tar.bz2",
    ".tbz",
    ".tar.gz",
    ".tgz",
    ".tar",
    ".tar.xz",
    ".txz",
    ".tlz",
    ".tar.lz",
    ".tar.lzma",
];

/// The endings of files that hold requirements, projects and locks.
const REQUIREMENTS_ENDINGS: [&str; 4] = [".txt", ".in", ".toml", ".lock"];

/// Whether an argument that should be a requirement is the path of a file of requirements: a file
/// that is there and no archive, or one that is called like such a file. Anybody may register a
/// project of that name.
pub(super) fn names_requirements_file(text: &str, folder: &Path) -> bool {
    let lower = text.to_ascii_lowercase();
    let ends = |endings: &[&str]| {
        endings.iter().any(|ending| lower.len() > ending.len() && lower.ends_with(ending))
    };
    let is_one_word = !is_url(text) && !text.contains(|c: char| c.is_whitespace() || c == '@');
    let is_file = || folder.join(text).metadata().is_ok_and(|found| !found.is_dir());
    (is_one_word && ends(&REQUIREMENTS_ENDINGS)) || (!ends(&ARCHIVE_ENDINGS) && is_file())
}

/// Reads the text of a requirement; paths are relative to `folder`. Hashes, origin and settings
/// are left for the caller.
///
/// # Errors
/// Why the text is not a requirement.
pub(super) fn parse(text: &str, folder: &Path) -> Result<Written, String> {
    let separator = if is_url(text) { "; " } else { ";" };
    let (head, marker) = match text.split_once(separator) {
        Some((head, marker)) => (head.trim(), parse_written_marker(marker)?),
        None => (text, None),
    };
    let written = if is_url(head) {
        at_url(head, folder)?
    } else if let Some(written) = at_path(head, folder)? {
        written
    } else if let Some((name, url)) = head.split_once('@').filter(|_| !head.starts_with('@')) {
        let url = url.trim();
        if url.is_empty() || url.contains(char::is_whitespace) {
            return Err("what follows `@` is not a URL".to_owned());
        }
        let named = by_name(name)?;
        let (direct, _) = Direct::parse(url, folder)?;
        Written { place: Some(DirectLocation { url: url.to_owned(), direct }), ..named }
    } else {
        by_name(head)?
    };
    Ok(Written { marker, ..written })
}

/// Reads what follows `-e`: a folder or a repository.
///
/// # Errors
/// As [`parse`], and what cannot be editable.
pub(super) fn parse_editable(text: &str, folder: &Path) -> Result<Written, String> {
    let (path, extras) = split_extras(text)?;
    let local = folder.join(path);
    let written = if local.is_dir() {
        at_place(&file_url(&local)?, folder)?
    } else if path.to_ascii_lowercase().starts_with("file:") {
        at_place(path, folder)?
    } else if is_version_control(text) {
        let written = at_place(text, folder)?;
        if written.name.is_none() {
            return Err("it does not tell the project's name: write `NAME @ URL`".to_owned());
        }
        written
    } else {
        return Err("it is neither a project's folder nor a repository".to_owned());
    };
    Ok(Written { extras, is_editable: true, ..written })
}

fn parse_written_marker(text: &str) -> Result<Option<Marker>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(Marker { text: text.to_owned(), tree: parse_marker(text)? }))
}

fn by_name(text: &str) -> Result<Written, String> {
    let requirement = parse_requirement(text).map_err(|error| error.problem)?;
    let specifiers = match requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => specifiers,
        _ => VersionSpecifiers::empty(),
    };
    Ok(Written {
        name: Some(requirement.name),
        extras: requirement.extras,
        specifiers,
        ..Written::default()
    })
}

/// What a URL names that is not a path, or is an archive's path.
fn at_url(url: &str, folder: &Path) -> Result<Written, String> {
    if url.contains(char::is_whitespace) {
        return Err("a URL has no blanks".to_owned());
    }
    at_place(url, folder)
}

/// The project that a place names by itself: by `#egg`, or as the name of a wheel.
fn at_place(url: &str, folder: &Path) -> Result<Written, String> {
    let (direct, egg) = Direct::parse(url, folder)?;
    let mut written = Written { name: egg, ..Written::default() };
    if let Some(filename) = direct.filename().filter(|name| name.ends_with(".whl")) {
        let wheel = WheelName::parse(&filename).map_err(|error| error.to_string())?;
        written.specifiers = format!("=={}", wheel.version).parse().unwrap_or_default();
        written.name = Some(wheel.project);
    }
    written.place = Some(DirectLocation { url: url.to_owned(), direct });
    Ok(written)
}

/// What a path names, where the text is one: a folder with a project, or an archive.
fn at_path(text: &str, folder: &Path) -> Result<Option<Written>, String> {
    let (path, extras) = split_extras(text)?;
    let local = folder.join(path);
    let looks_like_path = |text: &str| text.contains('/') || text.starts_with('.');
    if looks_like_path(text) && local.is_dir() {
        let is_project = ["pyproject.toml", "setup.py"].iter().any(|n| local.join(n).is_file());
        if !is_project {
            return Err("the folder has neither `pyproject.toml` nor `setup.py`".to_owned());
        }
    } else {
        let lower = path.to_ascii_lowercase();
        let is_archive = ARCHIVE_ENDINGS.iter().any(|ending| lower.ends_with(ending));
        let names_url = text.split_once('@').is_some_and(|(name, _)| !looks_like_path(name));
        if !is_archive || (names_url && !local.is_file()) {
            return Ok(None);
        }
    }
    Ok(Some(Written { extras, ..at_place(&file_url(&local)?, folder)? }))
}

fn file_url(path: &Path) -> Result<String, String> {
    let url = Url::from_file_path(normalized(path)).map_err(|()| "its path is not absolute")?;
    Ok(url.into())
}

/// Cuts `[a,b]` off the end of a path.
fn split_extras(text: &str) -> Result<(&str, Vec<ExtraName>), String> {
    let split = text.strip_suffix(']').and_then(|text| text.rsplit_once('['));
    match split.filter(|(path, list)| !path.is_empty() && !list.is_empty()) {
        Some((path, list)) => {
            let named = parse_requirement(&format!("placeholder[{list}]"));
            Ok((path, named.map_err(|error| error.problem)?.extras))
        }
        None => Ok((text, Vec::new())),
    }
}

fn is_url(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    is_version_control(text) || scheme.is_some_and(|scheme| URL_SCHEMES.contains(&scheme.as_str()))
}

/// `git+https:` and its like.
fn is_version_control(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    VERSION_CONTROL.iter().any(|prefix| {
        let scheme = lower.strip_prefix(prefix).and_then(|rest| rest.split_once(':'));
        scheme.is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()))
    })
}
