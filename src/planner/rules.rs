//! What the user decides about the files of one project.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::{
    base::text::OneLine,
    plan::{FileRole, LeftOut, PackagePlan, PlannedFile},
    wheels::WheelMember,
};

use super::programs::is_of_script;

/// Why a file is left out that the user names.
pub const LEFT_OUT: &str = "is left out by the configuration";

/// The decisions about one project's files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FileRules {
    /// What is not installed: absolute paths, or members of the wheel; a folder stands for all below it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leave_out: Vec<String>,
    /// What is installed elsewhere: absolute paths of files or folders, and where they go.
    #[serde(rename = "move", skip_serializing_if = "BTreeMap::is_empty")]
    pub moves: BTreeMap<String, String>,
    /// Absolute folders and files that are allowed beside the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_paths: Vec<String>,
    /// Whether the project may run code in every Python process.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_startup_code: bool,
}

impl FileRules {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These, and those of `other`; of one path that both move, these say where to.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        let joined = |own: &[String], other: &[String]| [own, other].concat();
        let mut moves = other.moves.clone();
        moves.extend(self.moves.clone());
        Self {
            leave_out: joined(&self.leave_out, &other.leave_out),
            moves,
            allow_paths: joined(&self.allow_paths, &other.allow_paths),
            allow_startup_code: self.allow_startup_code || other.allow_startup_code,
        }
    }

    /// Whether a file is left out, by its path or the member that it is built from.
    pub fn leaves_out(&self, path: &str, member: Option<&str>) -> bool {
        self.leave_out.iter().any(|rule| {
            if rule.starts_with('/') {
                lies_in(path, rule)
            } else {
                member.is_some_and(|member| lies_in(member, rule))
            }
        })
    }

    /// Where a file is installed; its own path where nothing says otherwise.
    pub fn place(&self, path: &str) -> String {
        // The longest of several folders is the most special one.
        let rules = self.moves.iter().filter(|(from, _)| lies_in(path, from));
        let rule = rules.max_by_key(|(from, _)| from.len());
        let moved = rule.map(|(from, to)| {
            let inside = path.strip_prefix(from.trim_end_matches('/')).unwrap_or_default();
            format!("{}{inside}", to.trim_end_matches('/'))
        });
        moved.unwrap_or_else(|| path.to_owned())
    }

    /// Whether a path is where something is moved to.
    pub fn is_destination(&self, path: &str) -> bool {
        self.moves.values().any(|to| lies_in(path, to))
    }

    /// Returns the rules that no file is concerned by, such as those with a misspelt path.
    /// `considered` are the paths that files would have without rules, `members` those of the wheel.
    pub fn without_effect(
        &self,
        considered: &BTreeSet<String>,
        members: &[WheelMember],
    ) -> Vec<String> {
        let has_path = |rule: &str| considered.iter().any(|path| lies_in(path, rule));
        let has_member = |rule: &str| members.iter().any(|member| lies_in(&member.name, rule));
        let has_final = |rule: &str| considered.iter().any(|path| lies_in(&self.place(path), rule));
        let left_out = self.leave_out.iter().filter(|rule| !has_path(rule) && !has_member(rule));
        let moved = self.moves.keys().filter(|rule| !has_path(rule));
        let allowed = self.allow_paths.iter().filter(|rule| !has_final(rule));
        let named = |key: &'static str| move |rule: &String| format!("`{key}` of `{rule}`");
        left_out
            .map(named("leave-out"))
            .chain(moved.map(named("move")))
            .chain(allowed.map(named("allow-paths")))
            .collect()
    }

    /// Applies the rules to a plan that was made without them.
    pub fn apply(&self, plan: &mut PackagePlan) {
        let (left, mut files): (Vec<PlannedFile>, Vec<PlannedFile>) =
            std::mem::take(&mut plan.files)
                .into_iter()
                .partition(|file| self.leaves_out(&file.path, member(file)));
        for file in &mut files {
            let path = self.place(&file.path);
            if path != file.path {
                file.role = moved_role(file.role, &path);
                file.path = path;
            }
        }
        plan.relations.retain(|r| !left.iter().any(|file| is_of_script(r, &file.path)));
        let members = left.iter().filter_map(member);
        let members = members
            .map(|member| LeftOut { member: member.to_owned(), reason: OneLine::new(LEFT_OUT) });
        plan.left_out.extend(members);
        plan.left_out.sort();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        plan.files = files;
    }
}

/// What a file is to the package manager where it was moved to.
pub fn moved_role(role: FileRole, path: &str) -> FileRole {
    match role {
        FileRole::Plain | FileRole::Configuration if path.starts_with("/etc/") => {
            FileRole::Configuration
        }
        FileRole::Configuration => FileRole::Plain,
        other => other,
    }
}

fn member(file: &PlannedFile) -> Option<&str> {
    file.content.member().map(|member| member.path.as_str())
}

/// Whether a path is another one, or is below it.
pub fn lies_in(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Reads `leave-out`.
///
/// # Errors
/// A path with an empty part or one of dots.
pub fn leave_out<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let paths = Vec::<String>::deserialize(from)?;
    match paths.iter().find(|path| !is_normal(path.strip_prefix('/').unwrap_or(path))) {
        None => Ok(paths),
        Some(path) => Err(D::Error::custom(format!(
            "`leave-out`: `{}` is neither an absolute path nor a file of the wheel",
            path.escape_debug()
        ))),
    }
}

/// Reads `allow-paths`.
///
/// # Errors
/// A path that is not absolute.
pub fn allow_paths<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let paths = Vec::<String>::deserialize(from)?;
    match paths.iter().find(|path| !is_absolute(path)) {
        None => Ok(paths),
        Some(path) => Err(D::Error::custom(format!(
            "`allow-paths`: `{}` is not an absolute path",
            path.escape_debug()
        ))),
    }
}

/// Reads `move`.
///
/// # Errors
/// A path that is not absolute.
pub fn moves<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let moves = BTreeMap::<String, String>::deserialize(from)?;
    let wrong = moves.iter().flat_map(|(from, to)| [from, to]).find(|path| !is_absolute(path));
    match wrong.cloned() {
        None => Ok(moves),
        Some(path) => Err(D::Error::custom(format!(
            "`move`: `{}` is not an absolute path",
            path.escape_debug()
        ))),
    }
}

fn is_absolute(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(is_normal)
}

fn is_normal(inside: &str) -> bool {
    let inside = inside.strip_suffix('/').unwrap_or(inside);
    !inside.is_empty()
        && !inside.chars().any(char::is_control)
        && inside.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_of_files_and_folders() {
        let text = |text: &str| text.to_owned();
        let rules = FileRules {
            leave_out: vec![text("/usr/LICENSE"), text("tests/")],
            moves: BTreeMap::from([
                (text("/usr/man"), text("/usr/share/man")),
                (text("/usr/man/man1/x.1"), text("/usr/share/doc/x")),
            ]),
            ..FileRules::default()
        };
        assert!(rules.leaves_out("/usr/LICENSE", None));
        assert!(!rules.leaves_out("/usr/LICENSES", None));
        assert!(
            rules.leaves_out("/x", Some("tests/a.py")) && !rules.leaves_out("/x", Some("testsa"))
        );
        for (path, place) in [
            ("/usr/man/man5/y.5", "/usr/share/man/man5/y.5"),
            ("/usr/man/man1/x.1", "/usr/share/doc/x"),
            ("/usr/manual", "/usr/manual"),
        ] {
            assert_eq!(rules.place(path), place);
        }
        assert!(rules.is_destination("/usr/share/man/man5/y.5"));
    }
}
