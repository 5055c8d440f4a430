//! Why requirements could not be read.

use std::path::PathBuf;

use super::Origin;

/// Why requirements could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementsError {
    /// A file that cannot be read; `named_by` where another file's line names it.
    #[error("cannot read the requirements file `{}`{}: {problem}", .path.display(), named(.named_by))]
    Read { path: PathBuf, named_by: Option<Origin>, problem: String },
    /// A file that is not what its name or `--lock-format` says.
    #[error("{}{}: {problem}", .path.display(), .line.map(|line| format!(":{line}")).unwrap_or_default())]
    File { path: PathBuf, line: Option<usize>, problem: String },
    /// A file names itself, perhaps through others.
    #[error("{origin}: `{}` names itself", .path.display())]
    Recursion { origin: Origin, path: PathBuf },
    /// A line is no requirement.
    #[error("{origin}: `{text}` is not a requirement: {problem}")]
    Requirement { origin: Origin, text: String, problem: String },
    /// Options whose quotes do not pair.
    #[error("{origin}: a quote has no end")]
    Quote { origin: Origin },
    /// An option that pip does not know either.
    #[error("{origin}: the option `{option}` is unknown")]
    UnknownOption { origin: Origin, option: String },
    /// An option whose value is missing or cannot be used.
    #[error("{origin}: the option `{option}` {problem}")]
    Option { origin: Origin, option: String, problem: String },
    /// A constraint of a form that none can have.
    #[error("{origin}: an editable project cannot be a constraint")]
    Constraint { origin: Origin },
    /// Lines without an exact version, where `--require-pinned` demands one.
    #[error("not pinned to an exact version:{}", listed(.lines))]
    NotPinned { lines: Vec<(Origin, String)> },
    /// Lines without hashes in what is said to be a lock file.
    #[error("not locked by a version and hashes:{}", listed(.lines))]
    NotLocked { lines: Vec<(Origin, String)> },
    /// Extras or groups that no project of the inputs has.
    #[error("no input has the {kind} `{name}`")]
    NoSuch { kind: &'static str, name: String },
    /// A lock file beside other requirements.
    #[error("`{}` is a lock file and cannot be combined with other requirements", .path.display())]
    LockWithOthers { path: PathBuf },
}

fn named(by: &Option<Origin>) -> String {
    by.as_ref().map(|origin| format!(", which {origin} names")).unwrap_or_default()
}

fn listed(lines: &[(Origin, String)]) -> String {
    lines.iter().map(|(origin, text)| format!("\n  {origin}: `{text}`")).collect()
}
