//! rpm dependencies. Source: rpm's manual, "Dependencies" and "Boolean dependencies".
//!
//! Several bounds on one capability are joined by `with`, never by `and`: two packages that
//! provide it in different versions must not satisfy a range together.

use std::{cmp::Ordering, collections::BTreeSet};

use pep440_rs::{Version, VersionSpecifiers};

use super::{
    RelationError,
    bounds::{self, Dialect, Place, clauses},
};
use crate::version::rpm::{base, compare_evr, provide};

/// The dependency on `capability` within the specifiers.
pub fn dependency(
    capability: &str,
    specifiers: &VersionSpecifiers,
) -> Result<String, RelationError> {
    let clauses = clauses(specifiers, &Rpm { capability })?;
    Ok(match &clauses[..] {
        [] => capability.to_owned(),
        [clause] => clause.clone(),
        clauses => format!("({})", clauses.join(" with ")),
    })
}

struct Rpm<'a> {
    capability: &'a str,
}

impl Rpm<'_> {
    fn clause(&self, operator: &str, version: &str) -> String {
        format!("{} {operator} {version}", self.capability)
    }
}

impl Dialect for Rpm<'_> {
    fn exactly(&self, version: &Version) -> Vec<(Place, String)> {
        vec![(Place::Lower, self.clause("=", &provide(version)))]
    }

    fn not(&self, version: &Version) -> String {
        let version = provide(version);
        self.either(&self.clause("<", &version), &self.clause(">", &version))
    }

    fn at_least(&self, version: &Version) -> String {
        self.clause(">=", &provide(version))
    }

    fn at_most(&self, version: &Version) -> String {
        self.clause("<=", &provide(version))
    }

    /// PEP 440: `>V` excludes the post-releases of a final V; they sort below `V.0`.
    fn more_than(&self, version: &Version) -> String {
        let zero = if bounds::is_final(version) { ".0" } else { "" };
        self.clause(">", &format!("{}{zero}", provide(version)))
    }

    fn less_than(&self, version: &Version) -> String {
        let start = if version.post().is_some() && version.dev().is_none() { "~~" } else { "" };
        self.clause("<", &format!("{}{start}", provide(version)))
    }

    fn since_start_of(&self, version: &Version) -> String {
        self.clause(">=", &format!("{}~~", base(version)))
    }

    fn before_start_of(&self, version: &Version) -> String {
        self.clause("<", &format!("{}~~", base(version)))
    }

    fn either(&self, below: &str, above: &str) -> String {
        format!("({below} or {above})")
    }
}

/// Whether a package that provides `name` in version `provided` satisfies a dependency on its own.
pub fn satisfied(dependency: &str, name: &str, provided: &str) -> Result<bool, RelationError> {
    let refuse = |problem| RelationError::Dependency { text: dependency.to_owned(), problem };
    let spaced = spaced(dependency);
    let mut words = spaced.split_whitespace().peekable();
    let answer = evaluate(&mut words, name, provided).map_err(refuse)?;
    match words.next() {
        None => Ok(answer),
        Some(_) => Err(refuse("text follows its end")),
    }
}

/// The capabilities that a dependency names.
pub fn names(dependency: &str) -> BTreeSet<String> {
    let spaced = spaced(dependency);
    let mut names = BTreeSet::new();
    let mut words = spaced.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "(" | ")" | "with" | "and" | "or" => {}
            "<" | "<=" | "=" | ">=" | ">" => drop(words.next()),
            name => drop(names.insert(name.to_owned())),
        }
    }
    names
}

/// The dependency with blanks around the parentheses that group; those in names stay.
fn spaced(dependency: &str) -> String {
    let mut text = String::new();
    let mut in_name = 0;
    for c in dependency.chars() {
        let groups = text.is_empty() || text.ends_with(' ');
        match c {
            '(' if in_name == 0 && groups => text += " ( ",
            '(' => {
                in_name += 1;
                text.push(c);
            }
            ')' if in_name > 0 => {
                in_name -= 1;
                text.push(c);
            }
            ')' => text += " ) ",
            _ => text.push(c),
        }
    }
    text
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn evaluate(words: &mut Words<'_>, name: &str, provided: &str) -> Result<bool, &'static str> {
    match words.next().ok_or("it ends too early")? {
        "(" => {
            let mut answer = evaluate(words, name, provided)?;
            let mut joined_by = None;
            loop {
                let word = words.next().ok_or("a parenthesis is not closed")?;
                if word == ")" {
                    return Ok(answer);
                }
                if joined_by.is_some_and(|operator| operator != word) {
                    return Err("different operators need parentheses");
                }
                joined_by = Some(word);
                let next = evaluate(words, name, provided)?;
                answer = match word {
                    "with" | "and" => answer && next,
                    "or" => answer || next,
                    _ => return Err("its operator is unknown"),
                };
            }
        }
        capability => {
            let is_this = capability == name;
            let Some(operator) = words.next_if(|w| matches!(*w, "<" | "<=" | "=" | ">=" | ">"))
            else {
                return Ok(is_this);
            };
            let bound = words.next().ok_or("a version is missing")?;
            let order = compare_evr(provided, bound);
            Ok(is_this
                && match operator {
                    "<" => order == Ordering::Less,
                    "<=" => order != Ordering::Greater,
                    "=" => order == Ordering::Equal,
                    ">=" => order != Ordering::Less,
                    _ => order == Ordering::Greater,
                })
        }
    }
}
