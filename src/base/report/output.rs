//! Results on standard output, failures on standard error.

use std::{
    io::{self, Write},
    sync::OnceLock,
};

use crate::base::text::shown;
use anstyle::{AnsiColor, Color, Effects};

/// How a part of a message is shown where colours are wanted. `NO_COLOR` and its relatives are
/// obeyed by the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Error,
    Warning,
    Hint,
}

impl Style {
    /// The word in its colour.
    pub fn paint(self, word: &str) -> String {
        let colour = match self {
            Self::Error => AnsiColor::Red,
            Self::Warning => AnsiColor::Yellow,
            Self::Hint => AnsiColor::Cyan,
        };
        let style =
            anstyle::Style::new().fg_color(Some(Color::Ansi(colour))).effects(Effects::BOLD);
        format!("{style}{word}{style:#}")
    }
}

/// Why the first result was lost that could not be written.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints a result and a line feed; hidden characters are written as JSON escapes them. What cannot
/// be written is remembered for [`output_error`].
pub fn print_result(text: &str) {
    let mut stream = anstream::stdout();
    keep_output_error(writeln!(stream, "{}", shown(text)).and_then(|()| stream.flush()));
}

/// The first error of writing to standard output, such as a full disk. A closed pipe is none: it ends
/// the output silently, as for every filter.
pub fn output_error() -> Option<&'static io::Error> {
    LOST.get()
}

/// Remembers why something could not be written to standard output.
pub fn keep_output_error(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let _ = LOST.set(error);
    }
}

/// Prints a failure: what failed, the causes below it, and a hint.
pub fn print_error(message: &str, hint: Option<&str>) {
    let mut stream = anstream::stderr();
    let _ = writeln!(stream, "{}: {}", Style::Error.paint("error"), shown(message));
    if let Some(hint) = hint {
        let _ = writeln!(stream, "{}: {}", Style::Hint.paint("hint"), shown(hint));
    }
}
