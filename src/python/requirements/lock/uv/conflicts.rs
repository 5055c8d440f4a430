//! The extras by which `uv.lock` tells apart what excludes each other.
//!
//! Where `[tool.uv]` lists conflicts, markers ask for extras that no project has, such as
//! `extra == 'extra-5-mlapp-gpu'`: the kind, the length of the project's name, that name, and that of
//! the extra or group. Source: uv 0.13.

use std::collections::BTreeMap;

use pep508_rs::{ExtraOperator, MarkerExpression, MarkerTree, MarkerValueExtra};

use serde::Deserialize;

use crate::python::{
    artifact::{ExtraName, ProjectName, extra_name, project_name},
    requirements::project::canonical,
};

/// An extra or a group of a project, or the project itself, that excludes others.
#[derive(Deserialize)]
pub(super) struct ExtraConflict {
    package: String,
    extra: Option<String>,
    group: Option<String>,
}

impl ExtraConflict {
    fn member(&self) -> Option<ConflictMember> {
        let project = project_name(&self.package)?;
        Some(match (&self.extra, &self.group) {
            (Some(extra), _) => ConflictMember::Extra(project, extra_name(extra)?),
            (None, Some(group)) => ConflictMember::Group(project, canonical(group)),
            (None, None) => ConflictMember::Project(project),
        })
    }
}

/// What takes part in a conflict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ConflictMember {
    Project(ProjectName),
    Extra(ProjectName, ExtraName),
    /// A dependency group by its canonical name.
    Group(ProjectName, String),
}

impl ConflictMember {
    /// Decodes the extra of a marker.
    fn decode(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('-')?;
        let (length, rest) = rest.split_once('-')?;
        let (project, rest) = rest.split_at_checked(length.parse().ok()?)?;
        let project = project_name(project)?;
        match (kind, rest.strip_prefix('-')) {
            ("project", None) if rest.is_empty() => Some(Self::Project(project)),
            ("extra", Some(name)) => Some(Self::Extra(project, extra_name(name)?)),
            ("group", Some(name)) if !name.is_empty() => {
                Some(Self::Group(project, canonical(name)))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for ConflictMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Project(project) => write!(f, "project `{project}`"),
            Self::Extra(project, extra) => write!(f, "extra `{extra}` of `{project}`"),
            Self::Group(project, group) => write!(f, "group `{group}` of `{project}`"),
        }
    }
}

/// What is taken, each under the marker with which it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Active(BTreeMap<ConflictMember, MarkerTree>);

impl Active {
    /// Adds what is taken where a marker holds.
    pub(super) fn add(&mut self, member: ConflictMember, marker: &MarkerTree) {
        self.0.entry(member).or_insert(MarkerTree::FALSE).or(marker.clone());
    }

    /// Checks that nothing is taken that excludes something else.
    ///
    /// # Errors
    /// The first two that exclude each other.
    pub(super) fn check(&self, conflicts: &[Vec<ExtraConflict>]) -> Result<(), String> {
        for set in conflicts {
            let members = set.iter().map(|conflict| {
                let unknown = || format!("`{}` is not a valid project name", conflict.package);
                conflict.member().ok_or_else(unknown)
            });
            let members = members.collect::<Result<Vec<ConflictMember>, String>>()?;
            let mut taken: Vec<(&ConflictMember, &MarkerTree)> = Vec::new();
            for found in members.iter().filter_map(|member| self.0.get_key_value(member)) {
                if let Some((other, _)) = taken.iter().find(|(_, tree)| !tree.is_disjoint(found.1))
                {
                    return Err(format!("{other} and {} exclude each other", found.0));
                }
                taken.push(found);
            }
        }
        Ok(())
    }

