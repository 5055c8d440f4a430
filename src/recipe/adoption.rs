//! Turning edits into overrides.

use crate::{base::text::serialised, format::Format, plan::relation::Strength};

use super::{
    RecipeError, RecipeFolder,
    additions::{Addition, OVERRIDES, OverrideField, Setting},
    folder::{read, write},
    merge::{Statement, Syntax, statements},
};

/// The edits of a recipe that overrides can express.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits {
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub set: Vec<(OverrideField, String)>,
}

/// The fields of specs and control files that overrides set.
const SPEC_FIELDS: [(&str, OverrideField); 3] = [
    ("Summary", OverrideField::Summary),
    ("License", OverrideField::Licence),
    ("URL", OverrideField::Homepage),
];
const CONTROL_FIELDS: [(&str, OverrideField); 2] =
    [("Description", OverrideField::Summary), ("Homepage", OverrideField::Homepage)];

impl Edits {
    /// What the user changed in a recipe, as far as overrides can say it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn of(folder: &RecipeFolder, format: &dyn Format) -> Result<Self, RecipeError> {
        let mut edits = Self::default();
        for (name, base) in folder.generated()? {
            let syntax = Syntax::of(&name);
            let fields: &[(&str, OverrideField)] = match syntax {
                Syntax::Spec => &SPEC_FIELDS,
                Syntax::Control => &CONTROL_FIELDS,
                Syntax::Changelog | Syntax::Pkgbuild | Syntax::Text => continue,
            };
            let Some(present) = folder.file(&name)? else { continue };
            let is_relation = |statement: &&Statement| {
                let tag = statement.tag.rsplit('/').next().unwrap_or_default();
                Strength::ALL.iter().any(|strength| format.syntax().tag(*strength) == tag)
            };
            let (old, new) = (statements(syntax, &base), statements(syntax, &present));
            let only = |these: &[Statement], those: &[Statement]| -> Vec<String> {
                let these = these.iter().filter(is_relation);
                let only = these.filter(|one| !those.iter().any(|other| other.says(one)));
                only.map(Statement::line).collect()
            };
            let is_plain = |line: &String| !line.contains('%');
            edits.added.extend(only(&new, &old).into_iter().filter(is_plain));
            // What is removed is found by its name alone.
            let removed = only(&old, &new).into_iter().map(without_own_version);
            edits.removed.extend(removed.filter(is_plain));
            for (tag, field) in fields {
                let (old, new) = (value(&base, tag), value(&present, tag));
                let new = new.filter(|_| old != new).map(|text| text.replace("%%", "%"));
                edits
                    .set
                    .extend(new.filter(|text| !text.contains("%{")).map(|text| (*field, text)));
            }
        }
        Ok(edits)
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Writes the edits behind what `overrides.toml` says already.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, folder: &RecipeFolder, reason: &str) -> Result<(), RecipeError> {
        let path = folder.path().join(OVERRIDES);
        let mut text = read(&path)?.unwrap_or_default();
        let mut entry = |kind: &str, entry: String| {
            let blank = if text.is_empty() { "" } else { "\n" };
            text += &format!("{blank}[[{kind}]]\n{entry}");
        };
        let relation = |line: &String| {
            let addition = Addition { relation: line.clone(), reason: reason.to_owned() };
            serialised::toml(&addition)
        };
        self.added.iter().for_each(|line| entry("add", relation(line)));
        self.removed.iter().for_each(|line| entry("remove", relation(line)));
        for (field, value) in &self.set {
            let (field, value) = (*field, value.clone());
            let setting = Setting { field, value, reason: reason.to_owned() };
            entry("set", serialised::toml(&setting));
        }
        write(&path, &text, false)
    }
}

/// A line without the bound by the package's own version, which macros stand for.
fn without_own_version(line: String) -> String {
    let bounds = [" = %{", " < %{"];
    let name = bounds.iter().find_map(|bound| line.split_once(bound)).map(|(name, _)| name);
    name.map(str::to_owned).unwrap_or(line)
}

/// The value of a field on one line.
fn value<'t>(text: &'t str, field: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::without_own_version;

    #[test]
    fn what_is_removed_is_named_without_its_own_version() {
        for (line, expected) in [
            ("Provides: python-one = %{version}-%{release}", "Provides: python-one"),
            ("Obsoletes: one < %{epoch}:%{version}-%{release}", "Obsoletes: one"),
            ("Requires: two >= 1", "Requires: two >= 1"),
            ("Requires: %{name}-data", "Requires: %{name}-data"),
        ] {
            assert_eq!(without_own_version(line.to_owned()), expected);
        }
    }
}
