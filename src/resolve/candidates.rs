//! The usable releases of one project, and the reasons against the others.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, btree_map::Entry},
    fmt,
};

use pep440_rs::{Version, VersionSpecifiers};

use super::{Environment, SourcePolicy, positions::Positions};
use crate::{
    index::ProjectFiles,
    python::{
        artifact::{FileKind, Hashes, ProjectName, ReleaseFile},
        metadata::{is_pinned, satisfies},
        requirements::RequirementOrigin,
    },
};

/// A release and the best of its files.
#[derive(Debug)]
pub(super) struct Candidate {
    pub version: Version,
    pub file: ReleaseFile,
}

/// Why a file or a release cannot be used; the most specific reason last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rejection {
    /// The policy requires the other kind of file.
    NoWheel,
    NoSdist,
    /// No wheel for the target, and no usable sdist.
    Tags,
    Hashes,
    /// A pre-release of a project that is restricted to final releases.
    NotFinal,
    /// Uploaded too late, or at an unknown time.
    TooNew(Option<i64>),
    /// The required Python, and the target's.
    Python(String),
    /// A constraint and its origin.
    Constraint(String, RequirementOrigin),
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWheel => f.write_str("has no wheel, and only wheels are allowed"),
            Self::NoSdist => f.write_str("has no sdist, and only sdists are allowed"),
            Self::Tags => f.write_str("has no wheel for the target and no sdist"),
            Self::Hashes => f.write_str("has no file with a matching hash"),
            Self::NotFinal => f.write_str("is a pre-release, and only final releases are allowed"),
            Self::TooNew(Some(time)) => {
                let time = jiff::Timestamp::from_second(*time).unwrap_or_default();
                write!(f, "was uploaded at {time}, and later files are excluded")
            }
            Self::TooNew(None) => f.write_str(
                "does not tell when it was uploaded, and files that are too new are excluded",
            ),
            Self::Python(pythons) => write!(f, "needs Python {pythons}"),
            Self::Constraint(text, origin) => {
                write!(f, "is excluded by the constraint `{text}` ({origin})")
            }
        }
    }
}

/// A constraint that restricts a project's versions.
#[derive(Debug)]
pub(super) struct Constraint {
    pub specifiers: VersionSpecifiers,
    pub text: String,
    pub origin: RequirementOrigin,
}

/// The restrictions on a project's files besides the target.
#[derive(Debug, Default)]
pub(super) struct Restriction {
    pub source: SourcePolicy,
    pub exclude_newer: Option<i64>,
    /// Whether pre-releases are excluded.
    pub only_final: bool,
    pub constraints: Vec<Constraint>,
    /// A file must have one of these hashes; empty: any file.
    pub hashes: Vec<Hashes>,
    /// Versions that a root or a constraint pins.
    pub pins: Vec<VersionSpecifiers>,
}

/// The releases of one project.
#[derive(Debug)]
pub(super) struct Candidates {
    pub project: ProjectName,
    /// Whether the index has the project.
    pub is_known: bool,
    /// Usable releases, oldest first.
    pub list: Vec<Candidate>,
    /// The others, oldest first.
    pub rejected: BTreeMap<Version, Rejection>,
    pins: Vec<VersionSpecifiers>,
}

/// The rank of a release's files: wheels by tag and build number, then sdists.
type FileRank = (bool, Option<usize>, Reverse<Option<(u64, String)>>, Reverse<bool>, String);

impl Candidates {
    /// Sorts the files on a project's page by release.
    pub(super) fn new(
        project: &ProjectName,
        page: Option<&ProjectFiles>,
        restriction: Restriction,
        environment: &Environment,
    ) -> Self {
        let mut best: BTreeMap<Version, (FileRank, &ReleaseFile)> = BTreeMap::new();
        let mut rejected: BTreeMap<Version, Rejection> = BTreeMap::new();
        for file in page.iter().flat_map(|page| &page.files) {
            let version = file.kind.version().clone();
            match check(file, &restriction, environment) {
                Err(rejection) => {
                    let known = rejected.entry(version).or_insert_with(|| rejection.clone());
                    *known = rejection.max(known.clone());
                }
                Ok(rank) => match best.entry(version) {
                    Entry::Vacant(entry) => {
                        entry.insert((rank, file));
                    }
                    Entry::Occupied(mut entry) if rank < entry.get().0 => {
                        entry.insert((rank, file));
                    }
                    Entry::Occupied(_) => {}
                },
            }
        }
        rejected.retain(|version, _| !best.contains_key(version));
        let list = best.into_iter();
        let list = list.map(|(version, (_, file))| Candidate { version, file: file.clone() });
        Self {
            project: project.clone(),
            is_known: page.is_some(),
            list: list.collect(),
            rejected,
            pins: restriction.pins,
        }
    }

