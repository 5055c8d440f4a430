//! `overrides.toml`.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{AdditionError, text};
use crate::{
    base::text::{OneLine, line_at, unknown_key},
    planner::{FileRules, rules},
    python::metadata::parse_expression,
};

/// The file's name.
pub(crate) const OVERRIDES: &str = "overrides.toml";

/// What is otherwise than it would be generated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Overrides {
    pub add: Vec<Addition>,
    pub remove: Vec<Addition>,
    pub set: Vec<Setting>,
    pub file: Vec<FileOverride>,
    /// What is decided about the project's files.
    #[serde(flatten)]
    pub rules: FileRules,
}

/// A relation that a package gets, or does not get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addition {
    /// As the recipe writes it: `Requires: git-core >= 2`, `Depends: git (>= 2)`.
    pub relation: String,
    pub reason: String,
}

impl Addition {
    /// The tag and the dependency.
    pub fn parts(&self) -> Option<(&str, &str)> {
        let (tag, text) = self.relation.split_once(':')?;
        let (tag, text) = (tag.trim(), text.trim());
        (!tag.is_empty() && !text.is_empty()).then_some((tag, text))
    }
}

/// A field with a value of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    pub field: OverrideField,
    pub value: String,
    pub reason: String,
}

/// What can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverrideField {
    Summary,
    Licence,
    Homepage,
    Description,
}

impl std::fmt::Display for OverrideField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Summary => "summary",
            Self::Licence => "licence",
            Self::Homepage => "homepage",
            Self::Description => "description",
        })
    }
}

/// A file of the recipe's folder that is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileOverride {
    /// Its name in the folder.
    pub source: String,
    /// Where it is installed: absolute.
    pub path: String,
    /// Permission bits in octal digits.
    #[serde(default = "mode")]
    pub mode: String,
    #[serde(default)]
    pub configuration: bool,
    pub reason: String,
}

fn mode() -> String {
    "0644".to_owned()
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OverridesFile {
    add: Vec<Spanned<Addition>>,
    remove: Vec<Spanned<Addition>>,
    set: Vec<Spanned<Setting>>,
    file: Vec<Spanned<FileOverride>>,
    #[serde(rename = "leave-out", deserialize_with = "rules::leave_out")]
    leave_out: Vec<String>,
    #[serde(rename = "move", deserialize_with = "rules::moves")]
    moves: BTreeMap<String, String>,
    #[serde(rename = "allow-paths", deserialize_with = "rules::allow_paths")]
    allow_paths: Vec<String>,
    #[serde(rename = "allow-startup-code")]
    allow_startup_code: bool,
}

impl Overrides {
    /// Reads the file at `path`, which need not exist.
    pub(super) fn read(path: &Path) -> Result<Self, AdditionError> {
        match text(path)? {
            Some(text) => Self::parse(&text, path),
            None => Ok(Self::default()),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, AdditionError> {
        let refuse =
            |at: usize, problem: &str| AdditionError::of(path, Some(line_at(text, at)), problem);
        let file: OverridesFile = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            refuse(at, &unknown_key(error.message()))
        })?;
        let relation = |entry: &Spanned<Addition>| match entry.as_ref().parts() {
            Some(_) => Ok(()),
            None => Err(refuse(entry.span().start, "write `relation = \"Requires: NAME\"`")),
        };
        file.add.iter().chain(&file.remove).try_for_each(relation)?;
        let starts_and_reasons = (file.add.iter().chain(&file.remove))
            .map(|entry| (entry.span().start, &entry.as_ref().reason))
            .chain(file.set.iter().map(|entry| (entry.span().start, &entry.as_ref().reason)))
            .chain(file.file.iter().map(|entry| (entry.span().start, &entry.as_ref().reason)));
        for (at, reason) in starts_and_reasons {
            if OneLine::new(reason).is_empty() {
                return Err(refuse(at, "needs a `reason`"));
            }
        }
        for entry in &file.set {
            entry.as_ref().check().map_err(|problem| refuse(entry.span().start, problem))?;
        }
        for entry in &file.file {
            entry.as_ref().check().map_err(|problem| refuse(entry.span().start, problem))?;
        }
        let set = file.set.into_iter().map(Spanned::into_inner).collect();
        let relations = |list: Vec<Spanned<Addition>>| {
            list.into_iter().map(Spanned::into_inner).collect::<Vec<_>>()
        };
        Ok(Self {
            add: relations(file.add),
            remove: relations(file.remove),
            set,
            file: file.file.into_iter().map(Spanned::into_inner).collect(),
            rules: FileRules {
                leave_out: file.leave_out,
                moves: file.moves,
                allow_paths: file.allow_paths,
                allow_startup_code: file.allow_startup_code,
            },
        })
    }
}

impl Setting {
    fn check(&self) -> Result<(), &'static str> {
        match self.field {
            OverrideField::Licence if parse_expression(&self.value).is_none() => {
                Err("`licence` is an SPDX expression, such as `MIT OR Apache-2.0`")
            }
            OverrideField::Homepage if !is_address(&self.value) => {
                Err("`homepage` is an address that begins with http or https, without a password")
            }
            _ if OneLine::new(&self.value).is_empty() => Err("`value` is empty"),
            _ => Ok(()),
        }
    }
}

