//! The solver's view: the available releases and their requirements.

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    time::Duration,
};

use pep508_rs::VersionOrUrl;
use pubgrub::{
    Dependencies, DependencyConstraints, DependencyProvider, PackageResolutionStatistics,
};

use super::{
    ResolveError,
    candidates::Candidates,
    order::{PinChange, PinOrder, Rank},
    package::{Dependent, ResolverPackage},
    positions::{PositionChoice, Positions},
    releases::ReleaseList,
};
use crate::{
    index::IndexError,
    python::{
        artifact::{ExtraName, ProjectName},
        metadata::{Requirement, satisfies},
        requirements::RootRequirement,
    },
};

/// The maximum number of decisions in one search.
const DECISION_LIMIT: u32 = 100_000;
/// The time limit of a search, excluding the time spent waiting for the index.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// The number of releases whose metadata are prefetched when releases are tried one by one.
const AHEAD: usize = 8;

/// Why a search ended without a solution.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    #[error("another order has to be tried")]
    Restart(PinChange),
    #[error(transparent)]
    Failed(#[from] Box<ResolveError>),
}

impl From<ResolveError> for Stop {
    fn from(error: ResolveError) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// The solver's access to releases and their requirements.
pub(super) struct Provider<'a> {
    pub releases: &'a ReleaseList<'a>,
    pub edges: RefCell<Vec<Dependent>>,
    order: RefCell<PinOrder>,
    decisions: Cell<u32>,
}

/// A requirement with its origin if it is a root, and the packages that it stands for.
type WantedPackage<'r> = (&'r Requirement, Option<String>);

impl<'a> Provider<'a> {
    pub(super) fn new(releases: &'a ReleaseList<'a>) -> Self {
        Self {
            releases,
            edges: RefCell::default(),
            order: RefCell::default(),
            decisions: Cell::new(0),
        }
    }

    /// Prepares a new search in another order.
    pub(super) fn restart(&mut self, change: PinChange) {
        self.order.get_mut().change(change);
        self.edges.get_mut().clear();
    }

    /// Converts requirements to packages and sets, and records them.
    fn constraints(
        &self,
        package: &ResolverPackage,
        position: u32,
        wanted: &[WantedPackage<'_>],
    ) -> Result<Dependencies<ResolverPackage, Positions, String>, Stop> {
        let names: Vec<_> = wanted.iter().map(|(next, _)| next.name.clone()).collect();
        self.releases.index.prefetch_projects(&names);
        let mut constraints = Vec::new();
        for (requirement, origin) in wanted {
            if let Some(VersionOrUrl::Url(url)) = &requirement.version_or_url
                && origin.is_none()
                && !self.releases.is_named(&requirement.name, url)
            {
                let reason = format!(
                    "requires `{requirement}`, an address that no requirement of yours names"
                );
                return Ok(Dependencies::Unavailable(reason));
            }
            self.releases.note(requirement);
            let candidates = self.releases.candidates(&requirement.name)?;
            self.check_known(&candidates, requirement, origin.as_deref())?;
            let set = self.releases.matching(requirement)?;
            let own = package.project() == Some(&requirement.name);
            if own && !set.has(position) {
                let reason = format!("requires `{requirement}`, another version of itself");
                return Ok(Dependencies::Unavailable(reason));
            }
            let project = ResolverPackage::Project(requirement.name.clone());
            let given = self.releases.extras_of_roots(&requirement.name);
            let extras = requirement.extras.iter().filter(|extra| !given.contains(extra));
            let extras = extras
                .map(|extra| ResolverPackage::Extra(requirement.name.clone(), extra.clone(), 0));
            // A release that requires itself would only confuse the solver.
            let set = if own { Positions::of(position) } else { set };
            for to in std::iter::once(project).chain(extras).filter(|to| to != package) {
                self.edges.borrow_mut().push(Dependent {
                    from: package.clone(),
                    position,
                    to: to.clone(),
                    set: set.clone(),
                    requirement: (*requirement).clone(),
                    origin: origin.clone(),
                });
                constraints.push((to, set.clone()));
            }
        }
        if let ResolverPackage::Project(project) = package {
            self.order.borrow_mut().note_rejections(project, &constraints);
        }
        self.prefetch(&constraints);
        Ok(Dependencies::Available(
            constraints.into_iter().collect::<DependencyConstraints<_, _>>(),
        ))
    }

    fn check_known(
        &self,
        candidates: &Candidates,
        requirement: &Requirement,
        origin: Option<&str>,
    ) -> Result<(), Stop> {
        let Some(origin) = origin else { return Ok(()) };
        if candidates.is_known {
            return Ok(());
        }
        let required_by = origin.to_owned();
        Err(ResolveError::UnknownProject { project: requirement.name.clone(), required_by }.into())
    }

    fn prefetch(&self, constraints: &[(ResolverPackage, Positions)]) {
        let mut files = Vec::new();
        for (package, set) in constraints {
            if let ResolverPackage::Project(name) = package
                && let Ok(candidates) = self.releases.candidates(name)
                && let Some((_, best)) = self.releases.best(&candidates, set)
            {
                files.push(best.file.clone());
            }
        }
        self.releases.index.prefetch_metadata(&files);
    }

    fn root_constraints(&self) -> Result<Dependencies<ResolverPackage, Positions, String>, Stop> {
        for root in &self.releases.roots {
            self.check_hash(&root.requirement.name, &root.origin.to_string())?;
        }
        let wanted = |root: &&'a RootRequirement| {
            let root: &'a RootRequirement = root;
            (&root.requirement, Some(root.origin.to_string()))
        };
        let wanted: Vec<_> = self.releases.roots.iter().map(wanted).collect();
        self.constraints(&ResolverPackage::Root, 0, &wanted)
    }

