//! Licences called by their names.

use super::{parse_expression, table};

/// Words that say nothing of which licence it is, also in the addresses that licences have.
const FILLERS: [&str; 29] = [
    "a",
    "an",
    "approved",
    "available",
    "free",
    "gnu",
    "html",
    "http",
    "https",
    "in",
    "is",
    "licence",
    "licences",
    "license",
    "licensed",
    "licenses",
    "of",
    "opensource",
    "org",
    "osi",
    "php",
    "software",
    "terms",
    "the",
    "txt",
    "under",
    "v",
    "version",
    "www",
];
/// What stands for `>=` before a version.
const AT_LEAST: &str = "atleast";
/// Several words that stand for one, the longest first.
const PHRASES: [(&str, &str); 20] = [
    ("or any later version", "+"),
    ("or at your option any later version", "+"),
    ("or any later", "+"),
    ("or later versions", "+"),
    ("or later version", "+"),
    ("or newer version", "+"),
    ("or later", "+"),
    ("or newer", "+"),
    ("or above", "+"),
    ("and later", "+"),
    ("affero general public", "agpl"),
    ("library or lesser general public", "lgpl"),
    ("lesser general public", "lgpl"),
    ("library general public", "lgpl"),
    ("general public", "gpl"),
    ("mozilla public", "mpl"),
    ("python foundation psf", "psf"),
    ("open font", "ofl"),
    ("two clause", "2 clause"),
    ("three clause", "3 clause"),
];

/// The expression that a name, or several joined with `or` or `and`, stands for.
pub(super) fn named(text: &str) -> Option<String> {
    if let Some(known) = table::name(&canonical(text)) {
        return Some(known.to_owned());
    }
    [" or ", " and "].into_iter().find_map(|operator| {
        let text = format!(" {} ", text.to_lowercase().replace("-or-", "or"));
        let parts: Option<Vec<&str>> =
            text.split(operator).map(|part| table::name(&canonical(part))).collect();
        let parts = parts.filter(|parts| parts.len() > 1)?;
        parse_expression(&parts.join(&operator.to_uppercase()))
    })
}

/// The licence that a text speaks of, where it is the only one.
pub(super) fn only_mentioned(text: &str) -> Option<&'static str> {
    let mut names = mentioned(text);
    names.sort_unstable();
    names.dedup();
    match names[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// The licences that a text speaks of by names that fit one licence only, in their order.
fn mentioned(text: &str) -> Vec<&'static str> {
    /// The words of the longest name that is looked for.
    const LONGEST: usize = 7;
    let canonical = canonical(text);
    let words: Vec<&str> = canonical.split(' ').collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let most = LONGEST.min(words.len() - at);
        let known = (1..=most).rev().find_map(|count| {
            let known = table::common_name(&words[at..at + count].join(" "))?;
            Some((count, known))
        });
        if let Some((_, licence)) = known.filter(|(_, licence)| !licence.contains("LicenseRef-")) {
            found.push(licence);
        }
        at += known.map_or(1, |(count, _)| count);
    }
    found
}

/// A name without what spellings differ by: `GNU General Public License (GPL) v3.0 or later` and
/// `GPLv3+` are both `gpl 3+`.
pub(super) fn canonical(text: &str) -> String {
    let mut pieces = pieces(text);
    pieces.retain(|word| !FILLERS.contains(&word.as_str()));
    let mut joined = format!(" {} ", pieces.join(" "));
    for (phrase, short) in PHRASES {
        joined = joined.replace(&format!(" {phrase} "), &format!(" {short} "));
    }
    let mut words: Vec<String> = Vec::new();
    let mut is_least = false;
    for word in joined.split_whitespace() {
        if word == AT_LEAST {
            is_least = true;
            continue;
        }
        let plus = if std::mem::take(&mut is_least) { "+" } else { "" };
        match words.last_mut() {
            Some(last) if word == "+" => last.push('+'),
            Some(last) if last == word => {}
            _ => words.push(format!("{word}{plus}")),
        }
    }
    // `Mozilla Public License 2.0 (MPL 2.0)` says it twice.
    let half = words.len() / 2;
    if words.len().is_multiple_of(2) && words[..half] == words[half..] {
        words.truncate(half);
    }
    words.join(" ")
}

/// Lower-case words, numbers without `.0`, and `+`.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let text = text.to_lowercase().replace(">=", &format!(" {AT_LEAST} "));
    for word in spaced(&text).split_whitespace() {
        // `gplv3+` is `gpl`, `3` and `+`; `x11` and `cc0` stay as they are.
        let letters = word.find(|c: char| !c.is_alphabetic()).unwrap_or(word.len());
        let (name, number) = word.split_at(letters);
        let is_version = name.ends_with('v') || !["x", "cc"].contains(&name);
        if !is_version {
            pieces.push(word.to_owned());
            continue;
        }
        let name = if number.is_empty() { name } else { name.strip_suffix('v').unwrap_or(name) };
        pieces.extend((!name.is_empty()).then(|| name.to_owned()));
        let (number, plus) = number.strip_suffix('+').map_or((number, ""), |rest| (rest, "+"));
        let number = number.trim_end_matches(".0").trim_matches('.');
        pieces.extend((!number.is_empty()).then(|| number.to_owned()));
        pieces.extend((!plus.is_empty()).then(|| plus.to_owned()));
    }
    pieces
}

/// A text with spaces for what separates words; a dot within a number is none.
fn spaced(text: &str) -> String {
    let mut last = ' ';
    let mut rest = text.chars().peekable();
    let mut spaced = String::with_capacity(text.len());
    while let Some(c) = rest.next() {
        let is_digit = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
        let is_point = c == '.' && last.is_ascii_digit() && is_digit(rest.peek());
        spaced.push(if c.is_alphanumeric() || c == '+' || is_point { c } else { ' ' });
        last = c;
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one() {
        for (text, expected) in [
            ("GNU General Public License (GPL) v3.0 or later", "gpl 3+"),
            ("GPLv3+", "gpl 3+"),
            ("GNU GPLv2 or any later version", "gpl 2+"),
            ("Mozilla Public License 2.0 (MPL 2.0)", "mpl 2"),
            ("http://www.apache.org/licenses/LICENSE-2.0.txt", "apache 2"),
            ("3-Clause BSD <https://opensource.org/licenses/bsd-license.php>", "3 clause bsd"),
            ("Library or Lesser General Public License", "lgpl"),
            ("MIT/X11", "mit x11"),
            ("CC0-1.0", "cc0 1"),
            ("LICENSE.txt", ""),
        ] {
            assert_eq!(canonical(text), expected, "{text}");
        }
    }

    #[test]
    fn names_stand_for_expressions() {
        for (text, expected) in include_str!("../../../../tests/data/licence-names.txt")
            .lines()
            .filter_map(|line| line.split_once(" = "))
        {
            let expected = Some(expected).filter(|text| *text != "-");
            assert_eq!(named(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn texts_mention_licences_by_names_that_fit_one() {
        for (text, expected) in [
            ("This is licensed under the terms of the MIT license.", &["MIT"][..]),
            ("Released under the Apache License, Version 2.0; see LICENSE.", &["Apache-2.0"]),
            ("You may choose the BSD license.", &[]),
            ("BSD 3-Clause, but parts of it are MIT.", &["BSD-3-Clause", "MIT"]),
            ("GPL version 2 or later", &["GPL-2.0-or-later"]),
            ("See LICENSE.", &[]),
        ] {
            assert_eq!(mentioned(text), expected, "{text}");
        }
    }
}
