//! Why requirements could not be read.

use std::path::PathBuf;

use super::RequirementOrigin;

/// Why requirements could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementsError {
    /// A file that cannot be read; `named_by` where another file's line names it.
    #[error("cannot read the requirements file `{}`{}: {problem}", .path.display(), named(.named_by))]
    Read { path: PathBuf, named_by: Option<RequirementOrigin>, problem: String },
    /// A file that is not what its name or `--lock-format` says.
    #[error("{}{}: {problem}", .path.display(), .line.map(|line| format!(":{line}")).unwrap_or_default())]
    File { path: PathBuf, line: Option<usize>, problem: String },
    /// What is taken of a lock file excludes each other.
    #[error("{}: {problem}", .path.display())]
    Conflict { path: PathBuf, problem: String },
    /// A file names itself, perhaps through others.
    #[error("{origin}: `{}` names itself", .path.display())]
    Recursion { origin: RequirementOrigin, path: PathBuf },
    /// A line is not a requirement.
    #[error("{origin}: `{text}` is not a requirement: {problem}")]
    Requirement { origin: RequirementOrigin, text: String, problem: String },
    /// An argument that names a file of requirements, where a project is expected.
    #[error("command line: `{text}` is the name of a file, not of a project")]
    FileAsProject { text: String },
    /// Options whose quotes do not pair.
    #[error("{origin}: a quote has no end")]
    Quote { origin: RequirementOrigin },
    /// An option that pip does not know either.
    #[error("{origin}: the option `{option}` is unknown")]
    UnknownOption { origin: RequirementOrigin, option: String },
    /// An option whose value is missing or cannot be used.
    #[error("{origin}: the option `{option}` {problem}")]
    Option { origin: RequirementOrigin, option: String, problem: String },
    /// A constraint of a form that none can have.
    #[error("{origin}: an editable project cannot be a constraint")]
    Constraint { origin: RequirementOrigin },
    /// Lines without an exact version, where `--require-pinned` demands one.
    #[error("not pinned to an exact version:{}", listed(.lines))]
    NotPinned { lines: Vec<(RequirementOrigin, String)> },
    /// Lines without hashes in what is said to be a lock file.
    #[error("not locked by a version and hashes:{}", listed(.lines))]
    NotLocked { lines: Vec<(RequirementOrigin, String)> },
    /// Extras or groups that no project of the inputs has.
    #[error("no input has the {kind} `{name}`")]
    NoSuch { kind: &'static str, name: String },
    /// A lock file beside other requirements.
    #[error("`{}` is a lock file and cannot be combined with other requirements", .path.display())]
    LockWithOthers { path: PathBuf },
}

impl RequirementsError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::FileAsProject { text } => {
                return format!(
                    "`-r {text}` reads it as a requirements, project or lock file; a project of \
                     that name is `{text}>=0`"
                );
            }
            Self::Read { .. } => "check the path after `-r` or `-c`",
            Self::Recursion { .. } => "remove one of the lines",
            Self::Requirement { .. } => {
                "write NAME, NAME[EXTRA], NAME==VERSION, a URL, or a path such as ./folder"
            }
            Self::File { .. } => "correct the file",
            Self::Conflict { .. } => "take only one of them with `--extra` or `--group`",
            Self::UnknownOption { .. } | Self::Option { .. } => {
                "options are those of pip's requirements files; correct the line or remove it"
            }
            Self::Quote { .. } => "close the quote, or remove it",
            Self::Constraint { .. } => "constrain the project by its name",
            Self::NotPinned { .. } => "write NAME==VERSION on each of these lines",
            Self::NotLocked { .. } => {
                "write NAME==VERSION --hash=… on each of these lines, or omit `--lock-format`"
            }
            Self::NoSuch { .. } => "name a `pyproject.toml` that has it with `-r`",
            Self::LockWithOthers { .. } => "name the lock file alone",
        };
        hint.to_owned()
    }
}

fn named(by: &Option<RequirementOrigin>) -> String {
    by.as_ref().map(|origin| format!(", which {origin} names")).unwrap_or_default()
}

fn listed(lines: &[(RequirementOrigin, String)]) -> String {
    lines.iter().map(|(origin, text)| format!("\n  {origin}: `{text}`")).collect()
}
