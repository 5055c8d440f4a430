//! The solver's view: which releases there are, and what each requires.

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::BTreeMap,
    fmt,
    time::Duration,
};

use pep508_rs::VersionOrUrl;
use pubgrub::{
    Dependencies, DependencyConstraints, DependencyProvider, PackageResolutionStatistics,
    VersionSet,
};

use super::{
    ResolveError, candidates::Candidates, membership::satisfies, positions::Positions,
    releases::Releases,
};
use crate::{
    artifact::{ExtraName, ProjectName},
    index::IndexError,
    metadata::Requirement,
    requirements::RootRequirement,
};

/// The most decisions of one search.
const DECISION_LIMIT: u32 = 100_000;
/// The longest search, without the time spent waiting for the index.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// After so many releases of a project were tried in vain the search starts again with it first:
/// what came before it is then chosen to fit its newest releases, instead of it falling back to
/// its oldest.
const PATIENCE: u32 = 8;
/// The most releases whose metadata are fetched ahead when releases are tried one after the other.
const AHEAD: usize = 8;

/// What the solver chooses a release of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Package {
    /// All that was asked for.
    Root,
    Project(ProjectName),
    /// What an extra adds; always of the same release as its project.
    Extra(ProjectName, ExtraName),
}

impl Package {
    pub fn project(&self) -> Option<&ProjectName> {
        match self {
            Self::Root => None,
            Self::Project(name) | Self::Extra(name, _) => Some(name),
        }
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the requirements"),
            Self::Project(name) => write!(f, "{name}"),
            Self::Extra(name, extra) => write!(f, "{name}[{extra}]"),
        }
    }
}

/// Why a search ended without an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    #[error("`{0}` has to be chosen first")]
    Restart(ProjectName),
    #[error(transparent)]
    Failed(#[from] Box<ResolveError>),
}

impl From<ResolveError> for Stop {
    fn from(error: ResolveError) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// A requirement as the solver got it, kept to explain a conflict.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub from: Package,
    pub position: u32,
    pub to: Package,
    pub set: Positions,
    pub requirement: Requirement,
    /// Where it was written, for a root.
    pub origin: Option<String>,
}

/// Answers the solver.
pub(super) struct Provider<'a> {
    pub releases: &'a Releases<'a>,
    pub edges: RefCell<Vec<Edge>>,
    /// Projects to be chosen first, in this order.
    first: Vec<ProjectName>,
    /// How many releases of each project were tried in this search.
    tries: RefCell<BTreeMap<ProjectName, u32>>,
    decisions: Cell<u32>,
}

/// A requirement, where it was written if it is a root, and the packages it stands for.
type Wanted<'r> = (&'r Requirement, Option<String>);

impl<'a> Provider<'a> {
    pub fn new(releases: &'a Releases<'a>) -> Self {
        Self {
            releases,
            edges: RefCell::default(),
            first: Vec::new(),
            tries: RefCell::default(),
            decisions: Cell::new(0),
        }
    }

    /// Makes ready for a new search that chooses a project before others.
    pub fn restart_with_first(&mut self, project: ProjectName) {
        self.first.push(project);
        self.tries.borrow_mut().clear();
        self.edges.borrow_mut().clear();
    }