    /// A marker without the extras that stand for conflicts.
    ///
    /// # Errors
    /// An extra of another form.
    pub(super) fn settle(&self, marker: &MarkerTree) -> Result<MarkerTree, String> {
        substituted(marker, |extra| {
            let member = ConflictMember::decode(extra)
                .ok_or_else(|| format!("the extra `{extra}` in a marker is of no known form"))?;
            Ok(self.0.get(&member).cloned().unwrap_or(MarkerTree::FALSE))
        })
    }
}

/// A marker in which every extra is replaced by another marker.
///
/// # Errors
/// An extra for which there is none.
pub(super) fn substituted(
    marker: &MarkerTree,
    replacement: impl Fn(&str) -> Result<MarkerTree, String>,
) -> Result<MarkerTree, String> {
    let conjunctions = marker.to_dnf();
    let is_extra = |part: &MarkerExpression| matches!(part, MarkerExpression::Extra { .. });
    if !conjunctions.iter().flatten().any(is_extra) {
        return Ok(marker.clone());
    }
    let mut any = MarkerTree::FALSE;
    for conjunction in conjunctions {
        let mut all = MarkerTree::TRUE;
        for part in conjunction {
            all.and(match part {
                MarkerExpression::Extra { operator, name } => {
                    let name = match &name {
                        MarkerValueExtra::Extra(name) => name.as_ref(),
                        MarkerValueExtra::Arbitrary(text) => text.as_str(),
                    };
                    let tree = replacement(name)?;
                    match operator {
                        ExtraOperator::Equal => tree,
                        ExtraOperator::NotEqual => tree.negate(),
                    }
                }
                other => MarkerTree::expression(other),
            });
        }
        any.or(all);
    }
    Ok(any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::metadata::parse_marker;

    #[test]
    fn extras_are_decoded() {
        let shown = |text: &str| ConflictMember::decode(text).map(|member| member.to_string());
        for (text, expected) in [
            ("extra-5-mlapp-gpu", "extra `gpu` of `mlapp`"),
            ("extra-6-ml-app-gpu-12", "extra `gpu-12` of `ml-app`"),
            ("group-5-mlapp-a", "group `a` of `mlapp`"),
            ("project-5-mlapp", "project `mlapp`"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["gpu", "extra-5-mlapp", "extra-9-mlapp-gpu", "extra-x-mlapp-gpu", "extra-5-mlapp-"]
                .into_iter()
                .chain([
                    "group-5-mlapp-",
                    "project-5-mlapp-a",
                    "other-5-mlapp-a",
                    "extra-4-mlapp-gpu",
                ])
        {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn markers_are_settled() {
        let linux = parse_marker("sys_platform == 'linux'").unwrap();
        let mut active = Active::default();
        active.add(ConflictMember::decode("extra-5-mlapp-gpu").unwrap(), &MarkerTree::TRUE);
        active.add(ConflictMember::decode("extra-3-dep-x").unwrap(), &linux);
        for (text, expected) in [
            (
                "extra == 'extra-3-dep-x' and os_name == 'posix'",
                "sys_platform == 'linux' and os_name == 'posix'",
            ),
            ("extra != 'extra-3-dep-x'", "sys_platform != 'linux'"),
            (
                "sys_platform == 'win32' or (extra == 'group-5-mlapp-a' and extra == 'extra-5-mlapp-gpu')",
                "sys_platform == 'win32'",
            ),
        ] {
            let settled = active.settle(&parse_marker(text).unwrap()).unwrap();
            let expected = parse_marker(expected).unwrap();
            assert_eq!(settled.try_to_string(), expected.try_to_string(), "{text}");
        }
        let settled = |text| active.settle(&parse_marker(text).unwrap()).unwrap();
        assert!(settled("extra == 'extra-5-mlapp-gpu'").is_true());
        assert!(settled("extra != 'extra-5-mlapp-gpu'").is_false());
        assert!(settled("extra == 'extra-5-mlapp-cpu'").is_false());
        assert!(active.settle(&parse_marker("extra == 'gpu'").unwrap()).is_err());
    }
}
