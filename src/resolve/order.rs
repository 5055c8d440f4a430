//! The order in which projects are decided.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{package::ResolverPackage, positions::Positions};
use crate::python::artifact::ProjectName;

/// After this many rejected releases of a project, the search restarts in another order, so that
/// earlier decisions fit the project's newest releases, instead of it falling back to its oldest:
/// the projects that rejected its releases are decided last, or the project first.
const PATIENCE: u32 = 8;
/// A change of the order in which projects are decided.
#[derive(Debug)]
pub(super) enum PinChange {
    First(ProjectName),
    Last(ProjectName),
}

/// Larger is earlier: all but those to be decided last, those to be decided first, those without a
/// choice, those with the most conflicts, those with the fewest candidates.
pub(super) type Rank = (bool, Reverse<usize>, bool, u32, Reverse<usize>);

/// The order, and the observations of a search that may change it.
#[derive(Debug, Default)]
pub(super) struct PinOrder {
    /// Projects to decide first, in this order.
    first: Vec<ProjectName>,
    /// Projects to decide after all others.
    last: BTreeSet<ProjectName>,
    /// The number of releases tried of each project.
    tries: BTreeMap<ProjectName, u32>,
    /// The last chosen release of each project.
    chosen: BTreeMap<ProjectName, u32>,
    /// The last computed rank of each project.
    ranks: BTreeMap<ProjectName, Rank>,
    /// How often the chosen release of a project rejected a release of another one, by the latter.
    rejections: BTreeMap<ProjectName, BTreeMap<ProjectName, u32>>,
}

impl PinOrder {
    /// Changes the order and discards the observations of the search.
    pub(super) fn change(&mut self, change: PinChange) {
        let (mut first, mut last) =
            (std::mem::take(&mut self.first), std::mem::take(&mut self.last));
        match change {
            PinChange::First(project) => first.push(project),
            PinChange::Last(project) => {
                last.insert(project);
            }
        }
        *self = Self { first, last, ..Self::default() };
    }

    /// Returns the rank of a project with `count` releases left.
    pub(super) fn rank(&mut self, project: &ProjectName, count: usize, conflicts: u32) -> Rank {
        let first = self.first.iter().position(|first| first == project);
        let rank = (
            !self.last.contains(project),
            Reverse(first.unwrap_or(self.first.len())),
            count <= 1,
            conflicts,
            Reverse(count),
        );
        self.ranks.insert(project.clone(), rank);
        rank
    }

    /// Returns the last computed rank.
    pub(super) fn known_rank(&self, project: &ProjectName) -> Option<Rank> {
        self.ranks.get(project).copied()
    }

    /// Returns the last chosen release of a project.
    pub(super) fn chosen(&self, project: &ProjectName) -> Option<u32> {
        self.chosen.get(project).copied()
    }

    /// Records a choice; returns the number of releases tried, or the change that is due.
    pub(super) fn choose(
        &mut self,
        project: &ProjectName,
        position: u32,
    ) -> Result<u32, PinChange> {
        self.chosen.insert(project.clone(), position);
        let tries = self.tries.entry(project.clone()).or_default();
        *tries += 1;
        let tries = *tries;
        match self.due(project).filter(|_| tries > PATIENCE) {
            Some(change) => Err(change),
            None => Ok(tries),
        }
    }

    /// Records the projects whose chosen releases reject a release that requires `constraints`.
    pub(super) fn note_rejections(
        &mut self,
        project: &ProjectName,
        constraints: &[(ResolverPackage, Positions)],
    ) {
        for (package, set) in constraints {
            if let ResolverPackage::Project(other) = package
                && self.chosen.get(other).is_some_and(|position| !set.has(*position))
            {
                let by = self.rejections.entry(project.clone()).or_default();
                *by.entry(other.clone()).or_default() += 1;
            }
        }
    }

    /// Returns the change to try after a project's releases were rejected; `None` if it was tried.
    fn due(&self, project: &ProjectName) -> Option<PinChange> {
        let culprits = self.rejections.get(project).into_iter().flatten();
        let culprit = culprits.max_by_key(|(name, count)| (**count, Reverse(*name)));
        match culprit {
            Some((name, count)) if *count >= PATIENCE / 2 && !self.last.contains(name) => {
                Some(PinChange::Last(name.clone()))
            }
            _ if self.first.contains(project) => None,
            _ => Some(PinChange::First(project.clone())),
        }
    }
}
