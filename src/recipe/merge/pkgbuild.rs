//! Relations as they stand in a PKGBUILD: arrays of a shell. Source: PKGBUILD(5).

use super::statement::{Piece, Statement};
use crate::format::shell_word;

/// The arrays that are sets of relations.
const ARRAYS: [&str; 7] =
    ["depends", "makedepends", "checkdepends", "optdepends", "provides", "conflicts", "replaces"];

/// Takes a text apart. An array that a shell would have to expand is lines like others.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((tag, raw)) = array(rest)
            && let Some(statements) = statements(tag, raw)
        {
            pieces.push(Piece::Field { tag: tag.to_owned(), statements, raw: raw.to_owned() });
            rest = &rest[raw.len()..];
            continue;
        }
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        pieces.push(Piece::Line(&rest[..end]));
        rest = &rest[end..];
    }
    pieces
}

/// Whether every array of relations in a text is plain; else it is merged by lines.
pub(super) fn is_plain(text: &str) -> bool {
    pieces(text).iter().all(|piece| match piece {
        Piece::Line(line) => !ARRAYS.iter().any(|tag| line.starts_with(&format!("{tag}=("))),
        Piece::Statement(_) | Piece::Field { .. } => true,
    })
}

/// An array that a text begins with: its name, and its lines up to the closing bracket.
fn array(text: &str) -> Option<(&str, &str)> {
    let (tag, inside) = text.split_once("=(")?;
    let tag = ARRAYS.into_iter().find(|known| *known == tag)?;
    let mut end = text.len() - inside.len();
    for line in inside.split_inclusive('\n') {
        end += line.len();
        if !line.trim_start().starts_with('#') && line.trim_end().ends_with(')') {
            return Some((tag, &text[..end]));
        }
    }
    None
}

/// The elements, each with the comments right above it; nothing where a word is not plain.
fn statements(tag: &str, raw: &str) -> Option<Vec<Statement>> {
    let inside = raw.split_once('(')?.1.trim_end().strip_suffix(')')?;
    let (mut found, mut comments) = (Vec::new(), Vec::new());
    for line in inside.lines() {
        if line.trim_start().starts_with('#') {
            comments.push(format!("{line}\n"));
            continue;
        }
        for text in words(line)? {
            let mut lines = std::mem::take(&mut comments);
            lines.push(format!("  {}\n", shell_word(&text)));
            found.push(Statement { tag: tag.to_owned(), text, lines });
        }
    }
    comments.is_empty().then_some(found)
}

/// The words of a line as a shell takes them; nothing where it would expand any.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let quoted = match c {
            c if c.is_whitespace() => {
                is_open = false;
                continue;
            }
            '\'' | '"' => {
                let rest = chars.as_str();
                let end = rest.find(c)?;
                chars = rest[end + 1..].chars();
                rest[..end].to_owned()
            }
            '\\' => chars.next()?.to_string(),
            c => c.to_string(),
        };
        let is_plain =
            c == '\'' || c == '\\' || !quoted.contains(['$', '`', '*', '?', '[', '{', '\\']);
        if !is_plain {
            return None;
        }
        match words.last_mut().filter(|_| is_open) {
            Some(word) => *word += &quoted,
            None => words.push(quoted),
        }
        is_open = true;
    }
    Some(words)
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
    fn words_are_those_of_a_shell() {
        let found = |line: &str| words(line);
        let plain = ["python>=3.14", "a b", "it's", "x:y"].map(str::to_owned);
        assert_eq!(found(r#" 'python>=3.14' "a b" 'it'\''s' x:y"#), Some(plain.to_vec()));
        for line in ["$pkgver", "\"$x\"", "`x`", "a*", "'open", "{a,b}"] {
            assert_eq!(found(line), None, "{line}");
        }
    }
}
