//! Choosing one release of every required project.
//!
//! # Versions
//! The solver works on exact sets: a project's usable releases are numbered in ascending order,
//! and a requirement becomes the set of the numbers of those that satisfy it by PEP 440. So no
//! range arithmetic has to imitate the special rules of `<`, `>`, `==` and local versions; union,
//! intersection and complement are those of small integer ranges.
//!
//! # Pre-releases
//! A set contains pre-releases like any other. They only affect the order: final releases are
//! tried first, unless `--pre` or a specifier that names a pre-release requests them. So one is
//! used if no final release fits, as in `packaging`'s `filter` and pip.
//!
//! # Yanked releases
//! A set contains one only if the requirement itself, a root or a constraint pins exactly it
//! (PEP 592).

mod candidates;
mod error;
mod explain;
mod order;
mod outcome;
mod package;
mod positions;
mod prefetch;
mod provider;
mod releases;
mod take;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::MarkerEnvironment;
use pubgrub::PubGrubError;
use serde::Deserialize;

pub use self::{
    error::ResolveError,
    outcome::{Pin, RequiredBy, Resolution},
    take::take,
};
use self::{
    package::ResolverPackage,
    positions::PositionChoice,
    provider::{Provider, Stop},
    releases::ReleaseList,
};
use crate::{
    base::{
        report::{Event, Reporter},
        text::counted,
    },
    index::Index,
    python::{
        artifact::{ProjectName, Tags},
        requirements::Requirements,
    },
};

/// The environment that releases must run on.
#[derive(Debug, Clone)]
pub struct Environment {
    pub markers: MarkerEnvironment,
    pub tags: Tags,
    /// The full version, such as `3.11.2`.
    pub python: Version,
}

/// Which files of a release may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourcePolicy {
    /// A compatible wheel, or the sdist if there is none
    #[default]
    Auto,
    /// Wheels only
    Wheel,
    /// Sdists only
    Sdist,
}

/// Options of a resolution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResolveOptions {
    pub source: SourcePolicy,
    /// Takes precedence over `source` and over `--no-binary` and `--only-binary` of files.
    pub project_sources: BTreeMap<ProjectName, SourcePolicy>,
    pub strategy: Strategy,
    /// Files uploaded later are ignored, and so are those without an upload time: seconds since
    /// 1970.
    pub exclude_newer: Option<i64>,
    /// Whether dependencies are ignored.
    pub no_deps: bool,
    /// Projects to leave out, even if required.
    pub excluded: BTreeSet<ProjectName>,
    /// Releases to prefer, such as those of an earlier lock.
    pub preferred: BTreeMap<ProjectName, Version>,
}

/// Which releases are preferred.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The newest releases
    #[default]
    Highest,
    /// The oldest releases
    Lowest,
    /// The oldest releases of direct requirements, the newest of all others
    LowestDirect,
}

/// Chooses one release of every project that the requirements need on `environment`: the newest
/// compatible ones.
///
/// # Errors
/// Requirements that conflict, with an explanation; a project that the index does not have; an
/// sdist whose requirements are known only after a build; an index that fails; a search that
/// takes too long.
pub fn resolve(
    requirements: &Requirements,
    index: &dyn Index,
    environment: &Environment,
    options: &ResolveOptions,
    reporter: &dyn Reporter,
) -> Result<Resolution, ResolveError> {
    let releases = ReleaseList::new(requirements, index, environment, options);
    reporter.event(Event::Begin { phase: "resolve", total: 0 });
    prefetch::walk(&releases);
    let resolution = loop {
        let resolution = solve(&releases)?;
        // A rejected release may have requested pre-releases that no other requirement allows.
        if !releases.forget_stray_prereleases(&resolution) {
            break resolution;
        }
    };
    for warning in outcome::warnings(&releases, &resolution) {
        reporter.event(Event::Warning(&warning));
    }
    let line = format!("resolved {}", counted(resolution.pins.len(), "project"));
    reporter.event(Event::End { phase: "resolve", line: &line });
    Ok(resolution)
}

/// Searches until there is a solution or an error.
fn solve(releases: &ReleaseList<'_>) -> Result<Resolution, ResolveError> {
    let mut provider = Provider::new(releases);
    let solution = loop {
        match pubgrub::resolve(&provider, ResolverPackage::Root, PositionChoice::Release(0)) {
            Ok(solution) => break solution,
            Err(PubGrubError::NoSolution(tree)) => return Err(explain::explain(&provider, tree)),
            Err(
                PubGrubError::ErrorRetrievingDependencies { source, .. }
                | PubGrubError::ErrorChoosingVersion { source, .. }
                | PubGrubError::ErrorInShouldCancel(source),
            ) => match source {
                Stop::Restart(change) => provider.restart(change),
                Stop::Failed(error) => return Err(*error),
            },
        }
    };
    outcome::collect(releases, solution.into_iter())
}
