//! Choosing one release of every project that is needed.
//!
//! # Versions
//! The solver works on exact sets: a project's usable releases are numbered in ascending order,
//! and a requirement becomes the set of the numbers of those that satisfy it by PEP 440. So no
//! range arithmetic has to imitate the special rules of `<`, `>`, `==` and local versions; union,
//! intersection and complement are those of small integer ranges.
//!
//! # Pre-releases
//! A set holds pre-releases like any other. They matter for the order only: final releases are
//! tried first, unless `--pre` or a specifier that names a pre-release asks for them. So one is
//! taken where no final release fits, as `packaging`'s `filter` and pip do it.
//!
//! # Yanked releases
//! A set holds one only where the requirement itself, a root or a constraint pins exactly it
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

/// What releases must run on.
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

/// How to choose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResolveOptions {
    pub source: SourcePolicy,
    /// Wins over `source` and over `--no-binary` and `--only-binary` of files.
    pub project_sources: BTreeMap<ProjectName, SourcePolicy>,
    pub strategy: Strategy,
    /// Files that were uploaded later do not exist, nor do those of which the index does not tell:
    /// seconds since 1970.
    pub exclude_newer: Option<i64>,
    /// Whether only what is requested is taken, not what that requires.
    pub no_deps: bool,
    /// Projects that are left out, whatever requires them.
    pub excluded: BTreeSet<ProjectName>,
    /// Releases to take where they fit, such as those of an earlier lock.
    pub preferred: BTreeMap<ProjectName, Version>,
}

/// Which releases are best.
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
/// that fit together.
///
/// # Errors
/// Requirements that cannot be met together, with the reason in sentences; a project that the
/// index does not know; an sdist whose requirements are known only once it is built; an index that
/// cannot answer; a search that takes too long.
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
        // A release that was rejected may have asked for pre-releases that nothing else wants.
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

/// Searches until there is an answer.
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
