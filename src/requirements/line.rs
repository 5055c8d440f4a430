//! The lines of a requirements file.

/// Cuts a file into logical lines, each with the number of its first line; continuation lines are
/// joined and comments removed, as pip does it. Empty lines are left out.
pub(super) fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut pending: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let is_comment = line.trim_start().starts_with('#');
        let (start, mut joined) = pending.take().unwrap_or((number, String::new()));
        match line.strip_suffix('\\') {
            Some(piece) if !is_comment => {
                joined.push_str(piece);
                pending = Some((start, joined));
            }
            _ => {
                // A comment ends a continuation and must not stick to the word before it.
                joined.push_str(if is_comment { " " } else { "" });
                joined.push_str(line);
                lines.push((start, joined));
            }
        }
    }
    lines.extend(pending);
    lines
        .into_iter()
        .map(|(number, line)| (number, without_comment(&line).trim().to_owned()))
        .filter(|(_, line)| !line.is_empty())
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

/// Splits a line into what comes before its options, and the options' words without their quotes.
pub(super) fn split_options(line: &str) -> (&str, Vec<String>) {
    let is_start = |at: usize| {
        line[at..].starts_with('-')
            && line[..at].chars().next_back().is_none_or(char::is_whitespace)
    };
    // ` -` in a marker's quoted text would be taken for an option; pip does the same.
    let at = line.match_indices('-').map(|(at, _)| at).find(|at| is_start(*at));
    let (head, options) = line.split_at(at.unwrap_or(line.len()));
    (head.trim(), words(options))
}

/// Splits at blanks outside quotes; the quotes are removed.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// What a requirement is where it names no project of an index; `None` where it may.
pub(super) fn check_form(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let schemes = ["git+", "hg+", "svn+", "bzr+"];
    if schemes.iter().any(|scheme| lower.starts_with(scheme)) {
        return Some("a version control address");
    }
    let name_end = text.find(['[', '@', ';', ' ', '=', '<', '>', '~', '!', '(']);
    let head = &text[..name_end.unwrap_or(text.len())];
    if head.contains("://") || lower.starts_with("file:") {
        return Some("a URL");
    }
    let endings = [".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz"];
    let is_archive = endings.iter().any(|ending| lower.ends_with(ending)) && !text.contains('@');
    if is_archive || matches!(head, "." | "..") || head.contains(['/', '\\']) {
        return Some("a local path");
    }
    None
}
