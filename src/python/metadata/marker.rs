//! Environment markers.
//!
//! The marker type's own parser panics on `'text' ~= os_name`, takes comparisons that it does not
//! understand for true, and needs blanks around words. So a marker is read here first, each
//! comparison brought to a form whose meaning that parser shares with `packaging`, and only the
//! rewritten text handed on.
//! Source: PyPA dependency specifiers (PEP 508), as `packaging` 26 evaluates them.

use std::{collections::BTreeSet, str::FromStr};

use pep508_rs::{ExtraName, MarkerEnvironment, MarkerTree};

use super::comparison::{MarkerComparison, variable};
use crate::python::artifact::extra_name;

/// The deepest nesting of parentheses.
const DEPTH_LIMIT: usize = 100;
/// The longest marker, in bytes.
const LENGTH_LIMIT: usize = 16_384;
/// The most comparisons where `and` and `or` are mixed, and the most extras among them: the
/// decision diagram behind a marker may grow exponentially with them.
const MIXED_LIMIT: usize = 64;
const MIXED_EXTRA_LIMIT: usize = 24;

/// What separates words.
const BLANKS: [char; 2] = [' ', '\t'];

/// Whether a marker holds on `environment` with `extras` asked for.
pub fn evaluate(
    marker: &MarkerTree,
    environment: &MarkerEnvironment,
    extras: &[ExtraName],
) -> bool {
    marker.evaluate(environment, extras)
}

/// Parses a marker such as `python_version < '3.10' and extra == 'test'`.
///
/// # Errors
/// What cannot be read, is not defined (`os_name ~= 'x'`), or is too large to be honest.
pub fn parse_marker(text: &str) -> Result<MarkerTree, String> {
    parse(text, false)
}

/// Parses a marker of a lock file, which may also ask for `'NAME' in extras` and
/// `'NAME' in dependency_groups` (PEP 751). To [`evaluate`], groups are extras named by
/// [`group_as_extra`].
///
/// # Errors
/// As [`parse_marker`].
pub fn parse_lock_marker(text: &str) -> Result<MarkerTree, String> {
    parse(text, true)
}

/// The extra that stands for a dependency group in the marker of a lock file; `None` where the
/// group's name is none.
pub fn group_as_extra(group: &str) -> Option<ExtraName> {
    extra_name(group).and_then(|name| extra_name(&format!("dependency-group-{name}")))
}

fn parse(text: &str, is_of_lock: bool) -> Result<MarkerTree, String> {
    if text.len() > LENGTH_LIMIT {
        return Err(format!("the marker is longer than {LENGTH_LIMIT} bytes"));
    }
    let tokens = scan(text)?;
    let mut rewriter = Rewriter { tokens: &tokens, is_of_lock, ..Rewriter::default() };
    rewriter.any(0)?;
    if let Some(token) = rewriter.peek() {
        return Err(format!("{} is unexpected after the end of the marker", token.describe()));
    }
    rewriter.check_size()?;
    MarkerTree::from_str(&rewriter.out)
        .map_err(|error| format!("the marker cannot be read: {}", error.message))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    Operator(&'a str),
    Word(&'a str),
    Quoted(&'a str),
}

impl Token<'_> {
    fn describe(&self) -> String {
        match self {
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::Operator(text) | Self::Word(text) | Self::Quoted(text) => format!("`{text}`"),
        }
    }
}

fn scan(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(BLANKS);
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '\'' | '"' => {
                let end = rest[1..].find(first).ok_or("a quoted text has no end")?;
                (Token::Quoted(&rest[1..=end]), end + 2)
            }
            '<' | '>' | '=' | '!' | '~' => {
                let end = rest.find(|c| !"<>=!~".contains(c)).unwrap_or(rest.len());
                (Token::Operator(&rest[..end]), end)
            }
            c if c.is_ascii_alphabetic() => {
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.'))
                    .unwrap_or(rest.len());
                (Token::Word(&rest[..end]), end)
            }
            c => return Err(format!("`{c}` is unexpected in a marker")),
        };
        tokens.push(token);
        rest = rest[length..].trim_start_matches(BLANKS);
    }
    Ok(tokens)
}

