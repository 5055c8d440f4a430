//! One comparison of a marker, brought to a form whose meaning the marker type's own parser shares
//! with `packaging`.

use std::str::FromStr;

use pep440_rs::{Version, VersionPattern, VersionSpecifier};
use pep508_rs::ExtraName;

use super::marker::group_as_extra;
use crate::python::artifact::extra_name;

/// Comparisons that are the same everywhere.
const TRUE: &str = "python_version >= '0'";
const FALSE: &str = "python_version < '0'";

/// What a variable of the environment holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ComparisonKind {
    Text,
    Version,
    Extra,
    /// What was requested, in a lock file.
    Extras,
    Groups,
}

/// The canonical name and the kind of a variable, also by its older names (PEP 345); some are
/// known in lock files only.
pub(super) fn variable(word: &str, is_of_lock: bool) -> Option<(&'static str, ComparisonKind)> {
    Some(match word {
        "os_name" | "os.name" => ("os_name", ComparisonKind::Text),
        "sys_platform" | "sys.platform" => ("sys_platform", ComparisonKind::Text),
        "platform_machine" | "platform.machine" => ("platform_machine", ComparisonKind::Text),
        "platform_python_implementation"
        | "platform.python_implementation"
        | "python_implementation" => ("platform_python_implementation", ComparisonKind::Text),
        "platform_release" => ("platform_release", ComparisonKind::Text),
        "platform_system" => ("platform_system", ComparisonKind::Text),
        "platform_version" | "platform.version" => ("platform_version", ComparisonKind::Text),
        "implementation_name" => ("implementation_name", ComparisonKind::Text),
        "implementation_version" => ("implementation_version", ComparisonKind::Version),
        "python_version" => ("python_version", ComparisonKind::Version),
        "python_full_version" => ("python_full_version", ComparisonKind::Version),
        "extra" => ("extra", ComparisonKind::Extra),
        "extras" if is_of_lock => ("extra", ComparisonKind::Extras),
        "dependency_groups" if is_of_lock => ("extra", ComparisonKind::Groups),
        _ => return None,
    })
}

fn constant(holds: bool) -> String {
    if holds { TRUE } else { FALSE }.to_owned()
}

/// A variable compared with a quoted text; `inverted` where the text stands on the left.
pub(super) struct MarkerComparison<'a> {
    pub name: &'static str,
    pub kind: ComparisonKind,
    pub operator: &'a str,
    pub value: &'a str,
    pub inverted: bool,
}

impl MarkerComparison<'_> {
    /// The text to hand on.
    ///
    /// # Errors
    /// A comparison that is not defined.
    pub(super) fn rewritten(&self) -> Result<String, String> {
        match self.kind {
            ComparisonKind::Text => self.text(),
            ComparisonKind::Version => self.version(),
            ComparisonKind::Extra => self.extra(),
            ComparisonKind::Extras => self.is_among(extra_name(self.value)),
            ComparisonKind::Groups => self.is_among(group_as_extra(self.value)),
        }
    }

    /// Whether it asks for an extra or a group.
    pub(super) fn is_of_extras(&self) -> bool {
        matches!(self.kind, ComparisonKind::Extra | ComparisonKind::Extras | ComparisonKind::Groups)
    }

    fn undefined(&self) -> String {
        let Self { name, operator, value, .. } = self;
        format!("`{operator}` is not defined for `{name}` and `{value}`")
    }

    /// The comparison as it was, with the quotes that its value allows.
    fn write(&self, operator: &str) -> String {
        let Self { name, value, inverted, .. } = self;
        let quote = if value.contains('\'') { '"' } else { '\'' };
        if *inverted {
            format!("{quote}{value}{quote} {operator} {name}")
        } else {
            format!("{name} {operator} {quote}{value}{quote}")
        }
    }

    /// Texts are equal or not, or one is part of the other; no text is before another.
    fn text(&self) -> Result<String, String> {
        match self.operator {
            "==" | "!=" | "in" | "not in" => Ok(self.write(self.operator)),
            "<=" | ">=" => Ok(self.write("==")),
            "<" | ">" => Ok(FALSE.to_owned()),
            _ => Err(self.undefined()),
        }
    }

    fn version(&self) -> Result<String, String> {
        match self.operator {
            "in" | "not in" => self.version_in(),
            _ if self.inverted => self.inverted_version(),
            "===" if Version::from_str(self.value).is_ok() => Ok(self.write("==")),
            "===" => Ok(FALSE.to_owned()),
            operator => {
                let text = format!("{operator}{}", self.value);
                if VersionSpecifier::from_str(&text).is_ok() {
                    return Ok(self.write(operator));
                }
                if VersionPattern::from_str(self.value).is_ok() || operator == "~=" {
                    return Err(self.undefined());
                }
                // Compared as texts, of which the environment's is always another one.
                Ok(constant(operator == "!="))
            }
        }
    }

    /// `'3.9' <= python_version`: the environment's version is the bound.
    fn inverted_version(&self) -> Result<String, String> {
        let is_version = Version::from_str(self.value).is_ok_and(|version| !version.is_local());
        match self.operator {
            "~=" => Err(self.undefined()),
            "===" if is_version => Ok(self.write("==")),
            operator if is_version => Ok(self.write(operator)),
            _ => Ok(FALSE.to_owned()),
        }
    }

    /// By definition the search of a text in a text; `python_version in '2.7, 3.0'` is read as a
    /// list of versions, `'3.' in python_version` as the version's beginning.
    fn version_in(&self) -> Result<String, String> {
        let is_in = self.operator == "in";
        if self.inverted {
            let prefix = self.value.trim_end_matches('.');
            let operator = if is_in { "==" } else { "!=" };
            let text = format!("{} {operator} '{prefix}.*'", self.name);
            let is_prefix = VersionSpecifier::from_str(&format!("=={prefix}.*")).is_ok();
            return Ok(if is_prefix { text } else { constant(!is_in) });
        }
        let list = self.value.replace(',', " ");
        if list.split_whitespace().any(|word| Version::from_str(word).is_err()) {
            return Ok(constant(!is_in));
        }
        Ok(MarkerComparison { value: &list, ..*self }.write(self.operator))
    }

    /// Whether a name is among those asked for.
    fn is_among(&self, name: Option<ExtraName>) -> Result<String, String> {
        let name = name.filter(|_| self.inverted).ok_or_else(|| self.undefined())?;
        match self.operator {
            "in" => Ok(format!("extra == '{name}'")),
            "not in" => Ok(format!("extra != '{name}'")),
            _ => Err(self.undefined()),
        }
    }

    /// An extra is requested or not; one that no project can have is never asked for.
    fn extra(&self) -> Result<String, String> {
        match (self.operator, extra_name(self.value)) {
            ("==" | "!=", Some(_)) => Ok(self.write(self.operator)),
            ("==" | "<" | ">" | "<=" | ">=", _) => Ok(FALSE.to_owned()),
            ("!=", None) => Ok(TRUE.to_owned()),
            _ => Err(self.undefined()),
        }
    }
}