    /// Returns the candidates that satisfy a requirement, as positions in `list`.
    pub(super) fn matching(&self, specifiers: &VersionSpecifiers) -> Positions {
        let is_pinned = |version: &Version| {
            is_pinned(specifiers) || self.pins.iter().any(|pin| satisfies(version, pin))
        };
        let fits = |candidate: &Candidate| {
            satisfies(&candidate.version, specifiers)
                && (candidate.file.yanked.is_none() || is_pinned(&candidate.version))
        };
        let fitting = self.list.iter().zip(0_u32..).filter(|(candidate, _)| fits(candidate));
        Positions::collect(fitting.map(|(_, position)| position))
    }

    /// Returns the candidates in a set with their positions, oldest first.
    pub(super) fn within<'a>(
        &'a self,
        set: &'a Positions,
    ) -> impl DoubleEndedIterator<Item = (u32, &'a Candidate)> {
        let positions = 0..self.list.len();
        positions.filter_map(|at| {
            let position = u32::try_from(at).ok()?;
            set.has(position).then(|| (position, &self.list[at]))
        })
    }

    /// Returns the candidate at a position that the solver chose.
    pub(super) fn at(&self, position: u32) -> Option<&Candidate> {
        self.list.get(usize::try_from(position).ok()?)
    }
}

/// Returns the rank of a file, or why it cannot be used.
fn check(
    file: &ReleaseFile,
    restriction: &Restriction,
    environment: &Environment,
) -> Result<FileRank, Rejection> {
    let version = file.kind.version();
    for constraint in &restriction.constraints {
        if !satisfies(version, &constraint.specifiers) {
            let (text, origin) = (constraint.text.clone(), constraint.origin.clone());
            return Err(Rejection::Constraint(text, origin));
        }
    }
    if let Some(python) = &file.requires_python
        && !satisfies(&environment.python, python)
    {
        let has = &environment.python;
        return Err(Rejection::Python(format!("{python} (the target has {has})")));
    }
    if restriction.only_final && version.any_prerelease() {
        return Err(Rejection::NotFinal);
    }
    if let Some(limit) = restriction.exclude_newer
        && file.upload_time.is_none_or(|time| time > limit)
    {
        return Err(Rejection::TooNew(file.upload_time));
    }
    let matches =
        |hashes: &Hashes| hashes.0.iter().any(|hash| file.hashes.0.get(hash.0) == Some(hash.1));
    if !restriction.hashes.is_empty() && !restriction.hashes.iter().any(matches) {
        return Err(Rejection::Hashes);
    }
    let is_yanked = file.yanked.is_some();
    match &file.kind {
        FileKind::Wheel(_) if restriction.source == SourcePolicy::Sdist => Err(Rejection::NoSdist),
        FileKind::Wheel(wheel) => {
            let rank = environment.tags.best(wheel).ok_or(Rejection::Tags)?;
            let build = Reverse(wheel.build.clone());
            Ok((is_yanked, Some(rank), build, Reverse(true), file.filename.clone()))
        }
        FileKind::Sdist(_) if restriction.source == SourcePolicy::Wheel => Err(Rejection::NoWheel),
        FileKind::Sdist(_) => {
            // PEP 625 allows one suffix; of several, it is the preferred one.
            let is_modern = file.filename.ends_with(".tar.gz");
            let last = Some(usize::MAX);
            Ok((is_yanked, last, Reverse(None), Reverse(is_modern), file.filename.clone()))
        }
    }
}