/// A recursive descent over the tokens that writes the marker anew.
#[derive(Default)]
struct Rewriter<'a> {
    tokens: &'a [Token<'a>],
    is_of_lock: bool,
    at: usize,
    out: String,
    comparisons: usize,
    extras: BTreeSet<ExtraName>,
    has_and: bool,
    has_or: bool,
}

impl<'a> Rewriter<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn next(&mut self) -> Result<Token<'a>, String> {
        let token = self.peek().ok_or("the marker ends too early")?;
        self.at += 1;
        Ok(token)
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(Token::Word(word));
        self.at += usize::from(found);
        found
    }

    /// `all ('or' all)*`
    fn any(&mut self, depth: usize) -> Result<(), String> {
        self.all(depth)?;
        while self.eat_word("or") {
            self.has_or = true;
            self.out.push_str(" or ");
            self.all(depth)?;
        }
        Ok(())
    }

    /// `term ('and' term)*`
    fn all(&mut self, depth: usize) -> Result<(), String> {
        self.term(depth)?;
        while self.eat_word("and") {
            self.has_and = true;
            self.out.push_str(" and ");
            self.term(depth)?;
        }
        Ok(())
    }

    /// `'(' any ')'` or a comparison.
    fn term(&mut self, depth: usize) -> Result<(), String> {
        if self.peek() != Some(Token::Open) {
            return self.comparison();
        }
        if depth == DEPTH_LIMIT {
            return Err(format!("the marker is nested deeper than {DEPTH_LIMIT} levels"));
        }
        self.at += 1;
        self.out.push('(');
        self.any(depth + 1)?;
        match self.next()? {
            Token::Close => self.out.push(')'),
            other => return Err(format!("{} is unexpected before `)`", other.describe())),
        }
        Ok(())
    }

    fn comparison(&mut self) -> Result<(), String> {
        let left = self.next()?;
        let operator = match self.next()? {
            Token::Operator(operator) => operator,
            Token::Word("in") => "in",
            Token::Word("not") if self.eat_word("in") => "not in",
            other => return Err(format!("{} is not a comparison operator", other.describe())),
        };
        let right = self.next()?;
        let known = ["<", "<=", "!=", "==", ">=", ">", "~=", "===", "in", "not in"];
        if !known.contains(&operator) {
            return Err(format!("`{operator}` is not a comparison operator"));
        }
        let (word, value, inverted) = match (left, right) {
            (Token::Word(word), Token::Quoted(value)) => (word, value, false),
            (Token::Quoted(value), Token::Word(word)) => (word, value, true),
            _ => {
                let (left, right) = (left.describe(), right.describe());
                return Err(format!("{left} and {right} are not a variable and a quoted text"));
            }
        };
        let (name, kind) = variable(word, self.is_of_lock)
            .ok_or_else(|| format!("`{word}` is not a valid marker variable"))?;
        let comparison = MarkerComparison { name, kind, operator, value, inverted };
        let text = comparison.rewritten()?;
        if comparison.is_of_extras() {
            self.extras.extend(extra_name(value));
        }
        self.comparisons += 1;
        self.out.push_str(&text);
        Ok(())
    }

    fn check_size(&self) -> Result<(), String> {
        let is_mixed = self.has_and && self.has_or;
        if is_mixed && (self.comparisons > MIXED_LIMIT || self.extras.len() > MIXED_EXTRA_LIMIT) {
            return Err("the marker combines too many comparisons".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_markers_are_refused() {
        let deep = format!("{}os_name == 'a'{}", "(".repeat(3_000), ")".repeat(3_000));
        let mixed: Vec<String> =
            (0..60).map(|i| format!("extra == 'a{i}' and extra == 'b{i}'")).collect();
        for marker in ["", "'x' ~= os_name", "os_name ~= 'x'", "os_name", "é == 'x'", "'a", &deep]
            .into_iter()
            .chain([mixed.join(" or ").as_str()])
        {
            assert!(parse_marker(marker).is_err(), "{marker}");
        }
        let wide: Vec<String> = (0..200).map(|i| format!("extra == 'a{i}'")).collect();
        assert!(parse_marker(&wide.join(" or ")).is_ok());
    }
}
