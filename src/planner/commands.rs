//! What commands are called where they are installed.

use std::collections::BTreeSet;

use pep440_rs::{Version, VersionSpecifiers};
use serde::Deserialize;

use crate::{
    base::text::OneLine,
    distro::targets::Target,
    plan::relation::{Capability, CapabilityName, Relation, Strength},
    wheels::Wheel,
};

use super::Policy;

/// How the commands of a Python beside the target's default one are called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommandNames {
    /// Suffixed if a package of the default Python could own the same path; the default, which
    /// cannot be set.
    #[default]
    #[value(skip)]
    #[serde(skip)]
    Auto,
    /// As the project calls them
    Plain,
    /// With the version of their Python, such as `flask-3.12`
    Suffixed,
}

/// Where the commands of one wheel are installed.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommandPaths<'a> {
    target: &'a Target,
    names: CommandNames,
    requires_python: Option<&'a VersionSpecifiers>,
    owned: Option<&'a BTreeSet<String>>,
}

impl<'a> CommandPaths<'a> {
    pub(super) fn new(wheel: &'a Wheel, target: &'a Target, policy: &'a Policy) -> Self {
        Self {
            target,
            names: policy.command_names,
            requires_python: wheel.metadata.requires_python.as_ref(),
            owned: policy.owned_commands.as_ref(),
        }
    }

    /// Where a command is installed.
    pub(super) fn path(&self, name: &str) -> String {
        let python = &self.target.python;
        let plain = format!("{}/{name}", python.scripts);
        if self.is_suffixed(&plain) {
            format!("{plain}-{}.{}", python.version.0, python.version.1)
        } else {
            plain
        }
    }

    /// Where a file of the `data` scheme is installed: commands, and the manual pages of commands, get
    /// the version that a script of that name gets.
    pub(super) fn data_path(&self, path: &str) -> String {
        let python = &self.target.python;
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        if folder == python.scripts {
            return self.path(file);
        }
        let Some(page) = ManualPage::of(path, &python.data) else { return path.to_owned() };
        if !self.is_suffixed(&format!("{}/{}", python.scripts, page.name)) {
            return path.to_owned();
        }
        let (major, minor) = python.version;
        format!("{folder}/{}-{major}.{minor}.{}", page.name, page.section)
    }

    /// Whether a command carries the version of its Python.
    fn is_suffixed(&self, plain: &str) -> bool {
        let python = &self.target.python;
        if python.is_default || self.target.isolation.is_some() {
            return false;
        }
        match (self.names, self.owned) {
            (CommandNames::Plain, _) => false,
            (CommandNames::Suffixed, _) => true,
            (CommandNames::Auto, Some(owned)) => owned.contains(plain),
            (CommandNames::Auto, None) => self.runs_on_default(),
        }
    }

    /// Whether the release could be packaged for the target's default Python, too.
    fn runs_on_default(&self) -> bool {
        let default: Option<Version> = self.target.python.default_version.parse().ok();
        match (self.requires_python, default) {
            (Some(specifiers), Some(default)) => specifiers.contains(&default),
            _ => true,
        }
    }
}

/// A manual page. Source: man(1), "The table below shows the section numbers".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ManualPage<'p> {
    /// What the page describes: a command, in the sections for these.
    pub name: &'p str,
    /// The ending: the section, and how the page is compressed: `1`, `1.gz`, `3pm`.
    pub section: &'p str,
}

impl<'p> ManualPage<'p> {
    /// Returns the page at a path below `share/man` of a prefix, in any language.
    pub(super) fn of(path: &'p str, prefix: &str) -> Option<Self> {
        let inside = path.strip_prefix(prefix)?.strip_prefix("/share/man/")?;
        let (folder, file) = inside.rsplit_once('/')?;
        let section = folder.rsplit('/').next()?.strip_prefix("man")?;
        let digit = section.chars().next().filter(char::is_ascii_digit)?;
        let (at, _) = file.rmatch_indices('.').find(|(at, _)| file[at + 1..].starts_with(digit))?;
        Some(Self { name: &file[..at], section: &file[at + 1..] })
    }

    /// Whether it describes a command: user commands, games or administration.
    pub(super) fn is_of_command(&self) -> bool {
        self.section.starts_with(['1', '6', '8'])
    }
}

/// The name of an application, under which people look for its package: that of the project, where it
/// has a command called so. Packages for the default Python are found by their own names.
pub(super) fn application(
    wheel: &Wheel,
    package: &str,
    paths: &BTreeSet<&str>,
    target: &Target,
) -> Option<Relation> {
    let project: &str = wheel.metadata.name.as_ref();
    let path = format!("{}/{project}", target.python.scripts);
    let is_beside = !target.python.is_default && target.isolation.is_none();
    if !is_beside || package == project || !paths.contains(path.as_str()) {
        return None;
    }
    let name = CapabilityName::parse(project).ok()?;
    Some(Relation {
        strength: Strength::Provides,
        capability: Capability::Package { name, own_version: true },
        origin: OneLine::new(&format!("the application `{project}`")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distro::targets::Targets;

    #[test]
    fn commands_carry_a_version_where_the_default_python_could_have_them() {
        let target = Targets::embedded().load("el9", Some("3.12"), None).unwrap();
        let owned = BTreeSet::from(["/usr/bin/taken".to_owned()]);
        let specifiers = |text: &str| text.parse::<VersionSpecifiers>().unwrap();
        let (old, new) = (specifiers(">=3.8"), specifiers(">=3.10"));
        let path = |names, requires_python, owned, name: &str| {
            CommandPaths { target: &target, names, requires_python, owned }.path(name)
        };
        let auto = CommandNames::Auto;
        for (found, wanted) in [
            (path(auto, None, None, "x"), "/usr/bin/x-3.12"),
            (path(auto, Some(&old), None, "x"), "/usr/bin/x-3.12"),
            (path(auto, Some(&new), None, "x"), "/usr/bin/x"),
            (path(auto, Some(&old), Some(&owned), "free"), "/usr/bin/free"),
            (path(auto, Some(&new), Some(&owned), "taken"), "/usr/bin/taken-3.12"),
            (path(CommandNames::Plain, None, Some(&owned), "taken"), "/usr/bin/taken"),
            (path(CommandNames::Suffixed, Some(&new), Some(&owned), "x"), "/usr/bin/x-3.12"),
        ] {
            assert_eq!(found, wanted);
        }
    }

    #[test]
    fn data_is_named_as_commands_are() {
        let target = Targets::embedded().load("el9", Some("3.12"), None).unwrap();
        let owned = BTreeSet::from(["/usr/bin/taken".to_owned()]);
        let paths = CommandPaths {
            target: &target,
            names: CommandNames::Auto,
            requires_python: None,
            owned: Some(&owned),
        };
        for (path, expected) in [
            ("/usr/bin/taken", "/usr/bin/taken-3.12"),
            ("/usr/bin/free", "/usr/bin/free"),
            ("/usr/share/man/man1/taken.1", "/usr/share/man/man1/taken-3.12.1"),
            ("/usr/share/man/de/man1/taken.1.gz", "/usr/share/man/de/man1/taken-3.12.1.gz"),
            ("/usr/share/man/man1/free.1", "/usr/share/man/man1/free.1"),
            ("/usr/share/man/README", "/usr/share/man/README"),
            ("/usr/share/taken", "/usr/share/taken"),
        ] {
            assert_eq!(paths.data_path(path), expected);
        }
    }
}
