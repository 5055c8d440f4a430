//! Invisible characters: they hide, reorder or overwrite what stands around them.

use std::{borrow::Cow, fmt::Write};

/// Characters without a shape of their own, but control characters: first and last of each range.
/// Source: Unicode 17, `Default_Ignorable_Code_Point` and `Bidi_Control` of DerivedCoreProperties and
/// PropList, with the characters of annotations and of hieroglyphs' layout.
const HIDDEN: [(char, char); 18] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{13430}', '\u{13440}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a character is a control character or has no shape of its own.
pub fn is_hidden(c: char) -> bool {
    c.is_control() || HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// A text without hidden characters.
pub fn without_hidden(text: &str) -> String {
    text.chars().filter(|c| !is_hidden(*c)).collect()
}

/// A text for a terminal: hidden characters but line feeds and tabs are written as JSON escapes them,
/// `\u202e`, so that JSON stays what it is.
pub fn shown(text: &str) -> Cow<'_, str> {
    let is_shown = |c: char| matches!(c, '\n' | '\t') || !is_hidden(c);
    if text.chars().all(is_shown) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_shown(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_sorted_and_apart() {
        assert!(HIDDEN.iter().all(|(first, last)| first <= last));
        assert!(HIDDEN.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn what_nobody_sees_is_shown_as_its_number() {
        let hidden = "\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}\u{200b}\u{200d}\
                      \u{2060}\u{2064}\u{feff}\u{ad}\u{180e}\u{fe0f}\u{e0041}\u{e01ef}\u{1b}\u{7f}\
                      \u{85}\u{9b}\r\0\u{8}\u{3164}\u{fff9}";
        assert_eq!(without_hidden(&format!("a{hidden}b")), "ab");
        let plain = "Größe\tü\n日本語 ελ 👍 …";
        assert_eq!(shown(plain), plain);
        assert!(matches!(shown(plain), Cow::Borrowed(_)));
        assert_eq!(shown("a\u{202e}b\u{e0041}\x1b[31m\n"), "a\\u202eb\\udb40\\udc41\\u001b[31m\n");
        let json = serde_json::to_string(hidden).unwrap();
        let read: String = serde_json::from_str(&shown(&json)).unwrap();
        assert_eq!(read, hidden);
    }
}
