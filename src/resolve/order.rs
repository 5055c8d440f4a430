//! In which order projects are chosen.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{package::ResolverPackage, positions::Positions};
use crate::python::artifact::ProjectName;

/// After so many releases of a project were tried in vain the search starts again in another order,
/// so that what came before the project is chosen to fit its newest releases, instead of it falling
/// back to its oldest: what rejected its releases comes last then, or the project comes first.
const PATIENCE: u32 = 8;
/// A change of the order in which projects are chosen.
#[derive(Debug)]
pub(super) enum PinChange {
    First(ProjectName),
    Last(ProjectName),
}

/// Larger is earlier: all but those to be chosen last, those to be chosen first, what has no choice, what was in most conflicts,
/// what has the fewest candidates.
pub(super) type Rank = (bool, Reverse<usize>, bool, u32, Reverse<usize>);

/// The order, and what was seen in a search that may change it.
#[derive(Debug, Default)]
pub(super) struct PinOrder {
    /// Projects to be chosen first, in this order.
    first: Vec<ProjectName>,
    /// Projects to be chosen after all others.
    last: BTreeSet<ProjectName>,
    /// How many releases of each project were tried.
    tries: BTreeMap<ProjectName, u32>,
    /// The release of each project that was chosen last.
    chosen: BTreeMap<ProjectName, u32>,
    /// The rank of each project as it was told last.
    ranks: BTreeMap<ProjectName, Rank>,
    /// How often the chosen release of a project rejected a release of another one, by the latter.
    rejections: BTreeMap<ProjectName, BTreeMap<ProjectName, u32>>,
}

impl PinOrder {
    /// Changes the order and forgets the search.
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

    /// The rank of a project of which `count` releases are left.
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

    /// The rank that was told last.
    pub(super) fn known_rank(&self, project: &ProjectName) -> Option<Rank> {
        self.ranks.get(project).copied()
    }

    /// The release of a project that was chosen last.
    pub(super) fn chosen(&self, project: &ProjectName) -> Option<u32> {
        self.chosen.get(project).copied()
    }

    /// Remembers a choice; how many releases of the project were tried, or the change that is due.
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

    /// Remembers whose chosen release rejects a release that requires `constraints`.
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

    /// The change to try where releases of a project were tried in vain; `None` where it was tried.
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
