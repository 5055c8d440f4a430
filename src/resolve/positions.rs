//! Sets of a project's releases in the solver's form.

use std::fmt;

use pubgrub::{Ranges, VersionSet};

/// The solver's decision for a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum PositionChoice {
    /// A position in a project's list of candidates.
    Release(u32),
    /// Some release of these, to be decided later.
    OneOf(Positions),
}

impl fmt::Display for PositionChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Release(position) => position.fmt(f),
            Self::OneOf(positions) => positions.fmt(f),
        }
    }
}

/// A set of positions in a project's list of candidates.
///
/// Ranges of whole numbers, always written as `start..end`: the solver compares sets by their
/// representation, so that equal sets must have one form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Positions(Ranges<u32>);

impl Positions {
    /// Collects ascending positions.
    pub(super) fn collect(positions: impl Iterator<Item = u32>) -> Self {
        let sets = positions.map(Self::of);
        sets.fold(Self::empty(), |all, next| Self(all.0.union(&next.0)))
    }

    /// Returns the set of one position.
    pub(super) fn of(position: u32) -> Self {
        let end = position.saturating_add(1);
        // No position is below the first, so the complement must not contain one either.
        Self(if position == 0 {
            Ranges::strictly_lower_than(end)
        } else {
            Ranges::between(position, end)
        })
    }

    /// Returns whether a position is a member.
    pub(super) fn has(&self, position: u32) -> bool {
        self.0.contains(&position)
    }

    /// Returns whether the set is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl VersionSet for Positions {
    type V = PositionChoice;

    fn empty() -> Self {
        Self(Ranges::empty())
    }

    fn singleton(choice: PositionChoice) -> Self {
        match choice {
            PositionChoice::Release(position) => Self::of(position),
            PositionChoice::OneOf(positions) => positions,
        }
    }

    fn complement(&self) -> Self {
        Self(self.0.complement())
    }

    fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0))
    }

    fn contains(&self, choice: &PositionChoice) -> bool {
        match choice {
            PositionChoice::Release(position) => self.has(*position),
            PositionChoice::OneOf(positions) => positions.subset_of(self),
        }
    }

    fn full() -> Self {
        Self(Ranges::full())
    }

    fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0))
    }

    fn is_disjoint(&self, other: &Self) -> bool {
        self.0.is_disjoint(&other.0)
    }

    fn subset_of(&self, other: &Self) -> bool {
        self.0.subset_of(&other.0)
    }
}
