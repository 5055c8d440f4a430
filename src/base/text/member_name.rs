//! The names of members of archives, which become file names.

use super::is_hidden;

/// The most bytes of a name, of one of its components, and the most components.
const NAME_LIMIT: usize = 1024;
const COMPONENT_LIMIT: usize = 255;
const DEPTH_LIMIT: usize = 64;

/// Why no file may be called like a member of an archive; nothing where one may. The answer is the rest
/// of a sentence.
pub fn member_name_problem(name: &str) -> Option<&'static str> {
    let path = name.strip_suffix('/').unwrap_or(name);
    if path.is_empty() || path.len() > NAME_LIMIT {
        return Some("has an empty or overlong name");
    }
    if path.chars().any(is_invisible) {
        return Some("has control or invisible characters in its name");
    }
    if path.contains('\\') {
        return Some("has a backslash in its name, which some readers take for a slash");
    }
    if path.split('/').count() > DEPTH_LIMIT {
        return Some("lies too deep");
    }
    let leaves = |part: &str| matches!(part, "" | "." | "..") || part.len() > COMPONENT_LIMIT;
    path.split('/').any(leaves).then_some("leaves the archive or has an overlong name")
}

/// Whether a character shows nothing, or changes how its neighbours are shown: hidden ones, and blanks
/// that are not the space.
/// Source: Unicode 17, `White_Space`; U+2800 is the braille pattern without dots.
fn is_invisible(c: char) -> bool {
    is_hidden(c) || c == '\u{2800}' || (c.is_whitespace() && c != ' ')
}

/// Whether a text has a letter or a digit that shows.
pub fn has_words(text: &str) -> bool {
    text.chars().any(|c| c.is_alphanumeric() && !is_invisible(c))
}

/// A text for messages, with what does not show written as `\u{200b}`.
pub fn escaped(text: &str) -> String {
    let escape = |c: char| {
        if is_invisible(c) { c.escape_default().to_string() } else { c.escape_debug().to_string() }
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_files_may_have() {
        for name in ["a", "a/b.py", "a/", "a b/ü.txt", "日本/x", ".hidden", "a..b"] {
            assert_eq!(member_name_problem(name), None, "{name}");
        }
    }

    #[test]
    fn what_does_not_show_is_escaped() {
        assert_eq!(escaped("a\u{200b}\u{fe0f}é\n'"), "a\\u{200b}\\u{fe0f}é\\n\\'");
    }

    #[test]
    fn names_that_no_file_may_have() {
        let deep = "a/".repeat(65);
        let long = "a".repeat(256);
        for name in [
            "",
            "/",
            "/a",
            "../a",
            "a/../b",
            "a//b",
            "./a",
            "a\\b",
            "a\0b",
            "a\nb",
            "a\u{85}b",
            "a\u{200b}",
            "\u{202e}a",
            "a\u{2066}b",
            "\u{feff}a",
            "a\u{fe0f}",
            "a\u{ad}b",
            "a\u{e0041}",
            "a\u{3164}",
            "a\u{a0}b",
            "a\u{2028}b",
            &deep,
            &long,
        ] {
            assert!(member_name_problem(name).is_some(), "{name:?}");
        }
    }
}
