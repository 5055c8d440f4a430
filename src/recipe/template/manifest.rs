//! `pack.toml`.

use serde::{Deserialize, de::DeserializeOwned};

use super::Packs;
use crate::base::text::{is_plain_name, line_at, nearest, suggested, unknown_key};

/// The manifest's file in a pack.
pub(super) const MANIFEST: &str = "pack.toml";

/// The version of the context that formats give to their templates.
const API: semver::Version = semver::Version::new(1, 0, 0);

/// The manifest of a pack that renders files.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PackManifest {
    /// The context that the templates expect.
    api: semver::VersionReq,
    /// What is rendered, in order.
    pub outputs: Vec<PackOutput>,
}

/// A file that a pack renders.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PackOutput {
    /// The path in the recipe: a template itself.
    pub path: String,
    pub template: String,
    #[serde(default)]
    pub executable: bool,
}

/// The manifest of a pack that replaces single templates of another.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Extension {
    pub name: String,
    pub version: semver::Version,
    api: semver::VersionReq,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The pack whose templates it replaces.
    pub extends: String,
    /// The targets for which it does so; all where none is named.
    #[serde(default)]
    pub targets: Vec<String>,
}

/// What is wrong with a manifest, and in which line.
pub(super) type Wrong = (usize, String);

impl PackManifest {
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        let manifest: Self = read(text)?;
        fits(&manifest.api, text)?;
        Ok(manifest)
    }
}

impl Extension {
    pub(super) fn parse(text: &str, packs: &Packs) -> Result<Self, Wrong> {
        let extension: Self = read(text)?;
        fits(&extension.api, text)?;
        let wrong = |key, reason| Err((line_of(text, key), reason));
        let Self { name, extends, .. } = &extension;
        if !packs.has(extends) {
            let meant = suggested(nearest(extends, packs.names()));
            let reason = format!("there is no pack `{extends}`{meant}");
            return wrong("extends", reason);
        }
        if packs.has(name) {
            return wrong("name", format!("`{name}` is the name of a built-in pack"));
        }
        if !is_plain_name(name) {
            let reason =
                format!("`{name}` is not a valid pack name: write letters a-z, digits and `-`");
            return wrong("name", reason);
        }
        Ok(extension)
    }

    /// Whether it counts for a target; for no target in particular, whether it counts for all.
    pub fn is_for(&self, target: Option<&str>) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|own| Some(own.as_str()) == target)
    }

    /// The first of its targets that is none.
    pub(super) fn unknown_target(&self, text: &str, known: &[&str]) -> Option<Wrong> {
        let unknown = self.targets.iter().find(|target| !known.contains(&target.as_str()))?;
        let meant = suggested(nearest(unknown, known.iter().copied()));
        let reason = format!("there is no target `{unknown}`{meant}");
        Some((line_of(text, "targets"), reason))
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    toml::from_str(text).map_err(|error| {
        let end = error.span().map_or(0, |span| span.start);
        let line = line_at(text, end);
        (line, unknown_key(error.message()))
    })
}

fn fits(api: &semver::VersionReq, text: &str) -> Result<(), Wrong> {
    if api.matches(&API) {
        Ok(())
    } else {
        Err((line_of(text, "api"), format!("wants the template context {api}, this is {API}")))
    }
}

/// The line that a key stands on.
fn line_of(text: &str, key: &str) -> usize {
    let is_key = |line: &str| {
        line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    1 + text.lines().position(is_key).unwrap_or_default()
}
