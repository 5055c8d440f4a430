//! Lock files: releases and files that someone chose before. Nothing of them is resolved again.

mod graph;
mod pdm;
mod pinned;
mod pipfile;
mod poetry;
mod poetry_python;
mod pylock;
#[cfg(test)]
mod tests;
mod uv;

use std::path::{Path, PathBuf};

use pep440_rs::VersionSpecifiers;
use pep508_rs::MarkerTree;
use serde::{Serialize, Serializer};
use url::Url;

pub(super) use self::pinned::is_locked;
use super::{
    ExternalRequirement, Marker, RequirementsError, Written, document::InputDocument,
    project::SelectedParts,
};
use crate::python::{
    artifact::{ExtraName, Hashes, ProjectName, redacted},
    metadata::parse_marker,
};

/// The forms of lock files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockFormat {
    /// pylock.toml
    Pylock,
    /// uv.lock
    Uv,
    /// poetry.lock
    Poetry,
    /// pdm.lock
    Pdm,
    /// Pipfile.lock
    Pipfile,
    /// Requirements with exact versions and hashes
    Requirements,
}

impl LockFormat {
    /// The form of the lock file that is known by this name.
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let is_pylock = name.strip_prefix("pylock.").and_then(|rest| rest.strip_suffix("toml"));
        match name {
            "uv.lock" => Some(Self::Uv),
            "poetry.lock" => Some(Self::Poetry),
            "pdm.lock" => Some(Self::Pdm),
            "Pipfile.lock" => Some(Self::Pipfile),
            // `pylock.NAME.toml`, too: its name has no full stop.
            _ => is_pylock
                .filter(|rest| rest.is_empty() || rest.matches('.').count() == 1)
                .map(|_| Self::Pylock),
        }
    }
}

/// What a lock file says besides its packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LockFile {
    pub path: PathBuf,
    pub format: LockFormat,
    /// The extras that were requested, and [groups](crate::python::metadata::group_as_extra).
    #[serde(skip)]
    pub asked: Vec<ExtraName>,
    /// The Pythons that it is for.
    pub requires_python: Option<VersionSpecifiers>,
    /// The systems and Pythons that it is for; one of them must be the target. Empty: every one.
    #[serde(serialize_with = "markers")]
    pub environments: Vec<Marker>,
    /// What the lock was made for, where it tells; else every package counts as asked for.
    pub roots: Vec<Written>,
    /// What the project beside the lock requires: if that is not met, the lock is stale.
    #[serde(skip)]
    pub stated: Vec<Written>,
    /// Whether what the packages require was left out.
    pub no_deps: bool,
    /// Projects that were left out, whatever requires them.
    pub excluded: Vec<ProjectName>,
}

fn markers<S: Serializer>(markers: &[Marker], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(markers.iter().map(|marker| &marker.text))
}

/// A file of a locked release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LockedFile {
    pub filename: String,
    /// `None` where only the index can tell.
    #[serde(serialize_with = "shown_url")]
    pub url: Option<Url>,
    pub hashes: Hashes,
    /// In bytes.
    pub size: Option<u64>,
    /// Seconds since 1970.
    pub upload_time: Option<i64>,
}

fn shown_url<S: Serializer>(url: &Option<Url>, serializer: S) -> Result<S::Ok, S::Error> {
    url.as_ref().map(|url| redacted(url.as_str())).serialize(serializer)
}

/// What a lock file holds.
pub(super) struct LockReader {
    pub lock: LockFile,
    /// Packages, whose markers may hold or not.
    pub packages: Vec<Written>,
    /// What the system must provide.
    pub external: Vec<ExternalRequirement>,
    /// What was left out, a sentence each.
    pub notes: Vec<String>,
}

impl LockReader {
    /// A lock without packages.
    fn of(lock: LockFile) -> Self {
        Self { lock, packages: Vec::new(), external: Vec::new(), notes: Vec::new() }
    }
}

/// Reads a lock file of a known form.
pub(super) fn read(
    format: LockFormat,
    document: &InputDocument<'_>,
    wanted: &mut SelectedParts,
) -> Result<LockReader, RequirementsError> {
    match format {
        LockFormat::Pylock => pylock::read(document, wanted),
        LockFormat::Uv => uv::read(document, wanted),
        LockFormat::Poetry => poetry::read(document, wanted),
        LockFormat::Pdm => pdm::read(document, wanted),
        LockFormat::Pipfile => pipfile::read(document, wanted),
        LockFormat::Requirements => Ok(LockReader::of(LockFile::new(document.path, format))),
    }
}

impl LockFile {
    pub(super) fn new(path: &Path, format: LockFormat) -> Self {
        Self {
            path: path.to_owned(),
            format,
            asked: Vec::new(),
            requires_python: None,
            environments: Vec::new(),
            roots: Vec::new(),
            stated: Vec::new(),
            no_deps: false,
            excluded: Vec::new(),
        }
    }
}

impl InputDocument<'_> {
    /// A package's exact version.
    fn version(&self, at: usize, text: &str) -> Result<VersionSpecifiers, RequirementsError> {
        let version: pep440_rs::Version = text
            .parse()
            .map_err(|_| self.error(Some(at), format!("`{text}` is not a valid version")))?;
        Ok(VersionSpecifiers::from_iter([pep440_rs::VersionSpecifier::equals_version(version)]))
    }

    /// `sha256:…`.
    fn hash(&self, at: usize, text: &str) -> Result<Hashes, RequirementsError> {
        Hashes::parse(text).map_err(|error| self.error(Some(at), error.to_string()))
    }

    fn url(&self, at: usize, text: &str) -> Result<Url, RequirementsError> {
        Url::parse(text)
            .map_err(|_| self.error(Some(at), format!("`{}` is not a URL", redacted(text))))
    }

    /// The URL of a path that the file names.
    fn path_url(&self, at: usize, path: &str) -> Result<Url, RequirementsError> {
        let whole = crate::python::artifact::normalized(&self.folder.join(path));
        Url::from_file_path(whole)
            .map_err(|()| self.error(Some(at), format!("`{path}` is not a usable path")))
    }

    /// Seconds since 1970 of a date in TOML.
    fn time(&self, at: usize, text: &str) -> Result<i64, RequirementsError> {
        let time: jiff::Timestamp = text
            .parse()
            .map_err(|_| self.error(Some(at), format!("`{text}` is not a valid time")))?;
        Ok(time.as_second())
    }
}

/// The marker that holds for the Pythons that satisfy specifiers.
fn python_specifiers_marker(specifiers: &VersionSpecifiers) -> Result<MarkerTree, String> {
    let mut all = MarkerTree::TRUE;
    for specifier in specifiers.iter() {
        let (operator, version) = (specifier.operator(), specifier.version());
        let star = if operator.is_star() { ".*" } else { "" };
        let operator = operator.to_string();
        all.and(parse_marker(&format!("python_full_version {operator} '{version}{star}'"))?);
    }
    Ok(all)
}

/// The name of the file at the end of a URL.
fn last_part(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned()
}
