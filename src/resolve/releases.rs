//! The solver's knowledge: pages and metadata, each requested once.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    path::Path,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use pep440_rs::VersionSpecifiers;
use pep508_rs::VersionOrUrl;
use url::Url;

use super::{
    Environment, Pin, RequiredBy, Resolution, ResolveError, ResolveOptions, SourcePolicy, Strategy,
    candidates::{Candidate, Candidates, Constraint, Restriction},
    positions::Positions,
};
use crate::{
    index::{Index, IndexError},
    python::{
        artifact::{Direct, ExtraName, ProjectName, ReleaseFile},
        metadata::{
            CoreMetadata, Requirement, evaluate, is_pinned, names_prerelease,
            parse_published_requirement,
        },
        requirements::{Requirements, RootRequirement},
    },
};

/// Returns a requirement's specifiers; empty if it has a URL.
pub(super) fn specifiers(requirement: &Requirement) -> VersionSpecifiers {
    match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => specifiers.clone(),
        _ => VersionSpecifiers::empty(),
    }
}

/// The releases of all projects, read on demand.
pub(super) struct ReleaseList<'a> {
    pub requirements: &'a Requirements,
    pub index: &'a dyn Index,
    pub environment: &'a Environment,
    pub options: &'a ResolveOptions,
    /// The roots whose markers hold.
    pub roots: Vec<&'a RootRequirement>,
    /// The extras that roots request: part of every release of their project, since every
    /// resolution has them.
    root_extras: BTreeMap<ProjectName, Vec<ExtraName>>,
    candidates: RefCell<BTreeMap<ProjectName, Rc<Candidates>>>,
    /// By the file's address.
    metadata: RefCell<BTreeMap<Url, Result<Arc<CoreMetadata>, IndexError>>>,
    /// Projects for which a specifier names a pre-release.
    with_prereleases: RefCell<BTreeSet<ProjectName>>,
    /// Projects for which only rejected releases named a pre-release.
    without_prereleases: RefCell<BTreeSet<ProjectName>>,
    /// The time spent waiting for the index.
    waited: Cell<Duration>,
    started: Instant,
}

impl<'a> ReleaseList<'a> {
    pub(super) fn new(
        requirements: &'a Requirements,
        index: &'a dyn Index,
        environment: &'a Environment,
        options: &'a ResolveOptions,
    ) -> Self {
        let holds =
            |root: &&RootRequirement| evaluate(&root.requirement.marker, &environment.markers, &[]);
        let is_wanted =
            |root: &&RootRequirement| !options.excluded.contains(&root.requirement.name);
        let roots: Vec<_> = requirements.roots.iter().filter(is_wanted).filter(holds).collect();
        let mut root_extras: BTreeMap<ProjectName, Vec<ExtraName>> = BTreeMap::new();
        for RootRequirement { requirement, .. } in &roots {
            let extras = root_extras.entry(requirement.name.clone()).or_default();
            extras.extend(requirement.extras.iter().cloned());
            extras.sort();
            extras.dedup();
        }
        let releases = Self {
            requirements,
            index,
            environment,
            options,
            roots,
            root_extras,
            candidates: RefCell::default(),
            metadata: RefCell::default(),
            with_prereleases: RefCell::default(),
            without_prereleases: RefCell::default(),
            waited: Cell::default(),
            started: Instant::now(),
        };
        for root in
            requirements.constraints.iter().filter(holds).chain(releases.roots.iter().copied())
        {
            releases.note(&root.requirement);
        }
        releases
    }

    /// Returns the releases of a project.
    pub(super) fn candidates(&self, project: &ProjectName) -> Result<Rc<Candidates>, ResolveError> {
        if let Some(known) = self.candidates.borrow().get(project) {
            return Ok(Rc::clone(known));
        }
        let page = self.timed(|| self.index.project(project));
        let page = page.map_err(|error| ResolveError::Index {
            project: project.clone(),
            error: Box::new(error),
        })?;
        let restriction = self.restriction(project);
        let candidates =
            Rc::new(Candidates::new(project, page.as_deref(), restriction, self.environment));
        self.candidates.borrow_mut().insert(project.clone(), Rc::clone(&candidates));
        Ok(candidates)
    }