    /// Turns requirements into packages and sets, and remembers them.
    fn constraints(
        &self,
        package: &Package,
        position: u32,
        wanted: &[Wanted<'_>],
    ) -> Result<Dependencies<Package, Positions, String>, Stop> {
        let names: Vec<_> = wanted.iter().map(|(next, _)| next.name.clone()).collect();
        self.releases.index.prefetch_projects(&names);
        let mut constraints = Vec::new();
        for (requirement, origin) in wanted {
            if matches!(requirement.version_or_url, Some(VersionOrUrl::Url(_))) {
                let reason = format!("requires `{requirement}` (URLs are not supported)");
                return Ok(Dependencies::Unavailable(reason));
            }
            self.releases.note(requirement);
            let candidates = self.releases.candidates(&requirement.name)?;
            self.check_known(&candidates, requirement, origin.as_deref())?;
            let set = self.releases.matching(requirement)?;
            let own = package.project() == Some(&requirement.name);
            if own && !set.contains(&position) {
                let reason = format!("requires `{requirement}`, another version of itself");
                return Ok(Dependencies::Unavailable(reason));
            }
            let project = Package::Project(requirement.name.clone());
            let extras = requirement.extras.iter();
            let extras =
                extras.map(|extra| Package::Extra(requirement.name.clone(), extra.clone()));
            // A release that requires itself would only confuse the solver.
            let set = if own { Positions::singleton(position) } else { set };
            for to in std::iter::once(project).chain(extras).filter(|to| to != package) {
                self.edges.borrow_mut().push(Edge {
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

    fn prefetch(&self, constraints: &[(Package, Positions)]) {
        let mut files = Vec::new();
        for (package, set) in constraints {
            if let Package::Project(name) = package
                && let Ok(candidates) = self.releases.candidates(name)
                && let Some((_, best)) = self.releases.best(&candidates, set)
            {
                files.push(best.file.clone());
            }
        }
        self.releases.index.prefetch_metadata(&files);
    }

    fn root_constraints(&self) -> Result<Dependencies<Package, Positions, String>, Stop> {
        for root in &self.releases.roots {
            self.check_hash(&root.requirement.name, &root.origin.to_string())?;
        }
        let wanted = |root: &&'a RootRequirement| {
            let root: &'a RootRequirement = root;
            (&root.requirement, Some(root.origin.to_string()))
        };
        let wanted: Vec<_> = self.releases.roots.iter().map(wanted).collect();
        self.constraints(&Package::Root, 0, &wanted)
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
        package: &Package,
        project: &ProjectName,
        extra: Option<&ExtraName>,
        position: u32,
    ) -> Result<Dependencies<Package, Positions, String>, Stop> {
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
        let required = self.releases.requires(&metadata, extra.map_or(&[], std::slice::from_ref));
        for requirement in &required {
            self.check_hash(&requirement.name, &format!("{project} {}", candidate.version))?;
        }
        let wanted: Vec<_> = required.into_iter().map(|next| (next, None)).collect();
        let dependencies = self.constraints(package, position, &wanted)?;
        let (Some(_), Dependencies::Available(constraints)) = (extra, &dependencies) else {
            return Ok(dependencies);
        };
        let own = (Package::Project(project.clone()), Positions::singleton(position));
        let all = constraints.iter().cloned().chain([own]);
        Ok(Dependencies::Available(all.collect()))
    }

    /// Counts a try of a release of a project, and asks for a new search where there were many.
    fn count(&self, project: &ProjectName) -> Result<u32, Stop> {
        let mut tries = self.tries.borrow_mut();
        let tried = tries.entry(project.clone()).or_default();
        *tried += 1;
        if *tried > PATIENCE && !self.first.contains(project) {
            return Err(Stop::Restart(project.clone()));
        }
        Ok(*tried)
    }
}

impl DependencyProvider for Provider<'_> {
    type P = Package;
    type V = u32;
    type VS = Positions;
    /// Larger is earlier: the root, projects to be chosen first, what has no choice, what was in
    /// most conflicts, what has the fewest candidates; last the name, so that no order is left to
    /// chance.
    type Priority = (bool, Reverse<usize>, bool, u32, Reverse<usize>, Reverse<Package>);
    type M = String;
    type Err = Stop;

    fn prioritize(
        &self,
        package: &Package,
        range: &Positions,
        statistics: &PackageResolutionStatistics,
    ) -> Self::Priority {
        let project = package.project();
        let rank = self.first.iter().position(|first| Some(first) == project);
        let candidates = project.and_then(|project| self.releases.candidates(project).ok());
        let count = candidates.map_or(0, |candidates| candidates.within(range).count());
        (
            *package == Package::Root,
            Reverse(rank.unwrap_or(self.first.len())),
            count <= 1,
            statistics.conflict_count(),
            Reverse(count),
            Reverse(package.clone()),
        )
    }

    fn choose_version(&self, package: &Package, range: &Positions) -> Result<Option<u32>, Stop> {
        let Some(project) = package.project() else {
            return Ok(Some(0));
        };
        let candidates = self.releases.candidates(project)?;
        let ordered = self.releases.ordered(&candidates, range);
        let Some((position, _)) = ordered.first() else {
            return Ok(None);
        };
        if let Package::Project(_) = package {
            let tried = self.count(project)?;
            if tried > 1 {
                let ahead = ordered.iter().take(AHEAD).map(|(_, next)| next.file.clone());
                self.releases.index.prefetch_metadata(&ahead.collect::<Vec<_>>());
            }
        }
        Ok(Some(*position))
    }

    fn get_dependencies(
        &self,
        package: &Package,
        position: &u32,
    ) -> Result<Dependencies<Package, Positions, String>, Stop> {
        match package {
            Package::Root => self.root_constraints(),
            Package::Project(name) => self.release_constraints(package, name, None, *position),
            Package::Extra(name, extra) => {
                self.release_constraints(package, name, Some(extra), *position)
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
