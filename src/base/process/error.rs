//! Why a child process has no output to show.

/// Why a command could not be run to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcessError {
    #[error("cannot start `{program}` in `{folder}`: {reason}")]
    Start { program: String, folder: String, reason: String },
    #[error("`{command}` was stopped after {seconds} s")]
    Timeout { command: String, seconds: u64 },
    #[error("`{command}` was stopped after it wrote {limit} bytes")]
    Flood { command: String, limit: u64 },
    #[error("`{command}` was stopped because it had more than {limit} files")]
    FileLimit { command: String, limit: u64 },
    #[error("interrupted")]
    Interrupted,
    #[error("cannot watch `{command}`: {reason}")]
    Watch { command: String, reason: String },
}
