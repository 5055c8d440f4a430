//! Files of a wheel that may not be where they would be installed.

use crate::{base::text::counted, python::artifact::ProjectName};

/// The first of a wheel's files that may not be where they would be installed, and the others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}`: member `{member}` would be installed as `{path}`, in {place}{}", also(.others))]
pub struct Misplaced {
    pub project: ProjectName,
    /// The wheel's file name.
    pub file: String,
    pub member: String,
    pub path: String,
    /// What is wrong with the path.
    pub place: String,
    /// The paths of the others.
    pub others: Vec<String>,
}

/// Folders that everything shares: nothing to allow as a whole.
const SHARED: [&str; 6] = ["", "/etc", "/usr", "/usr/bin", "/usr/lib", "/usr/share"];

fn also(others: &[String]) -> String {
    match others {
        [] => String::new(),
        others => format!("; so would {}", counted(others.len(), "more file")),
    }
}

impl Misplaced {
    /// The settings that say what becomes of the files.
    pub fn hint(&self) -> String {
        let Self { project, path, others, .. } = self;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let allowed = if SHARED.contains(&folder) { path } else { folder };
        let paths = [path].into_iter().chain(others);
        let all: Vec<String> = paths.map(|path| format!("\"{path}\"")).collect();
        format!(
            "under `[project.{project}]` in the configuration, leave out with `leave-out = [{}]`, \
             install elsewhere with `move = {{ \"{path}\" = \"/usr/share/{project}/{name}\" }}`, or \
             allow with `allow-paths = [\"{allowed}\"]`",
            all.join(", ")
        )
    }
}
