//! Relations as a set.

use std::collections::BTreeMap;

use super::{
    Merged,
    lines::MergeLine,
    pkgbuild,
    statement::{Piece, Statement, Syntax, pieces, statements},
};

/// A text without the relations that are merged as a set, and these.
#[derive(Default)]
pub(super) struct Side {
    pub rest: Vec<MergeLine>,
    statements: Vec<Statement>,
    /// The fields of a control file, and the arrays of a PKGBUILD, as they are written.
    fields: BTreeMap<String, String>,
}

/// The three sides of a file.
pub(super) struct Sets {
    pub base: Side,
    pub ours: Side,
    pub theirs: Side,
}

/// What the three sides say of one thing.
struct Group<'s> {
    base: Vec<&'s Statement>,
    ours: Vec<&'s Statement>,
    theirs: Vec<&'s Statement>,
}

/// What becomes of a group, where its sides do not contradict each other.
struct Settled<'s> {
    statements: Vec<&'s Statement>,
    /// Generated still, and removed by the user.
    kept_out: Vec<&'s Statement>,
}

impl Sets {
    pub(super) fn of(syntax: Syntax, base: &str, ours: &str, theirs: &str) -> Self {
        let generated: Vec<Statement> =
            [base, theirs].iter().flat_map(|text| statements(syntax, text)).collect();
        // Only what was there before has a place that all three sides know.
        let mut places: Vec<String> = Vec::new();
        places.extend(statements(syntax, base).into_iter().map(|statement| statement.tag));
        let known = statements(syntax, base);
        let as_written = |_: &mut Statement| {};
        let base = Side::of(syntax, base, &generated, &places, &as_written);
        let theirs = Side::of(syntax, theirs, &generated, &places, &as_written);
        let ours = Side::of(syntax, ours, &generated, &places, &|own| own.forget_others(&known));
        Self { base, ours, theirs }
    }

    /// Puts the merged relations into the merged rest.
    pub(super) fn write(&self, syntax: Syntax, rest: &[MergeLine]) -> Merged {
        let mut merged = Merged::default();
        let mut written: Vec<&str> = Vec::new();
        let tags = self.tags();
        for line in rest {
            match line {
                MergeLine::Text(text) => merged.text += text,
                MergeLine::Marker(marker) => {
                    // The last line of a side may lack its end.
                    let is_open = !merged.text.is_empty() && !merged.text.ends_with('\n');
                    merged.text += if is_open { "\n" } else { "" };
                    merged.text += marker;
                }
                MergeLine::Seam { .. } => {}
                // Both sides of a conflict may hold it.
                MergeLine::Relations(tag) if written.contains(&tag.as_str()) => {}
                MergeLine::Relations(tag) => {
                    let known = tags.iter().copied().find(|known| known == tag);
                    let text = known.map(|tag| self.relations(syntax, tag, &mut merged));
                    merged.text += &text.unwrap_or_default();
                    written.extend(known);
                }
            }
        }
        for tag in tags.into_iter().filter(|tag| !written.contains(tag)) {
            let text = self.relations(syntax, tag, &mut merged);
            insert(syntax, &mut merged.text, tag, &text);
        }
        merged
    }

    fn tags(&self) -> Vec<&str> {
        let mut tags: Vec<&str> = Vec::new();
        let sides = [&self.theirs, &self.ours, &self.base];
        for statement in sides.into_iter().flat_map(|side| &side.statements) {
            if !tags.contains(&statement.tag.as_str()) {
                tags.push(&statement.tag);
            }
        }
        tags
    }

