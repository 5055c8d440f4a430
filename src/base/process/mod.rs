//! Child processes: the only module that starts any.

mod error;
mod file_limit;
mod filter;
mod host;
mod interrupt;
mod lookup;
mod recording;
mod room;
mod sandbox;
mod workshop;

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::Duration,
};

pub use error::ProcessError;
pub use file_limit::FileLimit;
pub use host::HostRunner;
pub use interrupt::{interrupted, watch as watch_signals};
pub use lookup::which;
pub use recording::RecordingRunner;
pub use room::{Limits, Room, Trust};
pub use sandbox::{Confined, Sandbox, SandboxError};
pub use workshop::Workshop;

use crate::base::text::without_hidden;

/// The most bytes of each of a child's output streams that are kept.
pub const OUTPUT_LIMIT: usize = 1024 * 1024;

/// Where a child finds the programs that it starts itself.
const SEARCH_PATH: &str = "/usr/bin:/bin:/usr/sbin:/sbin";

/// A program to run, as plain data.
///
/// The child sees exactly the environment that is listed here: nothing of this process's own
/// environment reaches it, so that neither locale, time zone nor a user's dot files change what
/// it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    /// The whole environment, in the order in which it is set.
    pub environment: Vec<(String, OsString)>,
    /// The working folder.
    pub folder: PathBuf,
    /// After this time the child and all that it started are killed.
    pub timeout: Option<Duration>,
    /// What the child reads on its standard input; it is closed after it.
    pub stdin: String,
    /// Where its standard output goes in place of [`Output::stdout`].
    pub saved: Option<Saved>,
    /// How many files it may have in file systems of its own.
    pub file_limit: Option<FileLimit>,
}

/// A new file that takes a child's standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub path: PathBuf,
    /// The most bytes: a child that writes more is killed.
    pub limit: u64,
}

impl Command {
    /// A command with no arguments and a neutral environment, whose home is its working folder.
    pub fn new(program: impl Into<PathBuf>, folder: &Path) -> Self {
        let environment = [
            ("PATH", OsStr::new(SEARCH_PATH)),
            ("LC_ALL", OsStr::new("C.UTF-8")),
            ("TZ", OsStr::new("UTC")),
            ("HOME", folder.as_os_str()),
        ];
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: environment.map(|(name, value)| (name.to_owned(), value.into())).to_vec(),
            folder: folder.to_owned(),
            timeout: None,
            stdin: String::new(),
            saved: None,
            file_limit: None,
        }
    }

    /// Adds one argument.
    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds a variable to the environment.
    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets the time after which the child is killed.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Sets what the child reads on its standard input.
    pub fn stdin(mut self, text: impl Into<String>) -> Self {
        self.stdin = text.into();
        self
    }

    /// Puts standard output into a new file of at most `limit` bytes.
    pub fn save(mut self, path: impl Into<PathBuf>, limit: u64) -> Self {
        self.saved = Some(Saved { path: path.into(), limit });
        self
    }

    /// The program and its arguments as one line, for messages.
    pub fn line(&self) -> String {
        let mut line = self.program.to_string_lossy().into_owned();
        for argument in &self.arguments {
            let argument = argument.to_string_lossy();
            let plain = argument.chars().all(|c| c.is_alphanumeric() || "-_./=:,+@%~".contains(c));
            if plain && !argument.is_empty() {
                line.extend([" ", &argument])
            } else {
                line.extend([" '", &argument.replace('\'', r"'\''"), "'"])
            }
        }
        line
    }
}

/// What a child left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// The exit status; 128 and the signal's number for a child that a signal ended, as shells
    /// count.
    pub status: i32,
    /// The last [`OUTPUT_LIMIT`] bytes of its standard output.
    pub stdout: Vec<u8>,
    /// The last [`OUTPUT_LIMIT`] bytes of its standard error.
    pub stderr: Vec<u8>,
    /// Whether either stream was longer.
    pub cut: bool,
}

impl Output {
    /// The last `lines` lines of standard error that are not blank, joined by line feeds and
    /// without control and invisible characters: a failing tool's reason, fit for a message.
    pub fn reason(&self, lines: usize) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let visible: Vec<String> = text
            .lines()
            .map(without_hidden)
            .map(|line| line.trim_end().to_owned())
            .filter(|line| !line.is_empty())
            .collect();
        visible[visible.len().saturating_sub(lines)..].join("\n")
    }
}

/// Runs commands to their end.
pub trait CommandRunner: Sync {
    /// The output of `command`, whatever its exit status.
    ///
    /// Fails where the program cannot be started or watched, or where it ran out of its time.
    ///
    /// # Errors
    /// The program cannot be started or watched, or exceeded a limit.
    fn run(&self, command: &Command) -> Result<Output, ProcessError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_quotes_what_a_shell_would_split() {
        let command = Command::new("/usr/bin/tool", Path::new("/"))
            .argument("--define")
            .argument("_topdir /work")
            .argument("it's")
            .argument("");
        assert_eq!(command.line(), r"/usr/bin/tool --define '_topdir /work' 'it'\''s' ''");
    }

    #[test]
    fn a_reason_is_the_last_lines_without_controls() {
        let output =
            Output { stderr: b"one\ntwo\x1b[31m\n\n  \nthree\n".to_vec(), ..Output::default() };
        assert_eq!(output.reason(2), "two[31m\nthree");
        assert_eq!(output.reason(9), "one\ntwo[31m\nthree");
    }
}
