//! Text from outside, made safe to hold: it passes into plans, recipes and terminals only through
//! these types.

mod difference;
mod hidden;
mod member_name;
pub mod serialised;
mod suggestion;

use std::fmt;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

pub use difference::unified;
pub use hidden::{is_hidden, shown, without_hidden};
pub use member_name::{escaped, has_words, member_name_problem};
pub use suggestion::{nearest, suggested, unknown_key};

/// An error and its causes, each once.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

/// A number of things whose name takes an `s` in the plural: `1 file`, `2 files`.
pub fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// The number of the line, counted from 1, on which the byte at `offset` stands.
pub fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// Whether a name is of lower case letters, digits and hyphens, and begins with a letter: what
/// plugins and packs of templates are called.
pub fn is_plain_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(is_plain)
}

/// The most characters that a [`OneLine`] keeps.
const ONE_LINE_LIMIT: usize = 200;
/// The most characters that a [`Paragraph`] keeps.
const PARAGRAPH_LIMIT: usize = 100_000;

/// One line of text: no control or invisible formatting characters, white space folded, trimmed,
/// NFC, at most 200 characters.
///
/// It is still only text: a format's escape function has the last word before it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(from = "String", into = "String")]
pub struct OneLine(String);

impl OneLine {
    /// Cleans `raw`; the answer may be empty.
    pub fn new(raw: &str) -> Self {
        let blank = |c: char| if c.is_whitespace() || is_line_end(c) { ' ' } else { c };
        let visible: String = raw.chars().map(blank).filter(|c| !is_hidden(*c)).collect();
        let folded = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        let clean: String = folded.nfc().collect();
        Self(cut(clean.trim(), ONE_LINE_LIMIT).trim_end().trim_end_matches('\\').to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for OneLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for OneLine {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl From<&str> for OneLine {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<OneLine> for String {
    fn from(line: OneLine) -> Self {
        line.0
    }
}

/// Lines of text: no control or invisible formatting characters but line feeds, no blanks at the
/// ends of lines, no empty lines at either end, NFC, at most 100,000 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(from = "String", into = "String")]
pub struct Paragraph(String);

impl Paragraph {
    /// Cleans `raw`; the answer may be empty.
    pub fn new(raw: &str) -> Self {
        let unified = raw.replace("\r\n", "\n").replace(is_line_end, "\n").replace('\t', "    ");
        let clean: String =
            unified.chars().filter(|c| *c == '\n' || !is_hidden(*c)).nfc().collect();
        let lines: Vec<&str> = cut(&clean, PARAGRAPH_LIMIT)
            .lines()
            .map(|line| line.trim_end_matches(|c: char| c.is_whitespace() || c == '\\'))
            .collect();
        let text = lines.join("\n");
        Self(text.trim_matches('\n').to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Paragraph {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl From<Paragraph> for String {
    fn from(text: Paragraph) -> Self {
        text.0
    }
}

/// Everything that some reader takes for the end of a line.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The first `limit` characters.
fn cut(text: &str, limit: usize) -> &str {
    text.char_indices().nth(limit).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_folds_every_line_end_and_drops_controls() {
        let line = OneLine::new(" a\u{2028}b\r\n\tc\x1b[31m \u{202e}d\\ ");
        assert_eq!(line.as_str(), "a b c[31m d");
        assert!(OneLine::new("\u{ad}\u{fe0f} \u{e0041}\u{2066}").is_empty());
        // Nothing is left between words that were apart.
        assert_eq!(OneLine::new("a \u{200b} b").as_str(), "a b");
    }

    #[test]
    fn one_line_is_cut_at_its_limit() {
        assert_eq!(OneLine::new(&"é".repeat(5_000)).as_str().chars().count(), ONE_LINE_LIMIT);
    }

    #[test]
    fn paragraph_keeps_lines_and_loses_trailing_backslashes() {
        let text = Paragraph::new("\n\na \\ \r\nb\u{85}c\x00\n\n");
        assert_eq!(text.as_str(), "a\nb\nc");
    }

    #[test]
    fn deserialising_cleans_too() {
        let line: OneLine = serde_json::from_str(r#""x\ny""#).unwrap();
        assert_eq!(line.as_str(), "x y");
    }
}
