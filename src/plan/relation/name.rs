//! What relations may name. Every text from outside becomes one of these types, or no relation.

use std::{fmt, ops::Deref};

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RelationError;

/// The longest name of a package, capability or library, in bytes.
const LIMIT: usize = 255;

/// A package or capability, as relations of any format name it: one name with one bound of its
/// version at most, or several of them as alternatives.
///
/// ```text
/// git    /usr/bin/git    libpq.so.5()(64bit)    pkgconfig(libpq)    python3:any
/// git >= 2    git (>= 2)    libmagic1 | libmagic1t64    (rubygems or ruby >= 3)
/// ```
///
/// What a format does not have is refused when the relation is written in its syntax.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct CapabilityName(String);

/// The name of a shared library or of a symbol version: letters, digits and `._+-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct LibraryName(String);

impl CapabilityName {
    /// Parses a text from outside.
    ///
    /// # Errors
    /// Control characters, commas, lists, unbalanced parentheses and whatever else is not a name.
    pub fn parse(text: &str) -> Result<Self, RelationError> {
        let inside = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let is_valid = match inside {
            Some(inside) => inside.contains(" or ") && inside.split(" or ").all(is_bounded),
            None => text.split(" | ").all(is_bounded),
        };
        if is_valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(RelationError::Dependency {
                text: shown(text),
                problem: "expected the name of a package, and at most one bound of its version",
            })
        }
    }
}

impl LibraryName {
    /// Parses a text from outside.
    ///
    /// # Errors
    /// Any character beside letters, digits and `._+-`.
    pub fn parse(text: &str) -> Result<Self, RelationError> {
        let is_valid = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && text.len() <= LIMIT
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c));
        if is_valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(RelationError::Dependency {
                text: shown(text),
                problem: "expected the name of a library",
            })
        }
    }
}

/// The beginning of a text that is refused, without anything that a terminal would obey.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(LIMIT).flat_map(char::escape_debug).collect()
}

/// A name alone, `NAME OPERATOR VERSION` or `NAME (OPERATOR VERSION)`.
fn is_bounded(text: &str) -> bool {
    match text.split_once(' ') {
        None => is_name(text),
        Some((name, bound)) => {
            let inside = bound.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
            let (operator, version) = inside.unwrap_or(bound).split_once(' ').unwrap_or_default();
            let operators = ["<", "<<", "<=", "=", ">=", ">>", ">"];
            is_name(name) && operators.contains(&operator) && is_version(version)
        }
    }
}

/// A name: what stands outside of parentheses, and any number of short words in parentheses behind
/// it. Parentheses do not nest.
pub(crate) fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._+-/:".contains(c);
    let (stem, marks) = name.split_once('(').unwrap_or((name, ")"));
    let mut words = marks.strip_suffix(')').into_iter().flat_map(|marks| marks.split(")("));
    let is_word = |word: &str| word.chars().all(|c| is_part(c) || "[]_".contains(c));
    name.len() <= LIMIT
        && stem.starts_with(|c: char| c.is_ascii_alphanumeric() || "_/".contains(c))
        && stem.chars().all(|c| is_part(c) || c == '_')
        && marks.ends_with(')')
        && words.all(is_word)
}

pub(crate) fn is_version(version: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._+-~^:".contains(c);
    version.starts_with(|c: char| c.is_ascii_alphanumeric())
        && version.len() <= LIMIT
        && version.chars().all(is_part)
}

macro_rules! text {
    ($($name:ident),+) => {$(
        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = RelationError;

            fn try_from(text: String) -> Result<Self, RelationError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    )+};
}

text!(CapabilityName, LibraryName);

#[cfg(test)]
mod tests {
    use super::{CapabilityName, LibraryName};

    #[test]
    fn capabilities_are_one_name_with_one_bound_or_alternatives() {
        for good in [
            "git",
            "/usr/bin/git",
            "libpq.so.5()(64bit)",
            "libc.so.6(GLIBC_2.17)(64bit)",
            "pkgconfig(libpq)",
            "python3.13dist(requests[socks])",
            "python3:any",
            "git >= 1:2.0~rc1",
            "git (>= 2)",
            "libmagic1 | libmagic1t64",
            "a (>= 1) | b",
            "(a or b >= 2)",
        ] {
            assert!(CapabilityName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            " ",
            "a b",
            "a, b",
            "a,b",
            "(a)",
            "(a or b",
            "(a with b)",
            "(a or b or )",
            "a >= ",
            "a >= 1 b",
            "a == 1",
            "a (>= 1",
            "a (>= 1) b",
            "%(x)",
            "a\nb",
            "a\0",
            "a\u{85}b",
            "-a",
            "a |b",
            "a | ",
            "a(b(c))",
            "a()b",
            "a)",
            "a(",
            "a(b c)",
            "${misc:Depends}",
            "a [amd64]",
            "a <!nocheck>",
            "é",
            "a >= 1\u{a0}",
            "a\u{200b}",
        ] {
            assert!(CapabilityName::parse(bad).is_err(), "{bad}");
        }
        assert!(CapabilityName::parse(&"a".repeat(300)).is_err());
        let error = CapabilityName::parse("a\u{1b}[31m, b").unwrap_err().to_string();
        assert!(error.contains(r"`a\u{1b}[31m, b`"), "{error}");
    }

    #[test]
    fn libraries_are_plain_names() {
        for good in ["libstdc++.so.6", "ld-linux-x86-64.so.2", "GLIBC_2.17", "_x"] {
            assert!(LibraryName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "lib x.so",
            "lib.so, bash",
            "/tmp/lib.so",
            "$ORIGIN/x.so",
            "lib.so(1)",
            "lib\0",
            "-l",
            "lib\u{fffd}.so",
        ] {
            assert!(LibraryName::parse(bad).is_err(), "{bad}");
        }
    }
}
