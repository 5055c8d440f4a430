//! The lines of a requirements file, cut and prepared in the order that pip has.

/// Where a line ends, besides `\r\n`: the characters at which Python's `splitlines` cuts.
const LINE_ENDS: [char; 10] =
    ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

/// Cuts a file into logical lines, each with the number of its first line: continuation lines are
/// joined, comments removed and variables expanded. Empty lines are left out.
pub(super) fn logical_lines(
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Vec<(usize, String)> {
    let text = text.replace("\r\n", "\n");
    let mut lines = Vec::new();
    let mut pending: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(text.split(LINE_ENDS)) {
        let is_comment = line.trim_start().starts_with('#');
        let (start, mut joined) = pending.take().unwrap_or((number, String::new()));
        if line.ends_with('\\') && !is_comment {
            joined.push_str(line.trim_matches('\\'));
            pending = Some((start, joined));
        } else {
            // A comment ends a continuation and must not stick to the word before it.
            joined.push_str(if is_comment { " " } else { "" });
            joined.push_str(line);
            lines.push((start, joined));
        }
    }
    lines.extend(pending);
    lines
        .into_iter()
        .map(|(number, line)| (number, without_comment(&line).trim().to_owned()))
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| (number, expand(&line, variable)))
        .collect()
}

/// A comment begins with `#` at the start of a line or after a blank.
fn without_comment(line: &str) -> &str {
    let starts = |at: usize| line[..at].chars().next_back().is_none_or(char::is_whitespace);
    match line.match_indices('#').find(|(at, _)| starts(*at)) {
        Some((at, _)) => &line[..at],
        None => line,
    }
}

/// Replaces `${NAME}`, with a name of capitals, digits and `_`, by the variable's value; what is
/// not set or empty stays as it is.
fn expand(line: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let mut expanded = line.to_owned();
    for (at, _) in line.match_indices("${") {
        let Some((name, _)) = line[at + 2..].split_once('}') else { break };
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if !name.is_empty()
            && name.chars().all(is_name)
            && let Some(value) = variable(name).filter(|value| !value.is_empty())
        {
            expanded = expanded.replace(&format!("${{{name}}}"), &value);
        }
    }
    expanded
}

/// Splits a line into what comes before its options, and the options' words without their quotes;
/// `None` where a quote has no end.
///
/// The first word that begins with `-` begins the options, also within a marker's quoted text:
/// pip does the same.
pub(super) fn split_options(line: &str) -> Option<(String, Vec<String>)> {
    let words: Vec<&str> = line.split(' ').collect();
    let at = words.iter().position(|word| word.starts_with('-')).unwrap_or(words.len());
    let (head, options) = words.split_at(at);
    Some((head.join(" ").trim().to_owned(), unquoted_words(&options.join(" "))?))
}

/// Splits at blanks outside quotes, as a POSIX shell does; `None` where a quote has no end.
fn unquoted_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('\\', None | Some('"')) => word.get_or_insert_default().push(chars.next()?),
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}
