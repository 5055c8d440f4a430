//! What both formats do with texts and times.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::{
    base::text::{has_words, is_hidden},
    distro::targets::Target,
    plan::{PackagePlan, SourceBuild},
};

/// The width of descriptions: rpmlint and lintian complain about longer lines.
pub(super) const COLUMNS: usize = 79;

/// A text wrapped into lines of so many columns; paragraphs stay apart.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.lines()
        .flat_map(|line| {
            let options = textwrap::Options::new(columns).break_words(false);
            let lines = textwrap::wrap(line, options);
            lines.into_iter().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
        })
        .collect()
}

/// The plan's summary without a final full stop, cut at a word's end to at most 79 characters; a
/// sentence of ours where nothing is left of it.
pub fn synopsis(plan: &PackagePlan) -> String {
    or_project(shortened(plan.summary.as_str()), plan)
}

/// A synopsis, or a sentence of ours where it has no word: no format has packages without one.
pub(super) fn or_project(synopsis: String, plan: &PackagePlan) -> String {
    if has_words(&synopsis) { synopsis } else { format!("Python project {}", plan.project) }
}

fn shortened(summary: &str) -> String {
    let mut text = summary.trim_end_matches(['.', ' ']).to_owned();
    while text.chars().count() > COLUMNS {
        match text.rfind(' ') {
            Some(end) => text.truncate(end),
            None => text = text.chars().take(COLUMNS).collect(),
        }
    }
    text.trim_end_matches([',', ';', ':', '.', '-', ' ']).to_owned()
}

/// A text without control and invisible characters, which are blanks then.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect()
}

/// A time in UTC by a strftime pattern; the first day of 1970 for times that do not exist.
pub(super) fn date(time: i64, pattern: &str) -> String {
    let timestamp = Timestamp::from_second(time).unwrap_or_default();
    timestamp.to_zoned(TimeZone::UTC).strftime(pattern).to_string()
}

/// The part of the template context that both formats have.
pub(super) fn shared_context(plan: &PackagePlan, target: &Target) -> Value {
    let hashes: Vec<Value> = plan
        .source
        .hashes
        .0
        .iter()
        .map(|(algorithm, digest)| json!({"algorithm": algorithm.name(), "digest": digest}))
        .collect();
    let python = &target.python;
    json!({
        "generator": concat!("pypi2pkg ", env!("CARGO_PKG_VERSION")),
        "target": {
            "name": target.name,
            "description": target.description,
            "python": format!("{}.{}", python.version.0, python.version.1),
        },
        "source": {
            "filename": plan.source.filename,
            "url": plan.source.url,
            "hashes": hashes,
            "wheel": plan.source.built_wheel,
        },
        "project": plan.project,
        "licence": plan.licence.expression,
        "licence_evidence": plan.licence.evidence.as_str(),
        "homepage": plan.homepage,
        "packager": plan.packager,
        "authors": plan.authors,
        "left_out": plan.left_out,
        "foreign_code": !plan.foreign_code.is_empty(),
        "notes": plan.notes,
        "open": plan.open,
        "time": plan.time,
    })
}

/// What a recipe moves after the build has installed it.
pub(super) fn moved_files(source: &SourceBuild) -> Vec<Value> {
    let moved = source.moved_files.iter();
    moved
        .map(|(from, to)| {
            let to = to.trim_end_matches('/');
            let folder = to.rsplit_once('/').map_or("/", |(folder, _)| folder);
            json!({"from": from.trim_end_matches('/'), "to": to, "folder": folder})
        })
        .collect()
}

/// Adds the fields of `extra` to an object.
pub(super) fn extend(mut context: Value, extra: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut context, extra) {
        fields.extend(more);
    }
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synopses_end_at_a_word() {
        let long = format!("{} end.", "word ".repeat(20));
        let cut = shortened(&long);
        assert!(cut.chars().count() <= 79 && cut.ends_with("word"), "{cut}");
        assert_eq!(shortened("A thing."), "A thing");
    }

    #[test]
    fn dates() {
        assert_eq!(date(0, "%a %b %d %Y"), "Thu Jan 01 1970");
        assert_eq!(date(86_400, "%a, %d %b %Y %H:%M:%S +0000"), "Fri, 02 Jan 1970 00:00:00 +0000");
    }
}
