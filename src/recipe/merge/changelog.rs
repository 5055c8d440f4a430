//! Changelogs belong to the person: what is generated only adds entries of new versions.

use jiff::{civil::Date, fmt::rfc2822};

/// How entries are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `* Sat Nov 21 2026 Name <address> - 1.0-1`. Source: rpm's spec file format, `%changelog`.
    Spec,
    /// `name (1.0-1) unstable; urgency=medium`. Source: Debian Policy 4.4.
    Debian,
}

/// The date of an rpm changelog's entry.
const SPEC_DATE: &str = "%a %b %d %Y";
/// The line of a spec that its changelog follows.
const SECTION: &str = "%changelog";

/// A spec without its changelog, and that: the section's line and what follows it.
pub(super) fn cut(spec: &str) -> (&str, &str) {
    let mut at = 0;
    for line in spec.split_inclusive('\n') {
        if line.trim_end() == SECTION {
            return spec.split_at(at);
        }
        at += line.len();
    }
    (spec, "")
}

/// The user's changelog, and on top of it the entries that are generated now and are not in it.
/// None of them is older than what it lies on: rpm refuses that.
pub(super) fn merge(base: &str, ours: &str, theirs: &str, form: Form) -> String {
    if ours.is_empty() {
        return if base.is_empty() { theirs.to_owned() } else { String::new() };
    }
    let (known, generated) = (entries(ours, form), entries(theirs, form));
    let before = entries(base, form);
    let is_known = |entry: &&str| {
        let version = version(entry, form);
        known.iter().chain(&before).any(|other| self::version(other, form) == version)
    };
    let new: Vec<&str> = generated.into_iter().filter(|entry| !is_known(entry)).collect();
    let heading = ours.len() - known.iter().map(|entry| entry.len()).sum::<usize>();
    let (heading, rest) = ours.split_at(heading);
    let mut text = heading.to_owned();
    for entry in new {
        text += dated(entry, known.first().copied(), form).trim_end();
        text += "\n\n";
    }
    text + rest
}

/// The entries of a changelog, each with the blank lines that follow it.
fn entries(text: &str, form: Form) -> Vec<&str> {
    let is_head = |line: &str| match form {
        Form::Spec => line.starts_with('*'),
        Form::Debian => !line.starts_with([' ', '\t']) && line.contains(" ("),
    };
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if is_head(line) {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| &text[*start..end]).collect()
}

/// The version that an entry is of.
fn version(entry: &str, form: Form) -> Option<&str> {
    let head = entry.lines().next()?;
    match form {
        Form::Spec => head.rsplit_once(" - ").map(|(_, version)| version.trim()),
        Form::Debian => head.split_once('(')?.1.split_once(')').map(|(version, _)| version),
    }
}

/// An entry with the date of the one that it lies on, where that is later.
fn dated(entry: &str, below: Option<&str>, form: Form) -> String {
    let dates = below.and_then(|below| Some((date(entry, form)?, date(below, form)?)));
    match dates {
        Some(((new, new_day), (old, old_day))) if new_day < old_day => entry.replacen(new, old, 1),
        _ => entry.to_owned(),
    }
}

/// The date of an entry: as it is written, and the day that it means.
fn date(entry: &str, form: Form) -> Option<(&str, Date)> {
    match form {
        Form::Spec => {
            let text = entry.strip_prefix('*')?.trim_start();
            let end = text.match_indices(' ').nth(3)?.0;
            Some((&text[..end], Date::strptime(SPEC_DATE, &text[..end]).ok()?))
        }
        Form::Debian => {
            let line = entry.lines().find(|line| line.starts_with(" -- "))?;
            let text = line.rsplit_once("  ")?.1;
            Some((text, rfc2822::parse(text).ok()?.date()))
        }
    }
}
