//! Debian relations. Source: Policy 7.1.
//!
//! Every package version ends in a revision, and the packages of a collection keep the zeros that
//! upstream published. Bounds are therefore written with as many numbers as the version that was
//! resolved, and an upper end lies above every revision of a version (`+post0~~`; of the
//! distribution's packages also above `+dfsg`, `+repack` and the like: `.0~~`). The distribution's
//! epoch of the package stands before all of them.

use std::{cmp::Ordering, collections::BTreeSet};

use pep440_rs::{Version, VersionSpecifiers};

use super::version::{Numbering, compare, published};
use crate::{
    format::bounds::{self, ClausePosition, Dialect, clauses},
    plan::relation::{RelationError, name::shown},
    python::metadata,
};

/// The clauses of a relation with `package` within the specifiers; all of them must hold.
///
/// # Errors
/// A specifier cannot be expressed.
pub(crate) fn dependency(
    package: &str,
    specifiers: &VersionSpecifiers,
    numbering: Numbering,
) -> Result<Vec<String>, RelationError> {
    let clauses = clauses(specifiers, &DebBounds { package, numbering })?;
    Ok(if clauses.is_empty() { vec![package.to_owned()] } else { clauses })
}

struct DebBounds<'a> {
    package: &'a str,
    numbering: Numbering,
}

impl DebBounds<'_> {
    fn clause(&self, operator: &str, version: &str) -> String {
        format!("{} ({operator} {version})", self.package)
    }

    fn start(&self, version: &Version) -> String {
        self.numbering.padded(version)
    }

    /// Above every revision of the version and below what follows it. A post- or development
    /// release ends in a digit, so that a full stop is what sorts above its revisions.
    fn end(&self, version: &Version) -> String {
        let mark = match version.post().is_some() || version.dev().is_some() {
            true => ".",
            false if self.numbering.is_distributed => ".0~~",
            false => "+post0~~",
        };
        format!("{}{mark}", self.start(version))
    }
}

impl Dialect for DebBounds<'_> {
    fn exactly(&self, version: &Version) -> Vec<(ClausePosition, String)> {
        vec![
            (ClausePosition::Lower, self.clause(">=", &self.start(version))),
            (ClausePosition::Upper, self.clause("<<", &self.end(version))),
        ]
    }

    fn not(&self, version: &Version) -> String {
        let below = self.clause("<<", &self.start(version));
        self.either(&below, &self.clause(">=", &self.end(version)))
    }

    fn at_least(&self, version: &Version) -> String {
        self.clause(">=", &self.start(version))
    }

    fn at_most(&self, version: &Version) -> String {
        self.clause("<<", &self.end(version))
    }

    /// PEP 440: `>V` excludes the post-releases of a final V; they sort below `V.1`.
    fn more_than(&self, version: &Version) -> String {
        if bounds::is_final(version) {
            self.clause(">=", &format!("{}.1~~", self.start(version)))
        } else {
            self.clause(">=", &self.end(version))
        }
    }

    fn less_than(&self, version: &Version) -> String {
        let start = if version.post().is_some() && version.dev().is_none() { "~~" } else { "" };
        self.clause("<<", &format!("{}{start}", self.start(version)))
    }

    fn since_start_of(&self, version: &Version) -> String {
        self.clause(">=", &format!("{}~~", self.numbering.base(version)))
    }

    fn before_start_of(&self, version: &Version) -> String {
        self.clause("<<", &format!("{}~~", self.numbering.base(version)))
    }

    fn either(&self, below: &str, above: &str) -> String {
        format!("{below} | {above}")
    }
}

/// Checks that dpkg reads one relation, and nothing else, where `text` stands: `NAME`,
/// `NAME (OPERATOR VERSION)`, or alternatives of these with ` | ` between them where
/// `may_have_alternatives`. Names are those that dpkg takes.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(text: &str, may_have_alternatives: bool) -> Result<(), RelationError> {
    let refuse = |problem| RelationError::Dependency { text: shown(text), problem };
    if !may_have_alternatives && text.contains('|') {
        return Err(refuse("only dependencies may have alternatives"));
    }
    if text.split(" | ").all(is_clause) {
        Ok(())
    } else {
        Err(refuse("expected `NAME` or `NAME (OPERATOR VERSION)`"))
    }
}

fn is_clause(text: &str) -> bool {
    let (name, bound) = match text.split_once(' ') {
        Some((name, bound)) => (name, Some(bound)),
        None => (text, None),
    };
    let (name, architecture) = name.split_once(':').unwrap_or((name, "any"));
    let is_plain = |text: &str, more: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let is_bound = |bound: &str| {
        let inside = bound.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        inside.and_then(|inside| inside.split_once(' ')).is_some_and(|(operator, version)| {
            ["<<", "<=", "=", ">=", ">>"].contains(&operator) && is_plain(version, ".+~:-")
        })
    };
    is_plain(name, "._+-") && is_plain(architecture, "-") && bound.is_none_or(is_bound)
}

/// Returns whether bounds select the same versions of the distribution's package as of what upstream
/// published: not those of `1.0.dfsg` or `2.0+really1.9`.
pub(crate) fn is_comparable(package: &str, version: &str, specifiers: &VersionSpecifiers) -> bool {
    let Some(published) = published(version) else { return false };
    let numbering = Numbering::distributed(Some(version));
    let clauses = dependency(package, specifiers, numbering);
    let holds = clauses.and_then(|clauses| satisfied(&clauses, package, version));
    !metadata::satisfies(&published, specifiers) || holds.unwrap_or_default()
}

/// Whether the package `name` in `version` satisfies all clauses on its own.
///
/// # Errors
/// A clause is not a valid relation.
pub(crate) fn satisfied(
    clauses: &[String],
    name: &str,
    version: &str,
) -> Result<bool, RelationError> {
    for clause in clauses {
        let mut any = false;
        for alternative in clause.split(" | ") {
            any |= satisfies(alternative, name, version)?;
        }
        if !any {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The packages that a relation names.
pub(crate) fn names(relation: &str) -> BTreeSet<String> {
    let alternatives = relation.split('|').map(str::trim);
    let names = alternatives.filter_map(|alternative| alternative.split_whitespace().next());
    names.map(str::to_owned).collect()
}

fn satisfies(relation: &str, name: &str, version: &str) -> Result<bool, RelationError> {
    let refuse = |problem| RelationError::Dependency { text: relation.to_owned(), problem };
    let Some((package, rest)) = relation.split_once(" (") else {
        return Ok(relation.trim() == name);
    };
    let bound = rest.strip_suffix(')').ok_or_else(|| refuse("a parenthesis is not closed"))?;
    let (operator, bound) = bound.split_once(' ').ok_or_else(|| refuse("a version is missing"))?;
    let order = compare(version, bound);
    let holds = match operator {
        "<<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        "=" => order == Ordering::Equal,
        ">=" => order != Ordering::Less,
        ">>" => order == Ordering::Greater,
        _ => return Err(refuse("its operator is unknown")),
    };
    Ok(package == name && holds)
}
