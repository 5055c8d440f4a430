//! Environment markers.
//!
//! The marker type's own parser panics on `'text' ~= os_name`, takes comparisons that it does not
//! understand for true, and needs blanks around words. So a marker is read here first, each
//! comparison brought to a form whose meaning that parser shares with `packaging`, and only the
//! rewritten text handed on.
//! Source: PyPA dependency specifiers (PEP 508), as `packaging` 26 evaluates them.

use std::{collections::BTreeSet, str::FromStr};

use pep440_rs::{Version, VersionPattern, VersionSpecifier};
use pep508_rs::{ExtraName, MarkerEnvironment, MarkerTree};

use crate::artifact::extra_name;

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

/// Comparisons that are the same everywhere.
const TRUE: &str = "python_version >= '0'";
const FALSE: &str = "python_version < '0'";

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

/// What a variable of the environment holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Version,
    Extra,
    /// What was asked for, in a lock file.
    Extras,
    Groups,
}

/// The canonical name and the kind of a variable, also by its older names (PEP 345).
fn variable(word: &str) -> Option<(&'static str, Kind)> {
    Some(match word {
        "os_name" | "os.name" => ("os_name", Kind::Text),
        "sys_platform" | "sys.platform" => ("sys_platform", Kind::Text),
        "platform_machine" | "platform.machine" => ("platform_machine", Kind::Text),
        "platform_python_implementation"
        | "platform.python_implementation"
        | "python_implementation" => ("platform_python_implementation", Kind::Text),
        "platform_release" => ("platform_release", Kind::Text),
        "platform_system" => ("platform_system", Kind::Text),
        "platform_version" | "platform.version" => ("platform_version", Kind::Text),
        "implementation_name" => ("implementation_name", Kind::Text),
        "implementation_version" => ("implementation_version", Kind::Version),
        "python_version" => ("python_version", Kind::Version),
        "python_full_version" => ("python_full_version", Kind::Version),
        "extra" => ("extra", Kind::Extra),
        "extras" => ("extra", Kind::Extras),
        "dependency_groups" => ("extra", Kind::Groups),
        _ => return None,
    })
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
            other => return Err(format!("{} is no comparison operator", other.describe())),
        };
        let right = self.next()?;
        let known = ["<", "<=", "!=", "==", ">=", ">", "~=", "===", "in", "not in"];
        if !known.contains(&operator) {
            return Err(format!("`{operator}` is no comparison operator"));
        }
        let (word, value, inverted) = match (left, right) {
            (Token::Word(word), Token::Quoted(value)) => (word, value, false),
            (Token::Quoted(value), Token::Word(word)) => (word, value, true),
            _ => {
                let (left, right) = (left.describe(), right.describe());
                return Err(format!("{left} and {right} are not a variable and a quoted text"));
            }
        };
        let is_known =
            |kind: &Kind| !matches!(kind, Kind::Extras | Kind::Groups) || self.is_of_lock;
        let (name, kind) = variable(word)
            .filter(|(_, kind)| is_known(kind))
            .ok_or_else(|| format!("`{word}` is no marker variable here"))?;
        let comparison = Comparison { name, operator, value, inverted };
        let text = match kind {
            Kind::Text => comparison.text(),
            Kind::Version => comparison.version(),
            Kind::Extra => comparison.extra(),
            Kind::Extras => comparison.is_among(extra_name(value)),
            Kind::Groups => comparison.is_among(group_as_extra(value)),
        }?;
        if matches!(kind, Kind::Extra | Kind::Extras | Kind::Groups) {
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

fn constant(holds: bool) -> String {
    if holds { TRUE } else { FALSE }.to_owned()
}

/// A variable compared with a quoted text; `inverted` where the text stands on the left.
struct Comparison<'a> {
    name: &'static str,
    operator: &'a str,
    value: &'a str,
    inverted: bool,
}