    fn check_hash(&self, project: &ProjectName, required_by: &str) -> Result<(), Stop> {
        if !self.releases.lacks_hash(project) {
            return Ok(());
        }
        let (project, required_by) = (project.clone(), required_by.to_owned());
        Err(ResolveError::NoHash { project, required_by }.into())
    }

    fn release_constraints(
        &self,
        package: &ResolverPackage,
        project: &ProjectName,
        extra: Option<&ExtraName>,
        position: u32,
    ) -> Result<Dependencies<ResolverPackage, Positions, String>, Stop> {
        let candidates = self.releases.candidates(project)?;
        let Some(candidate) = candidates.at(position) else {
            return Ok(Dependencies::Unavailable("is not in the index".to_owned()));
        };
        let metadata = match self.releases.metadata(&candidate.file) {
            Ok(metadata) => metadata,
            Err(IndexError::MetadataNotStatic { file }) => {
                let project = project.clone();
                return Err(ResolveError::MetadataNotStatic { project, file }.into());
            }
            Err(IndexError::Metadata { problem, .. }) => {
                return Ok(Dependencies::Unavailable(format!(
                    "has metadata that cannot be used: {problem}"
                )));
            }
            Err(error) => {
                return Err(ResolveError::Index {
                    project: project.clone(),
                    error: Box::new(error),
                }
                .into());
            }
        };
        if let Some(python) = &metadata.requires_python
            && !satisfies(&self.releases.environment.python, python)
        {
            let has = &self.releases.environment.python;
            return Ok(Dependencies::Unavailable(format!(
                "needs Python {python} (the target has {has})"
            )));
        }
        let extras = extra.map_or(self.releases.extras_of_roots(project), std::slice::from_ref);
        let required = self.releases.requires(&metadata, extras);
        for requirement in &required {
            self.check_hash(&requirement.name, &format!("{project} {}", candidate.version))?;
        }
        let wanted: Vec<_> = required.into_iter().map(|next| (next, None)).collect();
        let dependencies = self.constraints(package, position, &wanted)?;
        let (Some(_), Dependencies::Available(constraints)) = (extra, &dependencies) else {
            return Ok(dependencies);
        };
        let own = (ResolverPackage::Project(project.clone()), Positions::of(position));
        let all = constraints.iter().cloned().chain([own]);
        Ok(Dependencies::Available(all.collect()))
    }