    /// Returns the metadata of a file.
    pub(super) fn metadata(&self, file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError> {
        if let Some(known) = self.metadata.borrow().get(&file.url) {
            return known.clone();
        }
        let answer = self.timed(|| self.index.metadata(file));
        self.metadata.borrow_mut().insert(file.url.clone(), answer.clone());
        answer
    }

    /// Returns why a file's metadata cannot be used; `None` if they can, or were not needed so far.
    pub(super) fn metadata_error(&self, file: &ReleaseFile) -> Option<IndexError> {
        match self.metadata.borrow().get(&file.url) {
            Some(Err(error @ IndexError::Metadata { .. })) => Some(error.clone()),
            _ => None,
        }
    }

    /// Returns the candidates that satisfy a requirement.
    pub(super) fn matching(&self, requirement: &Requirement) -> Result<Positions, ResolveError> {
        Ok(self.candidates(&requirement.name)?.matching(&specifiers(requirement)))
    }

    /// Records a requirement that holds, since it may allow pre-releases.
    pub(super) fn note(&self, requirement: &Requirement) {
        let is_stray = self.without_prereleases.borrow().contains(&requirement.name);
        if !is_stray && names_prerelease(&specifiers(requirement)) {
            self.with_prereleases.borrow_mut().insert(requirement.name.clone());
        }
    }

    /// Discards the pre-releases that were allowed although no requirement of the resolution names
    /// one; returns whether there were any, so that a new search is due.
    pub(super) fn forget_stray_prereleases(&self, resolution: &Resolution) -> bool {
        let names = |requirement: &str| {
            parse_published_requirement(requirement)
                .is_ok_and(|requirement| names_prerelease(&specifiers(&requirement)))
        };
        let is_stray = |pin: &&Pin| {
            pin.version.any_prerelease()
                && self.with_prereleases.borrow().contains(&pin.project)
                && !pin.required_by.iter().any(|reason| match reason {
                    RequiredBy::Root { requirement, .. }
                    | RequiredBy::Project { requirement, .. } => names(requirement),
                })
        };
        let constrained = |pin: &&Pin| {
            let mut constraints = self.requirements.constraints.iter().map(|c| &c.requirement);
            constraints.any(|c| c.name == pin.project && names_prerelease(&specifiers(c)))
        };
        let stray: Vec<&Pin> =
            resolution.pins.values().filter(is_stray).filter(|pin| !constrained(pin)).collect();
        for pin in &stray {
            self.with_prereleases.borrow_mut().remove(&pin.project);
            self.without_prereleases.borrow_mut().insert(pin.project.clone());
        }
        !stray.is_empty()
    }

    /// Returns whether pre-releases of a project rank like final releases.
    pub(super) fn takes_prereleases(&self, project: &ProjectName) -> bool {
        self.requirements.options.all_releases.covers(project)
            || self.with_prereleases.borrow().contains(project)
    }

    /// Returns the best candidate of a set.
    pub(super) fn best<'c>(
        &self,
        candidates: &'c Candidates,
        set: &'c Positions,
    ) -> Option<(u32, &'c Candidate)> {
        self.ordered(candidates, set).into_iter().next()
    }