impl Comparison<'_> {
    fn undefined(&self) -> String {
        let Self { name, operator, value, .. } = self;
        format!("`{operator}` is not defined for `{name}` and `{value}`")
    }

    /// The comparison as it was, with the quotes that its value allows.
    fn write(&self, operator: &str) -> String {
        let Self { name, value, inverted, .. } = self;
        let quote = if value.contains('\'') { '"' } else { '\'' };
        if *inverted {
            format!("{quote}{value}{quote} {operator} {name}")
        } else {
            format!("{name} {operator} {quote}{value}{quote}")
        }
    }

    /// Texts are equal or not, or one is part of the other; no text is before another.
    fn text(&self) -> Result<String, String> {
        match self.operator {
            "==" | "!=" | "in" | "not in" => Ok(self.write(self.operator)),
            "<=" | ">=" => Ok(self.write("==")),
            "<" | ">" => Ok(FALSE.to_owned()),
            _ => Err(self.undefined()),
        }
    }

    fn version(&self) -> Result<String, String> {
        match self.operator {
            "in" | "not in" => self.version_in(),
            _ if self.inverted => self.inverted_version(),
            "===" if Version::from_str(self.value).is_ok() => Ok(self.write("==")),
            "===" => Ok(FALSE.to_owned()),
            operator => {
                let text = format!("{operator}{}", self.value);
                if VersionSpecifier::from_str(&text).is_ok() {
                    return Ok(self.write(operator));
                }
                if VersionPattern::from_str(self.value).is_ok() || operator == "~=" {
                    return Err(self.undefined());
                }
                // Compared as texts, of which the environment's is always another one.
                Ok(constant(operator == "!="))
            }
        }
    }

    /// `'3.9' <= python_version`: the environment's version is the bound.
    fn inverted_version(&self) -> Result<String, String> {
        let is_version = Version::from_str(self.value).is_ok_and(|version| !version.is_local());
        match self.operator {
            "~=" => Err(self.undefined()),
            "===" if is_version => Ok(self.write("==")),
            operator if is_version => Ok(self.write(operator)),
            _ => Ok(FALSE.to_owned()),
        }
    }

    /// By definition the search of a text in a text; `python_version in '2.7, 3.0'` is read as a
    /// list of versions, `'3.' in python_version` as the version's beginning.
    fn version_in(&self) -> Result<String, String> {
        let is_in = self.operator == "in";
        if self.inverted {
            let prefix = self.value.trim_end_matches('.');
            let operator = if is_in { "==" } else { "!=" };
            let text = format!("{} {operator} '{prefix}.*'", self.name);
            let is_prefix = VersionSpecifier::from_str(&format!("=={prefix}.*")).is_ok();
            return Ok(if is_prefix { text } else { constant(!is_in) });
        }
        let list = self.value.replace(',', " ");
        if list.split_whitespace().any(|word| Version::from_str(word).is_err()) {
            return Ok(constant(!is_in));
        }
        Ok(Comparison { value: &list, ..*self }.write(self.operator))
    }

    /// Whether a name is among those asked for.
    fn is_among(&self, name: Option<ExtraName>) -> Result<String, String> {
        let name = name.filter(|_| self.inverted).ok_or_else(|| self.undefined())?;
        match self.operator {
            "in" => Ok(format!("extra == '{name}'")),
            "not in" => Ok(format!("extra != '{name}'")),
            _ => Err(self.undefined()),
        }
    }

    /// An extra is asked for or not; one that no project can have is never asked for.
    fn extra(&self) -> Result<String, String> {
        match (self.operator, extra_name(self.value)) {
            ("==" | "!=", Some(_)) => Ok(self.write(self.operator)),
            ("==" | "<" | ">" | "<=" | ">=", _) => Ok(FALSE.to_owned()),
            ("!=", None) => Ok(TRUE.to_owned()),
            _ => Err(self.undefined()),
        }
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
