//! A file of a release as an index lists it.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use url::Url;

use super::{Hashes, ProjectName, WheelName, project_name};

/// The endings of sdists that an index may serve. PEP 625 leaves only `.tar.gz`; pip still
/// unpacks the others.
const SDIST_ENDINGS: [&str; 5] = [".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip"];

/// The longest file name that a file system takes, in bytes.
const NAME_LIMIT: usize = 255;

/// A parsed sdist file name. Source: PyPA source distribution format (PEP 625), and the older
/// forms that the index still serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdistName {
    pub project: ProjectName,
    pub version: Version,
}

impl SdistName {
    /// Parses `NAME-VERSION` and an ending such as `.tar.gz`.
    ///
    /// Old names have hyphens in either part. Where `project` is given, the version is what
    /// follows that name; else it is what follows the last hyphen.
    ///
    /// # Errors
    /// What is wrong with the name, also where it is another project's.
    pub fn parse(filename: &str, project: Option<&ProjectName>) -> Result<Self, FileNameError> {
        let fail = |reason: &str| FileNameError::new(filename, reason);
        check_file_name(filename)?;
        let stem = SDIST_ENDINGS
            .iter()
            .find_map(|ending| filename.strip_suffix(ending))
            .ok_or_else(|| fail("it ends neither as a wheel nor as an sdist"))?;
        let split = |at: usize| {
            let project = project_name(&stem[..at])?;
            Some(Self { project, version: Version::from_str(&stem[at + 1..]).ok()? })
        };
        let Some(expected) = project else {
            let at = stem.rfind('-').ok_or_else(|| fail("it has no hyphen before a version"))?;
            return split(at).ok_or_else(|| fail("its name or version is invalid"));
        };
        stem.match_indices('-')
            .filter_map(|(at, _)| split(at))
            .find(|name| name.project == *expected)
            .ok_or_else(|| fail(&format!("it does not name a version of `{expected}`")))
    }
}

/// What a release file is, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    Wheel(WheelName),
    Sdist(SdistName),
}

impl FileKind {
    /// Parses a wheel's or an sdist's name; see [`WheelName::parse`] and [`SdistName::parse`].
    ///
    /// # Errors
    /// What is wrong with the name, also where `project` is given and it is another project's.
    pub fn parse(filename: &str, project: Option<&ProjectName>) -> Result<Self, FileNameError> {
        if !filename.ends_with(".whl") {
            return SdistName::parse(filename, project).map(Self::Sdist);
        }
        let wheel = WheelName::parse(filename)?;
        match project {
            Some(expected) if wheel.project != *expected => {
                let reason = format!("it does not name a version of `{expected}`");
                Err(FileNameError::new(filename, &reason))
            }
            _ => Ok(Self::Wheel(wheel)),
        }
    }

    pub fn project(&self) -> &ProjectName {
        match self {
            Self::Wheel(name) => &name.project,
            Self::Sdist(name) => &name.project,
        }
    }

    pub fn version(&self) -> &Version {
        match self {
            Self::Wheel(name) => &name.version,
            Self::Sdist(name) => &name.version,
        }
    }

    /// The wheel's name, `None` for an sdist.
    pub fn wheel(&self) -> Option<&WheelName> {
        match self {
            Self::Wheel(name) => Some(name),
            Self::Sdist(_) => None,
        }
    }
}

/// A file of a release: its name, where it is, and what the index says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseFile {
    /// The file's name, without any folder.
    pub filename: String,
    /// `http`, `https` or `file`; without credentials and fragment.
    pub url: Url,
    pub kind: FileKind,
    pub hashes: Hashes,
    /// Size in bytes, where the index states it.
    pub size: Option<u64>,
    pub requires_python: Option<VersionSpecifiers>,
    /// The reason, possibly empty, where the file was yanked (PEP 592).
    pub yanked: Option<String>,
    /// PEP 658: whether the index serves the core metadata beside the file, and its hashes.
    pub metadata: Option<Hashes>,
    /// Seconds since 1970 (PEP 700).
    pub upload_time: Option<i64>,
}

impl ReleaseFile {
    /// A file of which no index says anything.
    pub fn new(filename: String, url: Url, kind: FileKind, hashes: Hashes) -> Self {
        Self {
            filename,
            url,
            kind,
            hashes,
            size: None,
            requires_python: None,
            yanked: None,
            metadata: None,
            upload_time: None,
        }
    }
}

/// Why a text is not a release file name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{filename}` is not a wheel or sdist name: {reason}")]
pub struct FileNameError {
    pub filename: String,
    pub reason: String,
}

impl FileNameError {
    pub(super) fn new(filename: &str, reason: &str) -> Self {
        Self { filename: filename.to_owned(), reason: reason.to_owned() }
    }
}

/// Refuses what is not a name of a release file: those are of letters, digits and `._+-!` (PEP 427,
/// PEP 440, PEP 625), also where a tag is one that no machine has. Recipes name the file.
pub(super) fn check_file_name(filename: &str) -> Result<(), FileNameError> {
    let refused = |c: char| !c.is_ascii_alphanumeric() && !"._+-!".contains(c);
    if filename.contains(refused) {
        return Err(FileNameError::new(filename, "it has a character that no file name may have"));
    }
    if filename.len() > NAME_LIMIT {
        return Err(FileNameError::new(filename, "it is too long"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_project_settles_hyphens() {
        let project = |name| ProjectName::from_str(name).unwrap();
        let parse = |file, name| FileKind::parse(file, Some(&project(name)));
        assert_eq!(parse("foo-2-2.tar.gz", "foo-2").unwrap().version().to_string(), "2");
        assert_eq!(parse("foo-2-2.tar.gz", "foo").unwrap().version().to_string(), "2.post2");
        assert_eq!(
            parse("python-dateutil-1.0.zip", "python_dateutil").unwrap().version().to_string(),
            "1.0"
        );
        assert!(parse("foo-1.0.tar.gz", "bar").is_err());
        assert!(parse("foo-1.0-py3-none-any.whl", "bar").is_err());
    }

    #[test]
    fn older_sdist_endings_are_read() {
        for ending in SDIST_ENDINGS {
            assert!(FileKind::parse(&format!("foo-1.0{ending}"), None).is_ok(), "{ending}");
        }
    }

    #[test]
    fn names_that_are_more_than_names_are_refused() {
        for name in [
            "../foo-1.0.tar.gz",
            "a/foo-1.0.tar.gz",
            "foo-1.0\n.tar.gz",
            "fo o-1.tar.gz",
            "foo-1.0-py3.$(id)-none-any.whl",
            "foo-1.0-1;id-py3-none-any.whl",
            "foo-1.0-py3-none-any.%(id).whl",
            "foo-1.0-py3-none.`id`-any.whl",
        ] {
            assert!(FileKind::parse(name, None).is_err(), "{name:?}");
        }
        let long = format!("{}-1.0.tar.gz", "a".repeat(300));
        assert!(FileKind::parse(&long, None).is_err());
    }
}
