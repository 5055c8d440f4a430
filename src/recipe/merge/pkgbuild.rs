//! Relations as they are in a PKGBUILD: arrays of a shell. Source: PKGBUILD(5).

use super::statement::{Piece, Statement};
use crate::format::shell_word;

/// The arrays that are sets of relations.
const ARRAYS: [&str; 7] =
    ["depends", "makedepends", "checkdepends", "optdepends", "provides", "conflicts", "replaces"];

/// Takes a text apart. Relations are those of the assignments at its beginning: functions, conditions
/// and all behind them are lines.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((name, array)) = assignment(rest) {
        let length = array.as_ref().map_or_else(|| line_end(rest), |array| array.length);
        match (ARRAYS.into_iter().find(|known| Some(*known) == name), array) {
            (Some(tag), Some(array)) => pieces.push(Piece::Field {
                tag: tag.to_owned(),
                statements: array.statements(tag),
                raw: rest[..length].to_owned(),
            }),
            _ => pieces.extend(rest[..length].split_inclusive('\n').map(Piece::Line)),
        }
        rest = &rest[length..];
    }
    pieces.extend(rest.split_inclusive('\n').map(Piece::Line));
    pieces
}

/// Whether every array of relations in a text is plain and there once; else the text is merged by
/// lines.
pub(super) fn is_plain(text: &str) -> bool {
    let mut seen = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Field { tag, .. } if seen.contains(&tag) => return false,
            Piece::Field { tag, .. } => seen.push(tag),
            Piece::Line(line) => {
                let is_array = |tag: &str| line.trim_start().starts_with(&format!("{tag}=("));
                if ARRAYS.iter().any(|tag| is_array(tag)) {
                    return false;
                }
            }
            Piece::Statement(_) => {}
        }
    }
    true
}

/// The array that a generated comment is about: `# depends 'git' 'why'`.
pub(super) fn explained(line: &str) -> Option<&'static str> {
    let word = line.strip_prefix("# ")?.split(' ').next()?;
    ARRAYS.into_iter().find(|known| *known == word)
}

fn line_end(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |at| at + 1)
}

/// What a text begins with: a blank line or a comment, which have no name, or an assignment, with its
/// elements where it is of an array; nothing for all else.
fn assignment(text: &str) -> Option<(Option<&str>, Option<Array>)> {
    let line = text.get(..line_end(text)).filter(|line| !line.is_empty())?;
    if line.trim().is_empty() || line.starts_with('#') {
        return Some((None, None));
    }
    let (name, value) = line.split_once('=')?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty();
    if !is_name {
        return None;
    }
    if value.starts_with('(') {
        return Some((Some(name), Some(Array::read(&text[name.len() + 2..], name.len() + 2)?)));
    }
    let goes_on = value.trim_end().ends_with('\\') || value.contains("<<");
    (!goes_on).then_some((Some(name), None))
}

/// The elements of an array.
struct Array {
    elements: Vec<Element>,
    /// Of the whole assignment with its line feed, in bytes.
    length: usize,
}

struct Element {
    text: String,
    /// The lines of comments above.
    above: Vec<String>,
    /// A comment behind it on its line.
    behind: String,
}

impl Array {
    /// Reads up to the closing bracket; `start` is where `text` begins in the assignment. Nothing
    /// where a shell would have to expand anything, or something stands behind the array.
    fn read(text: &str, start: usize) -> Option<Self> {
        let (mut elements, mut above): (Vec<Element>, Vec<String>) = (Vec::new(), Vec::new());
        let (mut at, mut is_own_line) = (0, false);
        loop {
            let rest = &text[at..];
            match rest.chars().next()? {
                '\n' => {
                    is_own_line = true;
                    at += 1;
                }
                c if c.is_whitespace() => at += c.len_utf8(),
                '#' => {
                    let comment = rest[..line_end(rest)].trim_end().to_owned();
                    at += comment.len();
                    match elements.last_mut().filter(|_| !is_own_line) {
                        Some(element) => element.behind = format!(" {comment}"),
                        None => above.push(format!("  {comment}\n")),
                    }
                }
                ')' => {
                    let end = line_end(rest);
                    let is_end = rest[1..end].trim().is_empty() && above.is_empty();
                    return is_end.then_some(Self { elements, length: start + at + end });
                }
                _ => {
                    let (text, length) = word(rest)?;
                    let above = std::mem::take(&mut above);
                    elements.push(Element { text, above, behind: String::new() });
                    is_own_line = false;
                    at += length;
                }
            }
        }
    }