/// Whether a text is a web address that stays as it is when it is written again.
fn is_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        ["http", "https"].contains(&url.scheme())
            && url.username().is_empty()
            && url.password().is_none()
            && text.chars().all(|c| c.is_ascii_graphic())
    })
}

impl FileOverride {
    fn check(&self) -> Result<(), &'static str> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
        let is_name = self.source.starts_with(|c: char| c.is_ascii_alphanumeric())
            && self.source.chars().all(is_plain);
        if !is_name {
            return Err("`source` is the name of a file in the recipe's folder");
        }
        let stays = self.path.starts_with('/')
            && self.path.split('/').skip(1).all(|part| {
                !part.is_empty() && part != "." && part != ".." && part.chars().all(is_plain)
            });
        if !stays {
            return Err("`path` is absolute and of letters, digits and `._+-`");
        }
        match self.permissions() {
            Some(_) => Ok(()),
            None => Err("`mode` is of octal digits, such as \"0644\""),
        }
    }

    /// The permission bits.
    pub fn permissions(&self) -> Option<u32> {
        u32::from_str_radix(&self.mode, 8).ok().filter(|mode| *mode <= 0o777)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Overrides::parse(text, Path::new("overrides.toml")).unwrap_err().to_string()
    }

    #[test]
    fn entries_need_a_reason_and_name_their_line() {
        let good = "[[add]]\nrelation = \"Requires: git\"\nreason = \"starts it\"\n";
        assert!(Overrides::parse(good, Path::new("x")).is_ok());
        let cases = [
            (
                "\n[[add]]\nrelation = \"Requires: git\"\nreason = \" \"\n",
                "overrides.toml:2: needs a `reason`",
            ),
            (
                "[[add]]\nrelation = \"git\"\nreason = \"x\"\n",
                "overrides.toml:1: write `relation = ",
            ),
            (
                "[[set]]\nfield = \"version\"\nvalue = \"1\"\nreason = \"x\"\n",
                "overrides.toml:2: unknown variant",
            ),
            (
                "[[set]]\nfield = \"licence\"\nvalue = \"MIT%post\"\nreason = \"x\"\n",
                "overrides.toml:1: `licence` is an SPDX expression",
            ),
            (
                "[[set]]\nfield = \"homepage\"\nvalue = \"javascript:x\"\nreason = \"x\"\n",
                "overrides.toml:1: `homepage` is an address",
            ),
            (
                "[[file]]\nsource = \"../x\"\npath = \"/etc/x\"\nreason = \"x\"\n",
                "overrides.toml:1: `source` is",
            ),
            (
                "[[file]]\nsource = \"x\"\npath = \"/etc/../x\"\nreason = \"x\"\n",
                "overrides.toml:1: `path` is",
            ),
        ];
        for (text, wanted) in cases {
            assert!(problem(text).starts_with(wanted), "{}", problem(text));
        }
    }
}
