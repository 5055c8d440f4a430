//! Wheel file names. Source: PyPA binary distribution format.

use std::{fmt, str::FromStr};

use pep440_rs::Version;

use super::{FileNameError, ProjectName, Tag, project_name};

/// A compressed tag set may stand for many tags; more than this is not an honest name.
const TAG_LIMIT: usize = 10_000;

/// A parsed wheel file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelName {
    pub project: ProjectName,
    pub version: Version,
    /// The build tag: its leading number and the rest of its text.
    pub build: Option<(u64, String)>,
    /// All tags that the compressed tag set stands for, sorted.
    pub tags: Vec<Tag>,
}

impl WheelName {
    /// Parses `NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl`.
    ///
    /// # Errors
    /// What is wrong with the name. Names with letters outside ASCII are refused, since no
    /// project can be called so.
    pub fn parse(filename: &str) -> Result<Self, FileNameError> {
        let fail = |reason: &str| FileNameError::new(filename, reason);
        super::file::check_file_name(filename)?;
        let stem =
            filename.strip_suffix(".whl").ok_or_else(|| fail("it does not end with `.whl`"))?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, build, tags) = match parts[..] {
            [name, version, p, a, s] => (name, version, None, [p, a, s]),
            [name, version, build, p, a, s] => (name, version, Some(build), [p, a, s]),
            _ => return Err(fail("it has not five or six parts")),
        };
        if name.contains("__") {
            return Err(fail("the project's name is not escaped"));
        }
        Ok(Self {
            project: project_name(name).ok_or_else(|| fail("the project's name is invalid"))?,
            version: Version::from_str(version).map_err(|_| fail("the version is invalid"))?,
            build: build
                .map(|build| parse_build(build).ok_or_else(|| fail("the build tag is invalid")))
                .transpose()?,
            tags: expand(tags).map_err(fail)?,
        })
    }
}

impl fmt::Display for WheelName {
    /// The project and version, for messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.project, self.version)
    }
}

/// A build tag begins with a digit; its number sorts before its text.
fn parse_build(build: &str) -> Option<(u64, String)> {
    let end = build.find(|c: char| !c.is_ascii_digit()).unwrap_or(build.len());
    Some((build[..end].parse().ok()?, build[end..].to_owned()))
}

/// Every combination of the dotted parts of a compressed tag set.
fn expand(compressed: [&str; 3]) -> Result<Vec<Tag>, &'static str> {
    let lower = compressed.map(str::to_lowercase);
    let [python, abi, platform] = lower.each_ref().map(|set| set.split('.').collect::<Vec<_>>());
    if [&python, &abi, &platform].into_iter().flatten().any(|part| part.is_empty()) {
        return Err("a tag is empty");
    }
    if python.len() * abi.len() * platform.len() > TAG_LIMIT {
        return Err("it has too many tags");
    }
    let mut tags = Vec::with_capacity(python.len() * abi.len() * platform.len());
    for python in python {
        for abi in &abi {
            tags.extend(platform.iter().map(|platform| Tag::new(python, *abi, *platform)));
        }
    }
    tags.sort_unstable();
    tags.dedup();
    Ok(tags)
}
