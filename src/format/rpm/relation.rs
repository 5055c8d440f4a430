//! rpm dependencies. Source: rpm's manual, "Dependencies" and "Boolean dependencies".
//!
//! Several bounds on one capability are joined by `with`, never by `and`: two packages that
//! provide it in different versions must not satisfy a range together.

use std::{cmp::Ordering, collections::BTreeSet};

use pep440_rs::{Version, VersionSpecifiers};

use super::version::{base, compare_evr, provide};
use crate::{
    format::bounds::{self, ClausePosition, Dialect, clauses},
    plan::relation::{
        RelationError,
        name::{is_name, is_version, shown},
    },
};

/// The dependency on `capability` within the specifiers.
///
/// # Errors
/// A specifier cannot be expressed.
pub(crate) fn dependency(
    capability: &str,
    specifiers: &VersionSpecifiers,
) -> Result<String, RelationError> {
    let clauses = clauses(specifiers, &RpmBounds { capability })?;
    Ok(match &clauses[..] {
        [] => capability.to_owned(),
        [clause] => clause.clone(),
        clauses => format!("({})", clauses.join(" with ")),
    })
}

struct RpmBounds<'a> {
    capability: &'a str,
}

impl RpmBounds<'_> {
    fn clause(&self, operator: &str, version: &str) -> String {
        format!("{} {operator} {version}", self.capability)
    }
}

impl Dialect for RpmBounds<'_> {
    fn exactly(&self, version: &Version) -> Vec<(ClausePosition, String)> {
        vec![(ClausePosition::Lower, self.clause("=", &provide(version)))]
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

/// The operators between dependencies in parentheses. Source: rpm's manual, "Boolean dependencies".
const BOOLEAN: [&str; 7] = ["and", "else", "if", "or", "unless", "with", "without"];

/// Checks that rpm reads one relation, and nothing else, where `text` stands: `NAME`,
/// `NAME OPERATOR EVR`, or a rich dependency in parentheses where `may_be_rich`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(text: &str, may_be_rich: bool) -> Result<(), RelationError> {
    let refuse = |problem| RelationError::Dependency { text: shown(text), problem };
    if !text.starts_with('(') {
        let words: Vec<&str> = text.split(' ').collect();
        return if is_simple(&words) {
            Ok(())
        } else {
            Err(refuse("expected a name, or a name, an operator and a version"))
        };
    }
    if !may_be_rich {
        return Err(refuse("only dependencies may be in parentheses"));
    }
    if text.chars().any(|c| c.is_control() || c == ',') {
        return Err(refuse("expected one dependency"));
    }
    let spaced = spaced(text);
    let mut words = spaced.split_whitespace().peekable();
    rich(&mut words).map_err(refuse)?;
    match words.next() {
        None => Ok(()),
        Some(_) => Err(refuse("text follows its end")),
    }
}

fn is_simple(words: &[&str]) -> bool {
    match words {
        [name] => is_name(name),
        [name, operator, version] => is_name(name) && is_operator(operator) && is_version(version),
        _ => false,
    }
}

fn is_operator(word: &str) -> bool {
    matches!(word, "<" | "<=" | "=" | ">=" | ">")
}

/// One operand: a dependency, or several in parentheses with operators between them.
fn rich(words: &mut RelationTokens<'_>) -> Result<(), &'static str> {
    let first = words.next().ok_or("it ends too early")?;
    if first != "(" {
        let bound: Vec<&str> = match words.next_if(|word| is_operator(word)) {
            Some(operator) => vec![first, operator, words.next().ok_or("a version is missing")?],
            None => vec![first],
        };
        let is_valid = is_simple(&bound) && !BOOLEAN.contains(&first);
        return if is_valid { Ok(()) } else { Err("it names something that is not a package") };
    }
    let mut operands = 0;
    loop {
        rich(words)?;
        operands += 1;
        match words.next().ok_or("a parenthesis is not closed")? {
            ")" if operands > 1 => return Ok(()),
            word if BOOLEAN.contains(&word) => {}
            _ => return Err("its operator is unknown"),
        }
    }
}

/// Whether a package that provides `name` in version `provided` satisfies a dependency on its own.
///
/// # Errors
/// The dependency is not a valid relation.
pub(crate) fn satisfied(
    dependency: &str,
    name: &str,
    provided: &str,
) -> Result<bool, RelationError> {
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
pub(crate) fn names(dependency: &str) -> BTreeSet<String> {
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

type RelationTokens<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn evaluate(
    words: &mut RelationTokens<'_>,
    name: &str,
    provided: &str,
) -> Result<bool, &'static str> {
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
            let Some(operator) = words.next_if(|word| is_operator(word)) else {
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