    fn statements(self, tag: &str) -> Vec<Statement> {
        let statement = |Element { text, mut above, behind }: Element| {
            above.push(format!("  {}{behind}\n", shell_word(&text)));
            Statement { tag: tag.to_owned(), text, lines: above }
        };
        self.elements.into_iter().map(statement).collect()
    }
}

/// The word that a text begins with, as a shell takes it, and its length there in bytes; nothing
/// where a shell would expand it.
fn word(text: &str) -> Option<(String, usize)> {
    const SPECIAL: &str = "(<>;&|$`*?[{\\~";
    let (mut word, mut at) = (String::new(), 0);
    while let Some(c) = text[at..].chars().next() {
        match c {
            '\'' | '"' => {
                let inside = &text[at + 1..];
                let inside = &inside[..inside.find(c)?];
                if c == '"' && inside.contains(['$', '`', '\\']) {
                    return None;
                }
                word += inside;
                at += inside.len() + 2;
            }
            '\\' if text[at..].starts_with("\\'") => {
                word.push('\'');
                at += 2;
            }
            c if c.is_whitespace() || c == ')' => break,
            c if SPECIAL.contains(c) => return None,
            c => {
                word.push(c);
                at += c.len_utf8();
            }
        }
    }
    Some((word, at))
}

/// An array with these elements.
pub(super) fn written(tag: &str, statements: &[&Statement]) -> String {
    let lines: String = statements.iter().flat_map(|one| &one.lines).map(String::as_str).collect();
    format!("{tag}=(\n{lines})\n")
}

/// Where an array belongs in a text that has no place for it: before the assignments that follow
/// relations, or at the end.
pub(super) fn place(text: &str) -> usize {
    const BEHIND: [&str; 4] = ["backup=", "install=", "options=", "source="];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if BEHIND.iter().any(|name| line.starts_with(name)) {
            break;
        }
        at += line.len();
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_read_as_a_shell_reads_them() {
        let texts = |text: &str| {
            let array = Array::read(text, 0)?;
            Some(array.elements.into_iter().map(|one| one.text).collect::<Vec<_>>())
        };
        let found =
            texts(" 'python>=3.14' \"a b\" 'it'\\''s' x:y # why (really)\n  # own\n z\n)\n");
        assert_eq!(found.unwrap(), ["python>=3.14", "a b", "it's", "x:y", "z"]);
        for text in [
            "$pkgver)\n",
            "\"$x\")\n",
            "`x`)\n",
            "a*)\n",
            "'open)\n",
            "{a,b})\n",
            "a) # mine\n",
            "a); b=(c)\n",
            "a\n  # last\n)\n",
            "a\n",
        ] {
            assert!(texts(text).is_none(), "{text}");
        }
    }

    #[test]
    fn only_assignments_at_the_beginning_are_relations() {
        for (text, is_plain_text) in [
            ("a=1\n\n# x\nsource=(\n  \"$_wheel\"\n)\n", true),
            ("depends=(a)\npackage() {\n  cd x\n}\n", true),
            ("depends=(a)\npackage() {\nmakedepends=(git)\n}\n", false),
            ("if true; then\nmakedepends=(gcc)\nfi\n", false),
            ("depends=(a)\ndepends=(b)\n", false),
            ("cat <<X\nprovides=(a)\nX\n", false),
            ("true || \\\ndepends=(git)\n", false),
            ("depends=(a) # mine\n", false),
        ] {
            assert_eq!(is_plain(text), is_plain_text, "{text}");
        }
    }
}