    /// Returns the candidates of a set, best first: preferred ones, final releases, and in the
    /// order of the strategy.
    pub(super) fn ordered<'c>(
        &self,
        candidates: &'c Candidates,
        set: &'c Positions,
    ) -> Vec<(u32, &'c Candidate)> {
        let project = &candidates.project;
        let takes_pre = self.takes_prereleases(project);
        let prefers_wheels = self.requirements.options.prefer_binary;
        let preferred = self.options.preferred.get(project);
        let oldest_first = match self.options.strategy {
            Strategy::Highest => false,
            Strategy::Lowest => true,
            Strategy::LowestDirect => {
                self.roots.iter().any(|root| root.requirement.name == *project)
            }
        };
        let mut ordered: Vec<_> = candidates.within(set).collect();
        if !oldest_first {
            ordered.reverse();
        }
        ordered.sort_by_key(|(_, candidate)| {
            let is_sdist = candidate.file.kind.wheel().is_none();
            (
                preferred != Some(&candidate.version),
                candidate.version.any_prerelease() && !takes_pre,
                is_sdist && prefers_wheels,
            )
        });
        ordered
    }

    /// Returns the requirements of a release that hold here with the requested `extras`.
    pub(super) fn requires<'m>(
        &self,
        metadata: &'m CoreMetadata,
        extras: &[ExtraName],
    ) -> Vec<&'m Requirement> {
        let holds = |requirement: &&Requirement| {
            evaluate(&requirement.marker, &self.environment.markers, extras)
        };
        if self.options.no_deps {
            return Vec::new();
        }
        let is_wanted =
            |requirement: &&Requirement| !self.options.excluded.contains(&requirement.name);
        metadata.requires_dist.iter().filter(is_wanted).filter(holds).collect()
    }

    /// Returns the time spent so far, excluding waits for the index.
    pub(super) fn worked(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.waited.get())
    }

    fn timed<T>(&self, ask: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let answer = ask();
        self.waited.set(self.waited.get() + start.elapsed());
        answer
    }

    /// Returns the restrictions of a project by roots, constraints and options.
    fn restriction(&self, project: &ProjectName) -> Restriction {
        let named = |root: &&RootRequirement| root.requirement.name == *project;
        let holds = |root: &&RootRequirement| {
            evaluate(&root.requirement.marker, &self.environment.markers, &[])
        };
        let constraints: Vec<_> =
            self.requirements.constraints.iter().filter(named).filter(holds).collect();
        let written =
            || self.roots.iter().copied().filter(named).chain(constraints.iter().copied());
        let is_direct = written().any(|root| root.direct.is_some());
        let pins = written().map(|root| specifiers(&root.requirement)).filter(is_pinned);
        let constraint = |root: &&RootRequirement| Constraint {
            specifiers: specifiers(&root.requirement),
            text: root.to_string(),
            origin: root.origin.clone(),
        };
        Restriction {
            source: if is_direct { SourcePolicy::Auto } else { self.source(project) },
            // A project requested by URL is wanted regardless of its age.
            exclude_newer: self.options.exclude_newer.filter(|_| !is_direct),
            hashes: written().flat_map(|root| root.hashes.clone()).collect(),
            only_final: self.requirements.options.only_final.covers(project),
            pins: pins.collect(),
            constraints: constraints.iter().map(constraint).collect(),
        }
    }

    /// Returns whether a URL that a release requires is also named by a root or a constraint for
    /// the same project: nothing else may decide where code comes from.
    pub(super) fn is_named(&self, project: &ProjectName, url: &Url) -> bool {
        let wanted = Direct::parse(url.as_str(), Path::new("/")).ok().map(|(direct, _)| direct);
        let mut written = self.roots.iter().copied().chain(&self.requirements.constraints);
        wanted.is_some()
            && written.any(|root| root.requirement.name == *project && root.direct == wanted)
    }

    /// Returns the extras of a project that roots request, sorted.
    pub(super) fn extras_of_roots(&self, project: &ProjectName) -> &[ExtraName] {
        self.root_extras.get(project).map_or(&[], Vec::as_slice)
    }

    /// Returns whether a project lacks hashes although they are required.
    pub(super) fn lacks_hash(&self, project: &ProjectName) -> bool {
        let written = self.roots.iter().copied().chain(&self.requirements.constraints);
        let mut written = written.filter(|root| root.requirement.name == *project);
        let has_hash = |root: &RootRequirement| {
            let stated =
                matches!(&root.direct, Some(Direct::Archive { hashes, .. }) if !hashes.is_empty());
            stated || !root.hashes.is_empty()
        };
        self.requirements.options.require_hashes && !written.any(has_hash)
    }

    fn source(&self, project: &ProjectName) -> SourcePolicy {
        let files = &self.requirements.options;
        match self.options.project_sources.get(project) {
            Some(policy) => *policy,
            None if files.no_binary.projects.contains(project) => SourcePolicy::Sdist,
            None if files.only_binary.projects.contains(project) => SourcePolicy::Wheel,
            None if files.no_binary.all => SourcePolicy::Sdist,
            None if files.only_binary.all => SourcePolicy::Wheel,
            None => self.options.source,
        }
    }
}
