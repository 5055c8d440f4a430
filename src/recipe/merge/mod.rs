//! Merging the user's edits of a file and the newly generated one.
//!
//! Three texts: what was generated last (the base), the file as it is there (ours), and what is
//! generated now (theirs). Lines are merged as `diff3` does it; relations are merged as a set, in
//! which order and wrapping say nothing; a changelog belongs to the person.

mod changelog;
mod lines;
mod pkgbuild;
mod relations;
mod statement;

use std::borrow::Cow;

use lines::{MergeLine, merge_lines};
pub(super) use statement::{Statement, Syntax, statements};

use crate::base::text;

/// A file that two sides have changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// With markers where the sides contradict each other.
    pub text: String,
    pub is_conflict: bool,
    /// Relations that are generated still, and that the user removed: they stay out.
    pub kept_out: Vec<String>,
}

/// Merges a file by the syntax of its name.
pub(super) fn merge(name: &str, base: &str, ours: &str, theirs: &str) -> Merged {
    let syntax = Syntax::of(name);
    if syntax == Syntax::Changelog {
        let text = changelog::merge(base, ours, theirs, changelog::Form::Debian);
        return Merged { text, ..Merged::default() };
    }
    if syntax != Syntax::Spec {
        return merge_body(syntax, base, ours, theirs);
    }
    let [base, ours, theirs] = [base, ours, theirs].map(changelog::cut);
    let mut merged = merge_body(syntax, base.0, ours.0, theirs.0);
    merged.text += &changelog::merge(base.1, ours.1, theirs.1, changelog::Form::Spec);
    merged
}

fn merge_body(syntax: Syntax, base: &str, ours: &str, theirs: &str) -> Merged {
    let ours = &reset_release(syntax, base, ours, theirs);
    let of_sets = with_sets(syntax, &[base, ours, theirs]);
    let sets = relations::Sets::of(of_sets, base, ours, theirs);
    let [base, ours, theirs] =
        [&sets.base, &sets.ours, &sets.theirs].map(|side| seamed(syntax, &side.rest));
    let (rest, is_conflict) = merge_lines([&base, &ours, &theirs]);
    let written = sets.write(of_sets, &rest);
    Merged { is_conflict: is_conflict || written.is_conflict, ..written }
}

/// The syntax by which relations are sets, as far as all texts have it.
fn with_sets(syntax: Syntax, texts: &[&str]) -> Syntax {
    match syntax {
        Syntax::Pkgbuild if !texts.iter().all(|text| pkgbuild::is_plain(text)) => Syntax::Text,
        _ => syntax,
    }
}

/// The user's text with the release that was generated, where the version is another one now:
/// releases count from the beginning for each version.
fn reset_release<'t>(syntax: Syntax, base: &str, ours: &'t str, theirs: &str) -> Cow<'t, str> {
    let (field, version, mark) = match syntax {
        Syntax::Spec => ("Release", "Version", ':'),
        Syntax::Control => ("Version", "Version", ':'),
        Syntax::Pkgbuild => ("pkgrel", "pkgver", '='),
        Syntax::Changelog | Syntax::Text => return ours.into(),
    };
    let line = |text: &'_ str, field: &str| -> Option<String> {
        let is_field = |line: &&str| line.split(mark).next() == Some(field);
        text.split_inclusive('\n').find(is_field).map(str::to_owned)
    };
    let is_same_version = line(base, version) == line(theirs, version);
    match (line(ours, field), line(base, field)) {
        (Some(own), Some(generated)) if !is_same_version && own != generated => {
            let lines = ours.split_inclusive('\n');
            lines.map(|line| if line == own { generated.as_str() } else { line }).collect()
        }
        _ => ours.into(),
    }
}

/// The lines of a side with seams around each field.
fn seamed(syntax: Syntax, lines: &[MergeLine]) -> Vec<MergeLine> {
    let mut seamed = Vec::new();
    for line in lines {
        let seam = |is_end| {
            let field = field(syntax, line)?.to_owned();
            Some(MergeLine::Seam { field, is_end })
        };
        seamed.extend(seam(false));
        seamed.push(line.clone());
        seamed.extend(seam(true));
    }
    seamed
}

/// The field that a line states.
fn field(syntax: Syntax, line: &MergeLine) -> Option<&str> {
    let mark = match syntax {
        Syntax::Spec | Syntax::Control => ':',
        Syntax::Pkgbuild => '=',
        Syntax::Changelog | Syntax::Text => return None,
    };
    let text = match line {
        MergeLine::Text(text) => text.strip_suffix('\n')?,
        // The comments that explain relations change with them, above their arrays.
        MergeLine::Relations(tag) if syntax == Syntax::Pkgbuild => return Some(tag),
        _ => return None,
    };
    if syntax == Syntax::Pkgbuild
        && let Some(explained) = pkgbuild::explained(text)
    {
        return Some(explained);
    }
    let is_name =
        |field: &&str| field.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    text.split_once(mark).map(|(field, _)| field).filter(is_name)
}

/// What the user changed in a generated file, as a unified diff; nothing where only the order or
/// the wrapping of relations differs.
pub fn difference(name: &str, generated: &str, edited: &str) -> String {
    difference_as(name, name, generated, edited)
}

/// The same under another title.
pub(super) fn difference_as(name: &str, title: &str, generated: &str, edited: &str) -> String {
    let syntax = with_sets(Syntax::of(name), &[generated, edited]);
    let [old, new] = [generated, edited].map(|text| statement::in_order(syntax, text));
    unified(title, &old, &new)
}

/// A file without the changelog in it.
pub(super) fn body<'t>(name: &str, text: &'t str) -> &'t str {
    match Syntax::of(name) {
        Syntax::Spec => changelog::cut(text).0,
        _ => text,
    }
}

/// Two texts of a file as a unified diff; empty where they are the same.
pub(super) fn unified(name: &str, old: &str, new: &str) -> String {
    text::unified([&format!("a/{name}"), &format!("b/{name}")], old, new)
}

#[cfg(test)]
mod tests;