    /// The merged relations of a tag: in the order in which they are generated, then the user's.
    fn relations(&self, syntax: Syntax, tag: &str, merged: &mut Merged) -> String {
        let mut ours: Vec<&Statement> = Vec::new();
        let mut theirs: Vec<&Statement> = Vec::new();
        let mut base: Vec<&Statement> = Vec::new();
        let mut is_conflict = false;
        for group in self.groups(tag) {
            match group.settle() {
                Some(Settled { statements, kept_out }) => {
                    for side in [&mut ours, &mut theirs, &mut base] {
                        side.extend(&statements);
                    }
                    merged.kept_out.extend(kept_out.iter().map(|statement| statement.line()));
                }
                None => {
                    is_conflict = true;
                    ours.extend(group.ours);
                    theirs.extend(group.theirs);
                    base.extend(group.base);
                }
            }
        }
        if !is_conflict && let Some(raw) = self.as_written(tag, &ours) {
            return raw.to_owned();
        }
        let is_wrapped = self.ours.fields.get(tag).is_some_and(|raw| raw.trim_end().contains('\n'));
        let [ours, base, theirs] =
            [ours, base, theirs].map(|side| written(syntax, tag, &side, is_wrapped));
        if !is_conflict {
            return ours;
        }
        merged.is_conflict = true;
        format!("<<<<<<< ours\n{ours}||||||| original\n{base}=======\n{theirs}>>>>>>> theirs\n")
    }

    /// A whole field as one of the sides writes it, where that is what comes of the merge: so
    /// wrapping and comments stay.
    fn as_written(&self, tag: &str, merged: &[&Statement]) -> Option<&str> {
        let is_untouched = self.base.fields.get(tag) == self.ours.fields.get(tag);
        let side = if is_untouched {
            &self.theirs
        } else {
            // Otherwise it is written anew, wrapped as the person has it.
            &self.ours
        };
        let own = side.statements.iter().filter(|statement| statement.tag == tag);
        let fits = same(&own.collect::<Vec<_>>(), merged);
        side.fields.get(tag).map(String::as_str).filter(|_| fits)
    }

    /// What the sides say with a tag, by subject: in the order in which it is generated, then as the
    /// person has it.
    fn groups(&self, tag: &str) -> Vec<Group<'_>> {
        let mut subjects: Vec<(&str, &str)> = Vec::new();
        for side in [&self.theirs, &self.ours, &self.base] {
            for statement in side.statements.iter().filter(|statement| statement.tag == tag) {
                if !subjects.contains(&statement.subject()) {
                    subjects.push(statement.subject());
                }
            }
        }
        let group = |subject| Group {
            base: self.base.about(subject),
            ours: self.ours.about(subject),
            theirs: self.theirs.about(subject),
        };
        subjects.into_iter().map(group).collect()
    }
}

impl<'s> Group<'s> {
    /// Nothing where both sides changed the same thing in different ways.
    fn settle(&self) -> Option<Settled<'s>> {
        let (base, ours, theirs) = (&self.base, &self.ours, &self.theirs);
        if same(ours, theirs) || same(ours, base) {
            return Some(Settled { statements: self.commented(), kept_out: Vec::new() });
        }
        let is_removed = |one: &&Statement| !ours.iter().any(|own| own.says(one));
        (ours.is_empty() || same(theirs, base)).then(|| Settled {
            statements: ours.clone(),
            kept_out: theirs.iter().copied().filter(is_removed).collect(),
        })
    }

    /// What is generated, each with the comment that the user gave it.
    fn commented(&self) -> Vec<&'s Statement> {
        let own = |statement: &&'s Statement| {
            let ours = self.ours.iter().find(|own| own.says(statement))?;
            let base = self.base.iter().find(|base| base.says(statement));
            let is_own = match base {
                Some(base) => base.lines != ours.lines,
                None => ours.lines.len() > 1,
            };
            is_own.then_some(*ours)
        };
        self.theirs.iter().map(|statement| own(statement).unwrap_or(statement)).collect()
    }
}

fn same(these: &[&Statement], those: &[&Statement]) -> bool {
    these.len() == those.len() && these.iter().all(|one| those.iter().any(|other| other.says(one)))
}

