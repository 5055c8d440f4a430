//! The files of a package, and where their contents come from.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Shebang;

/// One installed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PlannedFile {
    /// Absolute, normalised, without `..`.
    pub path: String,
    /// Permission bits, such as `0o644`.
    pub mode: u32,
    /// The user and group that own it.
    #[serde(default, skip_serializing_if = "FileOwner::is_root")]
    pub owner: FileOwner,
    pub role: FileRole,
    pub content: Content,
}

impl PlannedFile {
    /// Returns a file that belongs to root.
    pub fn new(path: impl Into<String>, mode: u32, role: FileRole, content: Content) -> Self {
        Self { path: path.into(), mode, owner: FileOwner::default(), role, content }
    }
}

/// The user and group that own an installed file, by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FileOwner {
    pub user: AccountName,
    pub group: AccountName,
}

impl Default for FileOwner {
    fn default() -> Self {
        Self { user: AccountName::root(), group: AccountName::root() }
    }
}

impl FileOwner {
    /// Returns whether both are root.
    pub fn is_root(&self) -> bool {
        *self == Self::default()
    }
}

/// The name of a user or group, safe to write into any recipe. Source: useradd(8).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(try_from = "String")]
pub struct AccountName(String);

impl AccountName {
    fn root() -> Self {
        Self("root".to_owned())
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AccountName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let is_first = |c: char| c.is_ascii_lowercase() || c == '_';
        let is_next = |c: char| is_first(c) || c.is_ascii_digit() || c == '-';
        if name.len() <= 32 && name.starts_with(is_first) && name.chars().all(is_next) {
            Ok(Self(name))
        } else {
            Err(
                "expected the name of a user or group: up to 32 lower case letters, digits, `_`, `-`",
            )
        }
    }
}

/// A member of one of the archives that a package is packed from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", from = "MemberForm")]
pub struct ArchiveMember {
    /// The archive's number: 0 is the plan's source, others are its further archives, from 1.
    #[serde(default, skip_serializing_if = "is_first")]
    pub archive: usize,
    /// The path in the archive.
    pub path: String,
}

impl ArchiveMember {
    /// Returns a member of the plan's source.
    pub fn of_source(path: impl Into<String>) -> Self {
        Self { archive: 0, path: path.into() }
    }

    /// Returns the path if it is a member of the plan's source.
    pub fn in_source(&self) -> Option<&str> {
        is_first(&self.archive).then_some(self.path.as_str())
    }
}

fn is_first(archive: &usize) -> bool {
    *archive == 0
}

/// The forms in which a member is read: plans of schema 1 had nothing but the path.
#[derive(Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(untagged)]
enum MemberForm {
    Path(String),
    Numbered {
        #[serde(default)]
        archive: usize,
        path: String,
    },
}

impl From<MemberForm> for ArchiveMember {
    fn from(form: MemberForm) -> Self {
        match form {
            MemberForm::Path(path) => Self::of_source(path),
            MemberForm::Numbered { archive, path } => Self { archive, path },
        }
    }
}

/// What an installed file is to the package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FileRole {
    Plain,
    Licence,
    Documentation,
    Configuration,
}

/// Where a file's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// A member of an archive, byte for byte.
    Member(ArchiveMember),
    /// A member of an archive, compressed as `gzip -9n` does it.
    Compressed(ArchiveMember),
    /// A member of an archive whose first line is replaced (PEP 427 `#!python`).
    Script { member: ArchiveMember, shebang: Shebang },
    /// Text that we wrote.
    Text(String),
    /// The byte code of an installed module.
    ByteCode { module: String },
    /// Another name of a file of the package.
    HardLink(String),
    /// A file of the rendered recipe, compressed with gzip where Debian wants it so.
    Rendered { file: String, gzip: bool },
}

impl Content {
    /// Returns the archive's member that the bytes are taken from, if there is one.
    pub fn member(&self) -> Option<&ArchiveMember> {
        match self {
            Self::Member(member) | Self::Compressed(member) | Self::Script { member, .. } => {
                Some(member)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_older_plans_are_those_of_the_source() {
        let read = |text: &str| serde_json::from_str::<Content>(text).unwrap();
        let wanted = Content::Member(ArchiveMember::of_source("a.py"));
        assert_eq!(read(r#"{"member": "a.py"}"#), wanted);
        assert_eq!(read(r#"{"member": {"path": "a.py"}}"#), wanted);
        assert_eq!(serde_json::to_string(&wanted).unwrap(), r#"{"member":{"path":"a.py"}}"#);
        let second = ArchiveMember { archive: 1, path: "a.py".to_owned() };
        assert_eq!(read(r#"{"member": {"archive": 1, "path": "a.py"}}"#), Content::Member(second));
    }

    #[test]
    fn names_of_accounts_are_plain_words() {
        for name in ["root", "www-data", "_apt", "a1"] {
            assert_eq!(AccountName::try_from(name.to_owned()).unwrap().as_str(), name);
        }
        for name in ["", "Root", "1a", "-a", "a b", "a,b", "a\nb", "a%b", &"a".repeat(33)] {
            assert!(AccountName::try_from(name.to_owned()).is_err(), "{name:?}");
        }
    }
}
