//! Debian relations. Source: Policy 7.1.
//!
//! Every package version ends in a revision, and the packages of a collection keep the zeros that
//! upstream published. Bounds are therefore written with as many numbers as the version that was
//! resolved, and an upper end lies above every revision of a version (`+post0~~`).

use std::{cmp::Ordering, collections::BTreeSet};

use pep440_rs::{Version, VersionSpecifiers};

use super::{
    RelationError,
    bounds::{self, Dialect, Place, clauses},
};
use crate::version::deb::{base, compare, padded};

/// The clauses of a relation with `package` within the specifiers; all of them must hold.
/// `candidate` is the version that was resolved, where one was.
pub fn dependency(
    package: &str,
    specifiers: &VersionSpecifiers,
    candidate: Option<&Version>,
) -> Result<Vec<String>, RelationError> {
    let components = candidate.map_or(0, |version| version.release().len());
    let clauses = clauses(specifiers, &Deb { package, components })?;
    Ok(if clauses.is_empty() { vec![package.to_owned()] } else { clauses })
}

struct Deb<'a> {
    package: &'a str,
    components: usize,
}

impl Deb<'_> {
    fn clause(&self, operator: &str, version: &str) -> String {
        format!("{} ({operator} {version})", self.package)
    }

    fn start(&self, version: &Version) -> String {
        padded(version, self.components)
    }

    /// Above every revision of the version and below what follows it. A post- or development
    /// release ends in a digit, so that a full stop is what sorts above its revisions.
    fn end(&self, version: &Version) -> String {
        let mark =
            if version.post().is_some() || version.dev().is_some() { "." } else { "+post0~~" };
        format!("{}{mark}", self.start(version))
    }
}

impl Dialect for Deb<'_> {
    fn exactly(&self, version: &Version) -> Vec<(Place, String)> {
        vec![
            (Place::Lower, self.clause(">=", &self.start(version))),
            (Place::Upper, self.clause("<<", &self.end(version))),
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
        self.clause(">=", &format!("{}~~", base(version)))
    }

    fn before_start_of(&self, version: &Version) -> String {
        self.clause("<<", &format!("{}~~", base(version)))
    }

    fn either(&self, below: &str, above: &str) -> String {
        format!("{below} | {above}")
    }
}

/// Whether the package `name` in `version` satisfies all clauses on its own.
pub fn satisfied(clauses: &[String], name: &str, version: &str) -> Result<bool, RelationError> {
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
pub fn names(relation: &str) -> BTreeSet<String> {
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
