//! What the dialects have in common: the parts of a specifier set, in the order they are written.

#[cfg(test)]
mod tests;

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};

use crate::plan::relation::RelationError;

/// Where a clause stands: lower bounds first, exclusions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClausePosition {
    Lower,
    Upper,
    Exclusion,
}

/// How a dialect writes one specifier.
pub(super) trait Dialect {
    fn exactly(&self, version: &Version) -> Vec<(ClausePosition, String)>;
    fn not(&self, version: &Version) -> String;
    fn at_least(&self, version: &Version) -> String;
    fn at_most(&self, version: &Version) -> String;
    fn more_than(&self, version: &Version) -> String;
    fn less_than(&self, version: &Version) -> String;
    /// From the first pre-release of `version` on.
    fn since_start_of(&self, version: &Version) -> String;
    /// Before the first pre-release of `version`.
    fn before_start_of(&self, version: &Version) -> String;
    /// One of the two texts.
    fn either(&self, below: &str, above: &str) -> String;
}

/// The clauses of a specifier set, all of which must hold, in order.
pub(super) fn clauses(
    specifiers: &VersionSpecifiers,
    dialect: &dyn Dialect,
) -> Result<Vec<String>, RelationError> {
    let mut placed = Vec::new();
    for specifier in specifiers.iter() {
        placed.extend(clauses_of(specifier, dialect)?);
    }
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, text)| text).collect())
}

fn clauses_of(
    specifier: &VersionSpecifier,
    dialect: &dyn Dialect,
) -> Result<Vec<(ClausePosition, String)>, RelationError> {
    let version = specifier.version();
    let next = || {
        next_prefix(version)
            .ok_or_else(|| RelationError::Specifier { specifier: specifier.to_string() })
    };
    Ok(match specifier.operator() {
        Operator::Equal | Operator::ExactEqual => dialect.exactly(version),
        Operator::NotEqual => vec![(ClausePosition::Exclusion, dialect.not(version))],
        Operator::EqualStar => vec![
            (ClausePosition::Lower, dialect.since_start_of(version)),
            (ClausePosition::Upper, dialect.before_start_of(&next()?)),
        ],
        Operator::NotEqualStar => {
            let below = dialect.before_start_of(version);
            let above = dialect.since_start_of(&next()?);
            vec![(ClausePosition::Exclusion, dialect.either(&below, &above))]
        }
        Operator::TildeEqual => {
            let release = version.release();
            let prefix = Version::new(&release[..release.len().saturating_sub(1).max(1)])
                .with_epoch(version.epoch());
            let end = next_prefix(&prefix)
                .ok_or_else(|| RelationError::Specifier { specifier: specifier.to_string() })?;
            vec![
                (ClausePosition::Lower, dialect.at_least(version)),
                (ClausePosition::Upper, dialect.before_start_of(&end)),
            ]
        }
        Operator::LessThan if is_final(version) => {
            vec![(ClausePosition::Upper, dialect.before_start_of(version))]
        }
        Operator::LessThan => vec![(ClausePosition::Upper, dialect.less_than(version))],
        Operator::LessThanEqual => vec![(ClausePosition::Upper, dialect.at_most(version))],
        Operator::GreaterThan => vec![(ClausePosition::Lower, dialect.more_than(version))],
        Operator::GreaterThanEqual => vec![(ClausePosition::Lower, dialect.at_least(version))],
    })
}

/// Whether a version is neither a pre-, post- nor development release.
pub(super) fn is_final(version: &Version) -> bool {
    version.pre().is_none() && version.post().is_none() && version.dev().is_none()
}

/// The prefix with its last number increased: where versions that begin with it end.
fn next_prefix(version: &Version) -> Option<Version> {
    let mut release = version.release().to_vec();
    let last = release.last_mut()?;
    *last = last.checked_add(1)?;
    Some(Version::new(release).with_epoch(version.epoch()))
}
