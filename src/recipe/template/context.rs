//! What the templates of each pack may refer to: the table `templates/context.csv`.

use std::{collections::BTreeMap, fmt, sync::OnceLock};

use serde::{Deserialize, Deserializer, de::Error};

use crate::base::text::{nearest, suggested};

/// A value that templates may refer to.
#[derive(Debug, Clone, Deserialize)]
pub struct ContextField {
    packs: String,
    /// As a template writes it at its top; `[]` stands for each element of a list.
    pub path: String,
    #[serde(rename = "type")]
    pub kind: FieldKind,
    pub meaning: String,
}

/// What a value is, and whether it may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldKind {
    pub shape: Shape,
    /// Whether it is null where there is nothing.
    pub optional: bool,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    Text,
    Number,
    Flag,
    /// A list of texts.
    Texts,
    /// A list of groups.
    List,
    /// A value with paths below it.
    Group,
}

impl<'de> Deserialize<'de> for FieldKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (name, optional) = match text.strip_suffix('?') {
            Some(name) => (name, true),
            None => (text.as_str(), false),
        };
        let deserializer = serde::de::value::StrDeserializer::<D::Error>::new(name);
        let shape = Shape::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok(Self { shape, optional })
    }
}

impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.shape {
            Shape::Text => "text",
            Shape::Number => "number",
            Shape::Flag => "true or false",
            Shape::Texts => "list of texts",
            Shape::List => "list",
            Shape::Group => "group",
        })?;
        f.write_str(if self.optional { ", or nothing" } else { "" })
    }
}

/// What stands for all formats that plugins provide, where packs are named.
const GENERAL: &str = "general";

/// What the templates of a built-in pack may refer to, in the order in which it is explained.
pub(super) fn built_in(pack: &str) -> Vec<ContextField> {
    table().iter().filter(|field| field.is_of(pack)).cloned().collect()
}

/// What the templates of another pack may refer to: what all packs have, and the rows of a table of
/// its own.
///
/// # Errors
/// The first row that is none, by its line, and why.
pub(super) fn general(pack: &str, table: &str) -> Result<Vec<ContextField>, (usize, String)> {
    let mut fields = built_in(GENERAL);
    for row in rows(table) {
        let row = row.map_err(|error| {
            let line = error.position().map_or(1, |position| position.line() as usize);
            (line, error.to_string())
        })?;
        fields.extend(row.is_of(pack).then_some(row));
    }
    Ok(fields)
}

impl ContextField {
    fn is_of(&self, pack: &str) -> bool {
        self.is_of_all() || self.packs.split(' ').any(|name| name == pack)
    }

    /// Whether every pack has it.
    pub fn is_of_all(&self) -> bool {
        self.packs == "*"
    }
}

fn rows(table: &str) -> impl Iterator<Item = Result<ContextField, csv::Error>> {
    csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(table.as_bytes()).into_deserialize()
}

fn table() -> &'static [ContextField] {
    static TABLE: OnceLock<Vec<ContextField>> = OnceLock::new();
    // A malformed row is left out, which a test finds.
    let read =
        || rows(include_str!("../../../templates/context.csv")).filter_map(Result::ok).collect();
    TABLE.get_or_init(read)
}

/// The paths of a pack's context, to look names up in.
pub(super) struct Paths<'f>(BTreeMap<&'f str, Shape>);

/// What a name in a template stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum FieldPath {
    /// A path of the context; empty for the whole.
    Path(String),
    /// What no table tells: elements of groups, values that helpers compute.
    Anything,
}

impl<'f> Paths<'f> {
    /// Those of a pack.
    pub(super) fn of(fields: &'f [ContextField]) -> Self {
        Self(fields.iter().map(|field| (field.path.as_str(), field.kind.shape)).collect())
    }

    /// What `name` is below a place.
    ///
    /// # Errors
    /// Nothing of that name is there; the text says what may be meant.
    pub(super) fn below(&self, place: &FieldPath, name: &str) -> Result<FieldPath, String> {
        let FieldPath::Path(path) = place else { return Ok(FieldPath::Anything) };
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.element(place).map(|element| element.unwrap_or(FieldPath::Anything));
        }
        let start = if path.is_empty() { String::new() } else { format!("{path}.") };
        let wanted = format!("{start}{name}");
        if self.0.contains_key(wanted.as_str()) {
            return Ok(FieldPath::Path(wanted));
        }
        let siblings = self.0.keys().filter_map(|known| known.strip_prefix(start.as_str()));
        let meant = nearest(name, siblings.filter(|rest| !rest.contains(['.', '['])));
        let meant = suggested(meant.map(|known| format!("{start}{known}")).as_deref());
        Err(format!("the context has no `{wanted}`{meant}"))
    }

    /// What each element of a list is, and nothing for a group, whose values differ.
    ///
    /// # Errors
    /// The place is neither.
    pub(super) fn element(&self, place: &FieldPath) -> Result<Option<FieldPath>, String> {
        let FieldPath::Path(path) = place else { return Ok(None) };
        match self.0.get(path.as_str()) {
            Some(Shape::List | Shape::Texts) => Ok(Some(FieldPath::Path(format!("{path}[]")))),
            Some(Shape::Group) => Ok(None),
            // The whole context, and elements of lists, are groups.
            None if path.is_empty() => Ok(None),
            None if self.0.keys().any(|known| known.starts_with(&format!("{path}."))) => Ok(None),
            _ => Err(format!("`{path}` is not a list")),
        }
    }
}

/// The document of the context: what all packs have, and what each has of its own.
#[cfg(test)]
pub(super) fn tables() -> String {
    let table = |title: &str, of_all: bool, pack: &str| {
        let fields = built_in(pack).into_iter();
        let rows = fields.filter(|field| field.is_of_all() == of_all).map(|field| {
            let meaning = field.meaning.replace('|', "\\|");
            format!("| `{}` | {} | {meaning} |\n", field.path, field.kind)
        });
        let rows: String = rows.collect();
        format!("\n### {title}\n\n| Path | Type | Meaning |\n| --- | --- | --- |\n{rows}")
    };
    let packs = super::Packs::default();
    let own = packs.names().map(|pack| table(&format!("`{pack}`"), false, pack));
    let general = table("Formats that plugins bring", false, GENERAL);
    table("All packs", true, "") + &own.collect::<String>() + &general
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_is_malformed() {
        let text = include_str!("../../../templates/context.csv");
        let rows = text.lines().filter(|line| !line.starts_with('#')).count() - 1;
        assert_eq!(table().len(), rows);
    }

    #[test]
    fn names_are_looked_up() {
        let fields = built_in("rpm");
        let paths = Paths::of(&fields);
        let root = FieldPath::Path(String::new());
        let sources = paths.below(&root, "sources").unwrap();
        let source = paths.element(&sources).unwrap().unwrap();
        assert_eq!(paths.below(&source, "file"), Ok(FieldPath::Path("sources[].file".to_owned())));
        assert_eq!(
            paths.below(&source, "fiel").unwrap_err(),
            "the context has no `sources[].fiel` (did you mean `sources[].file`?)"
        );
        assert_eq!(
            paths.element(&paths.below(&root, "name").unwrap()).unwrap_err(),
            "`name` is not a list"
        );
    }
}