impl Side {
    /// Takes out of a text what is generated, and of a control file all relations.
    fn of(
        syntax: Syntax,
        text: &str,
        generated: &[Statement],
        places: &[String],
        tidy: &dyn Fn(&mut Statement),
    ) -> Self {
        let mut side = Self::default();
        for piece in pieces(syntax, text) {
            match piece {
                Piece::Line(line) => side.rest.push(MergeLine::Text(line.to_owned())),
                Piece::Statement(mut statement) => {
                    tidy(&mut statement);
                    if generated.iter().any(|known| known.subject() == statement.subject()) {
                        side.anchor(&statement.tag, places);
                        side.statements.push(statement);
                    } else {
                        side.rest.extend(statement.lines.into_iter().map(MergeLine::Text));
                    }
                }
                // An array that is the user's own stays where they put it.
                Piece::Field { tag, raw, .. }
                    if syntax == Syntax::Pkgbuild && !generated.iter().any(|g| g.tag == tag) =>
                {
                    let lines = raw.split_inclusive('\n').map(str::to_owned);
                    side.rest.extend(lines.map(MergeLine::Text));
                }
                Piece::Field { tag, statements, raw } => {
                    side.anchor(&tag, places);
                    side.statements.extend(statements);
                    side.fields.insert(tag, raw);
                }
            }
        }
        side
    }

    /// What the side says about something.
    fn about(&self, subject: (&str, &str)) -> Vec<&Statement> {
        self.statements.iter().filter(|statement| statement.subject() == subject).collect()
    }

    fn anchor(&mut self, tag: &str, places: &[String]) {
        let line = MergeLine::Relations(tag.to_owned());
        if places.iter().any(|place| place == tag) && !self.rest.contains(&line) {
            self.rest.push(line);
        }
    }
}

fn written(syntax: Syntax, tag: &str, statements: &[&Statement], is_wrapped: bool) -> String {
    if statements.is_empty() {
        return String::new();
    }
    if syntax == Syntax::Spec {
        return statements
            .iter()
            .flat_map(|statement| &statement.lines)
            .map(String::as_str)
            .collect();
    }
    if syntax == Syntax::Pkgbuild {
        return pkgbuild::written(tag, statements);
    }
    let field = tag.rsplit('/').next().unwrap_or(tag);
    if statements.iter().any(|statement| statement.lines.len() > 1) {
        let lines: String = statements.iter().flat_map(|s| &s.lines).map(String::as_str).collect();
        return format!("{field}:\n{lines}");
    }
    let clauses: Vec<&str> = statements.iter().map(|statement| statement.text.as_str()).collect();
    let between = if is_wrapped { ",\n " } else { ", " };
    format!("{field}: {}\n", clauses.join(between))
}

/// What follows the relations of a stanza, as dpkg orders its fields.
const BEHIND: [&str; 4] = ["section", "priority", "homepage", "description"];

/// Puts relations where they belong in a text that has no place for their tag: at the end of the
/// preamble, or before the fields of their stanza that follow relations.
fn insert(syntax: Syntax, text: &mut String, tag: &str, relations: &str) {
    if relations.is_empty() {
        return;
    }
    if syntax == Syntax::Pkgbuild {
        text.insert_str(pkgbuild::place(text), relations);
        return;
    }
    let mut at = 0;
    let mut is_inside = syntax == Syntax::Spec;
    let stanza = tag.split('/').next().unwrap_or_default();
    for line in text.split_inclusive('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line.trim(), ""));
        let field = field.to_ascii_lowercase();
        let is_end = match syntax {
            Syntax::Spec => line.starts_with("%description"),
            _ => field.is_empty() || BEHIND.contains(&field.as_str()),
        };
        if is_inside && is_end {
            break;
        }
        is_inside |= ["package", "source"].contains(&field.as_str()) && value.trim() == stanza;
        at += line.len();
    }
    let blank = if syntax == Syntax::Spec { "\n" } else { "" };
    text.insert_str(at, &format!("{relations}{blank}"));
}
