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

/// How many paths a hint lists.
const LISTED: usize = 12;

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
        let paths: Vec<&str> = [path].into_iter().chain(others).map(String::as_str).collect();
        let moves = listed(paths.iter().map(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            format!("\"{path}\" = \"/usr/share/{project}/{name}\"")
        }));
        let mut allowed: Vec<String> = paths.iter().map(|path| allowed_place(path)).collect();
        allowed.dedup();
        format!(
            "under `[project.{project}]` in the configuration, leave out with `leave-out = [{}]`, \
             install elsewhere with `move = {{ {moves} }}`, or allow with `allow-paths = [{}]`",
            listed(paths.iter().map(|path| format!("\"{path}\""))),
            listed(allowed.into_iter()),
        )
    }
}

/// The folder to allow for a file, or the file itself where its folder is everybody's; quoted.
fn allowed_place(path: &str) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("\"{}\"", if SHARED.contains(&folder) { path } else { folder })
}

/// The first few of a list.
fn listed(items: impl ExactSizeIterator<Item = String>) -> String {
    let is_more = items.len() > LISTED;
    let mut listed: Vec<String> = items.take(LISTED).collect();
    listed.extend(is_more.then(|| "…".to_owned()));
    listed.join(", ")
}
