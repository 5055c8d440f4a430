//! `plugin.toml`.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MANIFEST, PluginError, protocol::API};
use crate::{
    base::text::{OneLine, is_plain_name, line_at, unknown_key},
    plan::relation::Strength,
};

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PluginManifest {
    pub name: String,
    pub version: semver::Version,
    /// The versions of the protocol that it speaks.
    pub api: semver::VersionReq,
    #[serde(default)]
    pub description: OneLine,
    pub hooks: Vec<Hook>,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// In seconds.
    #[serde(default = "timeout")]
    timeout: u64,
    /// The file with the JSON Schema of its settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// What it says of the package format that it provides, which has the plugin's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatTable>,
}

/// A package format that a plugin provides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FormatTable {
    /// How the names of its package files end.
    pub suffix: String,
    /// How its templates write text from outside.
    pub escape: Escaping,
    /// What the name of a detached signature adds to that of its file; nothing where nothing is
    /// signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The file by which clients find a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientFile>,
    /// What recipes call each kind of relation.
    pub fields: BTreeMap<Strength, String>,
}

/// The names of the built-in formats, each with the end of its package files' names: those of plugins
/// must differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuiltInFormats(pub Vec<(String, String)>);

impl BuiltInFormats {
    /// Returns whether there is a built-in format of that name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(format, _)| format == name)
    }
}

/// How templates write text from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Escaping {
    /// On one line.
    Line,
    /// As one word of a POSIX shell.
    Shell,
}

/// A file for clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClientFile {
    pub file: String,
    /// What stands before the address in it.
    pub url: String,
}

impl FormatTable {
    fn check(&self, built_in: &BuiltInFormats) -> Result<(), &'static str> {
        let is_ending = |text: &str| {
            text.len() > 1
                && text.starts_with('.')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        let is_other = built_in.0.iter().any(|(_, suffix)| self.suffix.ends_with(suffix));
        if !is_ending(&self.suffix) || is_other {
            return Err("`suffix` must begin with a dot, and must not end as another format's");
        }
        if self.signature.as_deref().is_some_and(|ending| !is_ending(ending)) {
            return Err("`signature` must begin with a dot");
        }
        if self.client.as_ref().is_some_and(|client| !is_file_name(&client.file)) {
            return Err("`client.file` must be a file name");
        }
        if self.fields.contains_key(&Strength::Requires) {
            Ok(())
        } else {
            Err("`fields` must have the field of `requires`")
        }
    }
}

/// Whether a text is a name of a file, and safe to show and to write anywhere.
pub(crate) fn is_file_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._+~:-".contains(c))
}

/// The steps of a run that plugins take part in, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    ResolveName,
    Plan,
    Recipe,
    Package,
    Collection,
    Publish,
    Format,
}

impl Hook {
    pub const ALL: [Self; 7] = [
        Self::ResolveName,
        Self::Plan,
        Self::Recipe,
        Self::Package,
        Self::Collection,
        Self::Publish,
        Self::Format,
    ];
}

const DEFAULT_TIMEOUT: u64 = 60;
/// No plugin runs longer than this, in seconds.
const LONGEST: u64 = 60 * 60;

fn timeout() -> u64 {
    DEFAULT_TIMEOUT
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ResolveName => "resolve-name",
            Self::Plan => "plan",
            Self::Recipe => "recipe",
            Self::Package => "package",
            Self::Collection => "collection",
            Self::Publish => "publish",
            Self::Format => "format",
        })
    }
}

impl PluginManifest {
    /// Reads the manifest of the plugin in `folder`.
    ///
    /// # Errors
    /// There is none, it has something wrong, or it is for another protocol than this program's.
    pub fn read(folder: &Path, built_in: &BuiltInFormats) -> Result<Self, PluginError> {
        let path = folder.join(MANIFEST);
        if !path.is_file() {
            return Err(PluginError::NoManifest { folder: folder.to_owned() });
        }
        let text = fs::read_to_string(&path)
            .map_err(|e| PluginError::Unreadable { path: path.clone(), reason: e.to_string() })?;
        let refuse = |line: usize, problem: String| {
            let path = path.clone();
            PluginError::Manifest { path, line, problem }
        };
        let manifest: Self = toml::from_str(&text).map_err(|error| {
            let end = error.span().map_or(0, |span| span.start);
            refuse(line_at(&text, end), unknown_key(error.message()))
        })?;
        manifest.check(built_in).map_err(|problem| refuse(1, problem.to_owned()))?;
        if manifest.api.matches(&API) {
            Ok(manifest)
        } else {
            Err(PluginError::Api { plugin: manifest.name, wanted: manifest.api, present: API })
        }
    }

    fn check(&self, built_in: &BuiltInFormats) -> Result<(), &'static str> {
        if !is_plain_name(&self.name) {
            return Err("`name` is of lower case letters, digits and hyphens");
        }
        if self.command.first().is_none_or(String::is_empty) {
            return Err("`command` names no program");
        }
        if self.hooks.is_empty() {
            return Err("`hooks` names none");
        }
        if !(1..=LONGEST).contains(&self.timeout) {
            return Err("`timeout` is 1 to 3600 seconds");
        }
        match (&self.format, self.hooks.contains(&Hook::Format)) {
            (None, false) => Ok(()),
            (Some(format), true) if !built_in.has(&self.name) => format.check(built_in),
            (Some(_), true) => Err("`name` is that of a built-in format"),
            _ => Err("the hook `format` and the table `[format]` belong together"),
        }
    }

    /// How long it may run.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// A path of the manifest's, in its folder.
    pub fn inside(folder: &Path, name: &str) -> Option<PathBuf> {
        use std::path::Component;
        let path = Path::new(name);
        let stays =
            path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let path = folder.join(path.strip_prefix(".").unwrap_or(path));
        (stays && !name.is_empty() && path.is_file()).then_some(path)
    }
}
