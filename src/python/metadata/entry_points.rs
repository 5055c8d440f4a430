//! Entry points that become commands. Source: PyPA entry points specification.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    base::text::OneLine,
    python::artifact::{ExtraName, extra_name},
};

/// The largest `entry_points.txt` read, in bytes.
const SIZE_LIMIT: usize = 1024 * 1024;

/// The commands that a wheel declares in `entry_points.txt`, sorted by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryPoints {
    pub console_scripts: Vec<EntryPoint>,
    pub gui_scripts: Vec<EntryPoint>,
    /// Every definition, those of other groups too: `GROUP: NAME = VALUE`, sorted.
    pub definitions: Vec<OneLine>,
}

/// A command: a name and the object that is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPoint {
    /// A file name of letters, digits, `_`, `.`, `-`; it begins with none of the last two.
    pub name: String,
    /// Dotted identifiers.
    pub module: String,
    /// Dotted identifiers.
    pub attribute: String,
    /// Extras without which the command does not work.
    pub extras: Vec<ExtraName>,
}

/// Why an `entry_points.txt` was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryPointError {
    #[error("`entry_points.txt` is not UTF-8 text of at most {SIZE_LIMIT} bytes")]
    Unreadable,
    #[error("`entry_points.txt`: the line `{0}` is neither a section nor a definition")]
    Line(String),
    #[error("`entry_points.txt`: `{0}` is not a name for a command")]
    Name(String),
    #[error("`entry_points.txt`: the command `{name}` calls `{value}`, which is not an object")]
    Value { name: String, value: String },
    #[error("`entry_points.txt`: the command `{0}` is defined twice")]
    Twice(String),
}

impl EntryPoints {
    /// Parses `entry_points.txt`: sections in brackets, `name = module:attribute [extras]`.
    ///
    /// Only those of the sections `console_scripts` and `gui_scripts` are looked into.
    ///
    /// # Errors
    /// Lines of these sections that are no such definition, names that are no plain file names,
    /// values that are more than dotted identifiers, and commands defined twice.
    pub fn parse(text: &[u8]) -> Result<Self, EntryPointError> {
        let text = std::str::from_utf8(text).map_err(|_| EntryPointError::Unreadable)?;
        if text.len() > SIZE_LIMIT {
            return Err(EntryPointError::Unreadable);
        }
        let mut section = "";
        let mut definitions = BTreeSet::new();
        let mut found = BTreeMap::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.trim();
                continue;
            }
            definitions.insert(OneLine::new(&format!("{section}: {line}")));
            let is_graphical = section == "gui_scripts";
            if !is_graphical && section != "console_scripts" {
                continue;
            }
            let entry = EntryPoint::parse(line)?;
            let name = entry.name.clone();
            if found.insert(name.clone(), (is_graphical, entry)).is_some() {
                return Err(EntryPointError::Twice(name));
            }
        }
        let (gui, console): (Vec<_>, Vec<_>) =
            found.into_values().partition(|(is_graphical, _)| *is_graphical);
        let entries = |list: Vec<(bool, EntryPoint)>| list.into_iter().map(|(_, e)| e).collect();
        Ok(Self {
            console_scripts: entries(console),
            gui_scripts: entries(gui),
            definitions: definitions.into_iter().collect(),
        })
    }
}

impl EntryPoint {
    fn parse(line: &str) -> Result<Self, EntryPointError> {
        let (name, value) =
            line.split_once('=').ok_or_else(|| EntryPointError::Line(line.to_owned()))?;
        let (name, value) = (name.trim(), value.trim());
        if !is_command_name(name) {
            return Err(EntryPointError::Name(name.to_owned()));
        }
        let (module, attribute, extras) = parse_value(value).ok_or_else(|| {
            EntryPointError::Value { name: name.to_owned(), value: value.to_owned() }
        })?;
        Ok(Self { name: name.to_owned(), module, attribute, extras })
    }
}

fn is_command_name(name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    (1..=255).contains(&name.len()) && !name.starts_with(['-', '.']) && name.chars().all(is_part)
}

fn parse_value(value: &str) -> Option<(String, String, Vec<ExtraName>)> {
    let (object, extras) = match value.split_once('[') {
        Some((object, rest)) => (object, rest.trim_end().strip_suffix(']')?),
        None => (value, ""),
    };
    let (module, attribute) = object.split_once(':')?;
    let (module, attribute) = (module.trim(), attribute.trim());
    let extras = extras.split(',').map(str::trim).filter(|extra| !extra.is_empty());
    let extras = extras.map(extra_name).collect::<Option<Vec<_>>>()?;
    (is_dotted(module) && is_dotted(attribute))
        .then(|| (module.to_owned(), attribute.to_owned(), extras))
}

fn is_dotted(text: &str) -> bool {
    text.split('.').all(|part| {
        let mut chars = part.chars();
        chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && chars.all(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_sorted() {
        let parsed = EntryPoints::parse(
            b"# comment\n[other]\nx = any thing ;\n[console_scripts]\nzed = a.b:c.d\n\
              \x20 alpha-1.0=m:f [Sock_s, tls]\r\n\n[ gui_scripts ]\nwin = m : g\n",
        )
        .unwrap();
        let names: Vec<&str> = parsed.console_scripts.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["alpha-1.0", "zed"]);
        assert_eq!(parsed.console_scripts[0].extras[0].as_ref(), "sock-s");
        assert_eq!(parsed.console_scripts[1].attribute, "c.d");
        assert_eq!(parsed.gui_scripts[0].module, "m");
    }

    #[test]
    fn hostile_definitions_are_refused() {
        for line in [
            "../../x = m:f",
            "/abs = m:f",
            "a;touch x = m:f",
            "$(x) = m:f",
            "%(x) = m:f",
            "-rf = m:f",
            ".x = m:f",
            " = m:f",
            "x = os:system('x')",
            "x = m",
            "x = m:",
            "x = m:f; import os",
            "x = m:f [a",
            "x",
            "x = m:f\nx = m:g",
            "x = m:f\n[gui_scripts]\nx = m:g",
        ] {
            let text = format!("[console_scripts]\n{line}\n");
            assert!(EntryPoints::parse(text.as_bytes()).is_err(), "{line}");
        }
        assert!(EntryPoints::parse(b"[console_scripts]\n\xff = m:f").is_err());
    }
}
