//! `collection.json`: what is in a collection, why, and what could not be made.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs, io,
    path::Path,
};

use pep440_rs::Version;
use serde::{Deserialize, Serialize};

use super::CollectionError;
use crate::{
    base::text::{OneLine, Paragraph, chain, serialised},
    distro::targets::Target,
    format::package::PackageEntry,
    plan::{Evr, Licence, SourceFile, relation::Relation},
    python::artifact::ProjectName,
};

/// The version of the manifest's schema.
pub const SCHEMA: u32 = 1;

/// The contents of a collection. The same packages give the same text: everything is sorted, and
/// there is neither a clock nor an absolute path in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CollectionManifest {
    pub schema: u32,
    /// The target's name.
    pub target: String,
    /// The package format's name.
    pub format: String,
    /// The interpreter's major and minor version: `3.13`.
    pub python: String,
    /// The newest build of each package, sorted by name.
    pub packages: Vec<PackageRecord>,
    /// What the last run left to the distribution, sorted by project.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distribution: Vec<DistributionRecord>,
    /// What the last run could not make, sorted by project.
    pub failures: Vec<FailureRecord>,
}

/// One package of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackageRecord {
    /// The native package name.
    pub package: String,
    pub evr: Evr,
    /// As the package file states it: `noarch`, `amd64`.
    pub architecture: String,
    /// Relative to the collection's folder.
    pub file: String,
    /// In bytes.
    pub size: u64,
    pub sha256: String,
    pub project: ProjectName,
    /// The project's version.
    pub release: Version,
    pub source: SourceFile,
    pub licence: Licence,
    pub why: Why,
    pub relations: Vec<Relation>,
    /// What the project declares for others to find.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entry_points: Vec<OneLine>,
    /// The recipe's folder, relative to the collection's.
    pub recipe: String,
}

impl PackageRecord {
    /// The file's name, without any folder.
    pub(super) fn file_name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or_default()
    }

    /// Says of the file what is so now: a signature changes it, and it may be moved.
    pub(super) fn update(&mut self, entry: &PackageEntry) {
        self.file = entry.place();
        self.size = entry.size;
        self.sha256.clone_from(&entry.sha256);
    }
}

/// A project that the distribution has, so that it is required and not built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DistributionRecord {
    pub project: ProjectName,
    /// The distribution's package.
    pub package: String,
    /// Its version; empty if unknown.
    pub version: String,
    /// Where that was read, or who decided.
    pub reason: OneLine,
}

impl fmt::Display for DistributionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the distribution's {}", self.package)?;
        if self.version.is_empty() { Ok(()) } else { write!(f, " {}", self.version) }
    }
}

/// Why a project is in a collection: it was requested, or other projects require it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Why {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requested: Vec<RootRequest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_by: Vec<ProjectName>,
}

/// A requirement that the user wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RootRequest {
    /// As it was written.
    pub requirement: OneLine,
    /// Where: `command line`, `requirements.txt:3`.
    pub origin: OneLine,
}

/// A project that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FailureRecord {
    pub project: ProjectName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Version>,
    pub stage: Stage,
    pub cause: Paragraph,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Paragraph>,
}

impl FailureRecord {
    /// What failed, with all its causes.
    pub fn new(
        project: &ProjectName,
        release: &Version,
        stage: Stage,
        error: &dyn std::error::Error,
    ) -> Self {
        Self {
            project: project.clone(),
            release: Some(release.clone()),
            stage,
            cause: Paragraph::new(&chain(error)),
            hint: None,
        }
    }

    /// What failed before a release of the project was chosen.
    pub fn of_project(project: &ProjectName, stage: Stage, error: &dyn std::error::Error) -> Self {
        let cause = Paragraph::new(&chain(error));
        Self { project: project.clone(), release: None, stage, cause, hint: None }
    }

    /// The same with a remedy.
    #[must_use]
    pub fn with_hint(self, hint: Option<&str>) -> Self {
        Self { hint: hint.map(Paragraph::new), ..self }
    }

    /// What to do about several failures, each remedy once.
    pub fn hints(failures: &[Self]) -> Option<String> {
        let hints = failures.iter().filter_map(|failure| failure.hint.as_ref());
        let hints: BTreeSet<&str> = hints.map(Paragraph::as_str).collect();
        let hints = hints.into_iter().collect::<Vec<_>>().join("\n      ");
        (!hints.is_empty()).then_some(hints)
    }
}

/// The stage at which a project failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    Resolve,
    Fetch,
    Inspect,
    Plan,
    Compile,
    Render,
    Build,
    Collect,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolve",
            Self::Fetch => "fetch",
            Self::Inspect => "inspect",
            Self::Plan => "plan",
            Self::Compile => "compile",
            Self::Render => "render",
            Self::Build => "build",
            Self::Collect => "collect",
        })
    }
}

impl CollectionManifest {
    /// The manifest of an empty collection for `target`.
    pub fn new(target: &Target) -> Self {
        let (major, minor) = target.python.version;
        Self {
            format: target.format.clone(),
            python: format!("{major}.{minor}"),
            ..Self::bare(&target.name)
        }
    }

    /// What stands for a manifest where a folder has none.
    pub(super) fn bare(suite: &str) -> Self {
        Self {
            schema: SCHEMA,
            target: suite.to_owned(),
            format: String::new(),
            python: String::new(),
            packages: Vec::new(),
            distribution: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Reads a manifest; `None` where there is no file.
    ///
    /// # Errors
    /// The file cannot be read, or is not a manifest of this schema.
    pub fn read(path: &Path) -> Result<Option<Self>, CollectionError> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(CollectionError::at("read", path)(error)),
        };
        let refuse = |reason| CollectionError::Manifest { path: path.to_owned(), reason };
        let Versioned { schema } =
            serde_json::from_slice(&text).map_err(|error| refuse(error.to_string()))?;
        if schema != SCHEMA {
            return Err(refuse(format!("its schema is {schema}, not {SCHEMA}")));
        }
        serde_json::from_slice(&text).map(Some).map_err(|error| refuse(error.to_string()))
    }

    /// The manifest as it is written: pretty JSON with a line feed at its end.
    pub fn to_json(&self) -> String {
        // Nothing in a manifest can fail to serialise: all map keys are texts.
        let mut text = serialised::pretty_json(self);
        text.push('\n');
        text
    }

    /// The target and its Python, for messages.
    pub(super) fn platform(&self) -> String {
        format!("`{}` with Python {}", self.target, self.python)
    }

    /// Replaces the records of packages that were built anew, and the failures.
    pub(super) fn merge(
        &mut self,
        built: Vec<PackageRecord>,
        mut failures: Vec<FailureRecord>,
        distribution: Vec<DistributionRecord>,
    ) {
        self.distribution = distribution;
        let mut packages: BTreeMap<String, PackageRecord> =
            std::mem::take(&mut self.packages).into_iter().map(named).collect();
        packages.extend(built.into_iter().map(named));
        self.packages = packages.into_values().collect();
        failures.sort_by(|a, b| (&a.project, a.stage).cmp(&(&b.project, b.stage)));
        self.failures = failures;
    }
}

/// What every version of the schema has.
#[derive(Deserialize)]
struct Versioned {
    schema: u32,
}

/// A record under its package's name, with the lists in it sorted.
fn named(mut record: PackageRecord) -> (String, PackageRecord) {
    record.why.requested.sort();
    record.why.required_by.sort();
    (record.package.clone(), record)
}
