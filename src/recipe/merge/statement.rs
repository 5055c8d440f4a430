//! Relations as they are in the files of recipes.

use super::pkgbuild;

/// What the lines of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    Spec,
    /// Stanzas of fields. Source: Debian Policy 5.1.
    Control,
    /// Source: Debian Policy 4.4.
    Changelog,
    /// Assignments and functions of a shell. Source: PKGBUILD(5).
    Pkgbuild,
    Text,
}

impl Syntax {
    /// The syntax of a recipe's file, by its path in the recipe.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "DEBIAN/control" | "debian/control" => Self::Control,
            "changelog" | "debian/changelog" => Self::Changelog,
            "PKGBUILD" => Self::Pkgbuild,
            _ if name.ends_with(".spec") => Self::Spec,
            _ => Self::Text,
        }
    }
}

/// One relation that a file states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// `Requires`; in a control file behind the stanza's name: `python3-webob/Depends`.
    pub tag: String,
    /// One dependency, white space folded: `python3.14dist(idna) >= 2.5`.
    pub text: String,
    /// The comment lines right above it, and the line itself as it is written.
    pub(super) lines: Vec<String>,
}

impl Statement {
    /// What it is about, whatever the version: the tag, and the name that its text begins with.
    pub fn subject(&self) -> (&str, &str) {
        let text = self.text.trim_start_matches('(');
        let name = text.split([' ', '|', '<', '>', '=']).next().unwrap_or(text);
        // An optional dependency of pacman has its reason behind a colon.
        (&self.tag, name.strip_suffix(':').unwrap_or(name))
    }

    /// Whether both say the same, however they are commented.
    pub fn says(&self, other: &Self) -> bool {
        self.tag == other.tag && self.text == other.text
    }

    /// Drops comments that were generated for other statements: where the user removed one, its
    /// comment stands above the next.
    pub(super) fn forget_others(&mut self, generated: &[Self]) {
        let is_of = |comment: &String, statement: &Self| {
            statement.lines.split_last().is_some_and(|(_, above)| above.contains(comment))
        };
        let Some(line) = self.lines.pop() else { return };
        let comments = std::mem::take(&mut self.lines);
        self.lines = comments
            .into_iter()
            .filter(|comment| {
                let mut of = generated.iter().filter(|known| is_of(comment, known)).peekable();
                of.peek().is_none() || of.any(|known| known.subject() == self.subject())
            })
            .collect();
        self.lines.push(line);
    }

    /// As the user writes it: `Requires: git-core`.
    pub fn line(&self) -> String {
        let tag = self.tag.rsplit('/').next().unwrap_or(&self.tag);
        format!("{tag}: {}", self.text)
    }
}

/// A piece of a text.
pub(super) enum Piece<'t> {
    /// A line that states nothing, with its line feed.
    Line(&'t str),
    Statement(Statement),
    /// Several lines of a control file: a field.
    Field {
        tag: String,
        statements: Vec<Statement>,
        /// As it is written.
        raw: String,
    },
}

/// Source: rpm's spec file format, dependency tags.
const SPEC_TAGS: [&str; 10] = [
    "requires",
    "recommends",
    "suggests",
    "supplements",
    "enhances",
    "provides",
    "conflicts",
    "obsoletes",
    "buildrequires",
    "buildconflicts",
];

/// Source: Debian Policy 7.
const CONTROL_FIELDS: [&str; 12] = [
    "depends",
    "pre-depends",
    "recommends",
    "suggests",
    "enhances",
    "provides",
    "conflicts",
    "breaks",
    "replaces",
    "build-depends",
    "build-depends-indep",
    "build-depends-arch",
];

/// What begins a part of a spec other than the preamble. Source: rpm, build/parseSpec.c.
const SECTIONS: [&str; 12] = [
    "%description",
    "%package",
    "%prep",
    "%generate_buildrequires",
    "%build",
    "%install",
    "%check",
    "%files",
    "%changelog",
    "%pre",
    "%post",
    "%clean",
];

/// Takes a text apart.
pub(super) fn pieces(syntax: Syntax, text: &str) -> Vec<Piece<'_>> {
    match syntax {
        Syntax::Spec => spec_pieces(text),
        Syntax::Control => control_pieces(text),
        Syntax::Pkgbuild => pkgbuild::pieces(text),
        Syntax::Changelog | Syntax::Text => text.split_inclusive('\n').map(Piece::Line).collect(),
    }
}

/// Relations of the main package; those under a condition are lines like others.
fn spec_pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut comments: Vec<&str> = Vec::new();
    let (mut depth, mut is_preamble) = (0_usize, true);
    for line in text.split_inclusive('\n') {
        let word = line.split_whitespace().next().unwrap_or_default();
        match word {
            _ if word.starts_with("%if") => depth += 1,
            "%endif" => depth = depth.saturating_sub(1),
            _ => is_preamble &= !SECTIONS.contains(&word.to_ascii_lowercase().as_str()),
        }
        if is_preamble && depth == 0 && line.starts_with('#') {
            comments.push(line);
            continue;
        }
        match spec_statements(line).filter(|_| is_preamble && depth == 0) {
            Some((tag, texts)) => {
                let is_single = texts.len() == 1;
                for text in texts {
                    let own = if is_single { line.to_owned() } else { format!("{tag}: {text}\n") };
                    let lines = comments.drain(..).map(str::to_owned).chain([own]).collect();
                    pieces.push(Piece::Statement(Statement { tag: tag.to_owned(), text, lines }));
                }
            }
            None => {
                pieces.extend(comments.drain(..).map(Piece::Line));
                pieces.push(Piece::Line(line));
            }
        }
    }
    pieces.extend(comments.into_iter().map(Piece::Line));
    pieces
}