    fn choose_release(
        &self,
        project: &ProjectName,
        range: &Positions,
    ) -> Result<Option<PositionChoice>, Stop> {
        let candidates = self.releases.candidates(project)?;
        let ordered = self.releases.ordered(&candidates, range);
        let Some((position, _)) = ordered.first() else {
            return Ok(None);
        };
        let tried = self.order.borrow_mut().choose(project, *position).map_err(Stop::Restart)?;
        if tried > 1 {
            let ahead = ordered.iter().take(AHEAD).map(|(_, next)| next.file.clone());
            self.releases.index.prefetch_metadata(&ahead.collect::<Vec<_>>());
        }
        Ok(Some(PositionChoice::Release(*position)))
    }

    /// Returns the release of an extra: that of its project, which was decided just before.
    ///
    /// If that release is excluded, the project's choice excludes all others at once: the answer
    /// is then "one of these", which requires the project to be one of these, too. Trying each
    /// release in turn would only prove of one after the other that it is not the project's.
    fn choose_extra(&self, project: &ProjectName, range: &Positions) -> Option<PositionChoice> {
        if range.is_empty() {
            return None;
        }
        Some(match self.order.borrow().chosen(project) {
            Some(position) if range.has(position) => PositionChoice::Release(position),
            _ => PositionChoice::OneOf(range.clone()),
        })
    }

    /// Returns the requirements of an extra whose release was left open.
    fn open_constraints(
        package: &ResolverPackage,
        range: &Positions,
    ) -> Dependencies<ResolverPackage, Positions, String> {
        let ResolverPackage::Extra(project, extra, round) = package else {
            return Dependencies::Available(DependencyConstraints::default());
        };
        let next = ResolverPackage::Extra(project.clone(), extra.clone(), round + 1);
        let both = [ResolverPackage::Project(project.clone()), next];
        Dependencies::Available(both.into_iter().map(|to| (to, range.clone())).collect())
    }
}

impl DependencyProvider for Provider<'_> {
    type P = ResolverPackage;
    type V = PositionChoice;
    type VS = Positions;
    /// Larger is earlier: the root, the rank of the project, and last the name, so that the order
    /// is deterministic; a project is before its extras.
    type Priority = (bool, Option<Rank>, Reverse<ResolverPackage>);
    type M = String;
    type Err = Stop;

    fn prioritize(
        &self,
        package: &ResolverPackage,
        range: &Positions,
        statistics: &PackageResolutionStatistics,
    ) -> Self::Priority {
        let rank = match package {
            ResolverPackage::Root => None,
            ResolverPackage::Project(project) => {
                let candidates = self.releases.candidates(project).ok();
                let count = candidates.map_or(0, |candidates| candidates.within(range).count());
                Some(self.order.borrow_mut().rank(project, count, statistics.conflict_count()))
            }
            ResolverPackage::Extra(project, ..) => self.order.borrow().known_rank(project),
        };
        (*package == ResolverPackage::Root, rank, Reverse(package.clone()))
    }

    fn choose_version(
        &self,
        package: &ResolverPackage,
        range: &Positions,
    ) -> Result<Option<PositionChoice>, Stop> {
        match package {
            ResolverPackage::Root => Ok(Some(PositionChoice::Release(0))),
            ResolverPackage::Project(project) => self.choose_release(project, range),
            ResolverPackage::Extra(project, ..) => Ok(self.choose_extra(project, range)),
        }
    }

    fn get_dependencies(
        &self,
        package: &ResolverPackage,
        choice: &PositionChoice,
    ) -> Result<Dependencies<ResolverPackage, Positions, String>, Stop> {
        let position = match choice {
            PositionChoice::Release(position) => *position,
            PositionChoice::OneOf(range) => return Ok(Self::open_constraints(package, range)),
        };
        match package {
            ResolverPackage::Root => self.root_constraints(),
            ResolverPackage::Project(name) => {
                self.release_constraints(package, name, None, position)
            }
            ResolverPackage::Extra(name, extra, _) => {
                self.release_constraints(package, name, Some(extra), position)
            }
        }
    }

    fn should_cancel(&self) -> Result<(), Stop> {
        self.decisions.set(self.decisions.get() + 1);
        let limit = |limit: String| Err(ResolveError::Limit { limit }.into());
        if self.decisions.get() > DECISION_LIMIT {
            return limit(format!("{DECISION_LIMIT} decisions"));
        }
        if self.releases.worked() > TIME_LIMIT {
            return limit(format!("{} seconds", TIME_LIMIT.as_secs()));
        }
        Ok(())
    }
}
