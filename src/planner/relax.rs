//! How much of the versions that projects ask for becomes a relation.

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};
use serde::Deserialize;

/// How strictly packages depend on each other; the strictest first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Relax {
    /// Exactly the resolved versions
    Exact,
    /// All bounds that the projects state
    #[default]
    Compatible,
    /// Lower bounds only
    Minimum,
    /// Any version
    None,
}

impl Relax {
    /// What becomes of specifiers; `candidate` is the version that was resolved, where one was.
    pub fn applied(
        self,
        specifiers: &VersionSpecifiers,
        candidate: Option<&Version>,
    ) -> VersionSpecifiers {
        match (self, candidate) {
            (Self::Exact, Some(candidate)) => {
                VersionSpecifiers::from_iter([VersionSpecifier::equals_version(
                    candidate.clone().without_local(),
                )])
            }
            (Self::Exact | Self::Compatible, _) => specifiers.clone(),
            (Self::Minimum, _) => specifiers.iter().filter_map(lower).collect(),
            (Self::None, _) => VersionSpecifiers::empty(),
        }
    }
}

/// The lower bounds of specifiers, and those that are more than a lower bound.
pub(super) fn lower_bounds(
    specifiers: &VersionSpecifiers,
) -> (VersionSpecifiers, VersionSpecifiers) {
    let is_more = |specifier: &&VersionSpecifier| {
        !matches!(specifier.operator(), Operator::GreaterThan | Operator::GreaterThanEqual)
    };
    let lower = Relax::Minimum.applied(specifiers, None);
    (lower, specifiers.iter().filter(is_more).cloned().collect())
}

/// The lower bound of a specifier, where it has one.
fn lower(specifier: &VersionSpecifier) -> Option<VersionSpecifier> {
    let version = specifier.version().clone().without_local();
    match specifier.operator() {
        Operator::GreaterThan => Some(specifier.clone()),
        Operator::GreaterThanEqual
        | Operator::Equal
        | Operator::EqualStar
        | Operator::ExactEqual
        | Operator::TildeEqual => Some(VersionSpecifier::greater_than_equal_version(version)),
        Operator::LessThan
        | Operator::LessThanEqual
        | Operator::NotEqual
        | Operator::NotEqualStar => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept_by_their_kind() {
        let read: VersionSpecifiers = ">=1.2,!=1.5,<2,~=1.3,==1.*".parse().unwrap();
        let candidate: Version = "1.4+local".parse().unwrap();
        for (relax, expected) in [
            (Relax::Exact, "==1.4"),
            (Relax::Compatible, ">=1.2, ~=1.3, !=1.5, ==1.*, <2"),
            (Relax::Minimum, ">=1, >=1.2, >=1.3"),
            (Relax::None, ""),
        ] {
            let mut found: Vec<String> =
                relax.applied(&read, Some(&candidate)).iter().map(ToString::to_string).collect();
            let mut expected: Vec<&str> = expected.split(", ").filter(|t| !t.is_empty()).collect();
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{relax:?}");
        }
    }
}
