//! Detection of the target of a system by its os-release file. Source: os-release(5).

use std::collections::BTreeMap;

use serde::Deserialize;

/// The os-release values of a target's systems.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct OsReleaseRule {
    /// Values of `ID`.
    ids: Vec<String>,
    /// `VERSION_ID`, or its part before a dot; absent for rolling releases.
    version: Option<String>,
    /// `PLATFORM_ID` without `platform:`; Enterprise Linux and its rebuilds share one.
    platform: Option<String>,
    /// The codename, which derivatives keep for their base release.
    codename: Option<String>,
}

impl OsReleaseRule {
    fn is_version(&self, actual: &str) -> bool {
        self.version.as_deref().is_none_or(|wanted| {
            actual.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    fn has_id(&self, id: &str) -> bool {
        self.ids.iter().any(|known| known == id)
    }
}

/// The variables of an os-release file.
pub(super) struct OsRelease(BTreeMap<String, String>);

impl OsRelease {
    /// Parses `KEY=value` lines; other lines are skipped, as os-release(5) requires.
    pub(super) fn parse(text: &str) -> OsRelease {
        let assignments = text.lines().map(str::trim).filter_map(|line| {
            let (key, value) = line.split_once('=')?;
            (!line.starts_with('#')).then(|| (key.to_owned(), unquote(value)))
        });
        OsRelease(assignments.collect())
    }

    fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// Returns a short description of the system: its `ID` and `VERSION_ID`.
    pub(super) fn subject(&self) -> String {
        match (self.get("ID"), self.get("VERSION_ID")) {
            ("", _) => "unnamed".to_owned(),
            (id, "") => id.to_owned(),
            (id, version) => format!("{id} {version}"),
        }
    }

    /// Returns the first name whose rule fits best: by the system's own identifier, then by its
    /// platform, its codename, and last by `ID_LIKE`.
    pub(super) fn find<'a>(&self, rules: &[(&'a str, OsReleaseRule)]) -> Option<&'a str> {
        let first = |fits: &dyn Fn(&OsReleaseRule) -> bool| {
            rules.iter().find(|(_, rule)| fits(rule)).map(|(name, _)| *name)
        };
        let version = self.get("VERSION_ID");
        let platform = self.get("PLATFORM_ID").strip_prefix("platform:");
        let codenames =
            ["UBUNTU_CODENAME", "DEBIAN_CODENAME", "VERSION_CODENAME"].map(|key| self.get(key));
        first(&|rule| rule.has_id(self.get("ID")) && rule.is_version(version))
            .or_else(|| {
                first(&|rule| rule.platform.is_some() && rule.platform.as_deref() == platform)
            })
            .or_else(|| {
                codenames
                    .iter()
                    .find_map(|actual| first(&|rule| rule.codename.as_deref() == Some(actual)))
            })
            .or_else(|| {
                // The version of a derivative is unrelated to Debian's or Ubuntu's; the codename
                // has been compared already.
                self.get("ID_LIKE").split_whitespace().find_map(|like| {
                    first(&|rule| {
                        rule.codename.is_none() && rule.has_id(like) && rule.is_version(version)
                    })
                })
            })
    }
}

/// Removes the quotes of a value; within double quotes a backslash escapes the next character.
fn unquote(value: &str) -> String {
    let within = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(text) = within('\'') {
        return text.to_owned();
    }
    let mut plain = String::new();
    let mut characters = within('"').unwrap_or(value).chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}