fn spec_statements(line: &str) -> Option<(&str, Vec<String>)> {
    let (tag, value) = line.split_once(':')?;
    let plain = tag.split('(').next().unwrap_or(tag).trim().to_ascii_lowercase();
    let is_tag = SPEC_TAGS.contains(&plain.as_str()) && !tag.starts_with([' ', '\t']);
    is_tag.then(|| (tag.trim(), dependencies(value))).filter(|(_, texts)| !texts.is_empty())
}

/// The dependencies of a spec's line: `a, b >= 1 (c or d)` are three.
fn dependencies(value: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut depth = 0_usize;
    let mut is_open = false;
    for c in value.trim().chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_end = depth == 0 && (c.is_whitespace() || c == ',');
        match (is_end, words.last_mut()) {
            (true, _) => is_open = false,
            (false, Some(word)) if is_open => word.push(c),
            (false, _) => {
                words.push(c.to_string());
                is_open = true;
            }
        }
    }
    let mut dependencies: Vec<String> = Vec::new();
    let is_operator = |word: &str| word.chars().all(|c| "<>=".contains(c));
    let mut joins = false;
    for word in words {
        let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
        let operator = is_operator(&word);
        match dependencies.last_mut().filter(|_| operator || joins) {
            Some(last) => *last = format!("{last} {word}"),
            None => dependencies.push(word),
        }
        joins = operator;
    }
    dependencies
}

fn control_pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut lines = text.split_inclusive('\n').peekable();
    let mut stanza = String::new();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            stanza.clear();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let is_field = !line.starts_with([' ', '\t', '#']);
        let lower = field.to_ascii_lowercase();
        if is_field && stanza.is_empty() && ["package", "source"].contains(&lower.as_str()) {
            stanza = value.trim().to_owned();
        }
        if !is_field || !CONTROL_FIELDS.contains(&lower.as_str()) {
            pieces.push(Piece::Line(line));
            continue;
        }
        let tag = format!("{stanza}/{field}");
        let mut raw = line.to_owned();
        let mut clauses = Clauses::new(&tag);
        clauses.read(value);
        while let Some(more) = lines.next_if(|next| next.starts_with([' ', '\t', '#'])) {
            raw += more;
            if more.starts_with('#') {
                clauses.comments.push(more.to_owned())
            } else {
                clauses.read(more)
            }
        }
        pieces.push(Piece::Field { statements: clauses.finish(), tag, raw });
    }
    pieces
}

/// The clauses of a field, as its lines are read.
struct Clauses<'t> {
    tag: &'t str,
    comments: Vec<String>,
    open: String,
    found: Vec<Statement>,
}

impl<'t> Clauses<'t> {
    fn new(tag: &'t str) -> Self {
        Self { tag, comments: Vec::new(), open: String::new(), found: Vec::new() }
    }

    fn read(&mut self, text: &str) {
        let mut parts = text.split(',');
        self.open += parts.next().unwrap_or_default();
        for part in parts {
            self.close();
            self.open += part;
        }
    }

    fn close(&mut self) {
        let text = self.open.split_whitespace().collect::<Vec<_>>().join(" ");
        self.open.clear();
        if !text.is_empty() {
            let mut lines = std::mem::take(&mut self.comments);
            lines.push(format!(" {text},\n"));
            self.found.push(Statement { tag: self.tag.to_owned(), text, lines });
        }
    }

    fn finish(mut self) -> Vec<Statement> {
        self.close();
        self.found
    }
}

/// The relations that a text states.
pub(crate) fn statements(syntax: Syntax, text: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    for piece in pieces(syntax, text) {
        match piece {
            Piece::Line(_) => {}
            Piece::Statement(statement) => found.push(statement),
            Piece::Field { statements, .. } => found.extend(statements),
        }
    }
    found
}

/// The text with its relations sorted, one on each line, where the first of their tag stands.
pub(super) fn in_order(syntax: Syntax, text: &str) -> String {
    let mut sorted = statements(syntax, text);
    sorted.sort_by(|a, b| (&a.tag, &a.text).cmp(&(&b.tag, &b.text)));
    let mut written = String::new();
    let mut seen: Vec<String> = Vec::new();
    for piece in pieces(syntax, text) {
        let tag = match piece {
            Piece::Line(line) => {
                written += line;
                continue;
            }
            Piece::Statement(statement) => statement.tag,
            Piece::Field { tag, .. } => tag,
        };
        if !seen.contains(&tag) {
            for statement in sorted.iter().filter(|statement| statement.tag == tag) {
                let comments = statement.lines.split_last().map_or(&[][..], |(_, above)| above);
                written.extend(comments.iter().map(String::as_str));
                written += &format!("{}\n", statement.line());
            }
            seen.push(tag);
        }
    }
    written
}
