//! Results on standard output, failures on standard error.

use std::io::Write;

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

/// Prints a result and a line feed. A closed pipe ends the output silently, as for every filter.
pub fn print_result(text: &str) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// Prints a failure: what failed, the causes below it, and a hint.
pub fn print_error(message: &str, hint: Option<&str>) {
    let mut stream = anstream::stderr();
    let _ = writeln!(stream, "{}: {message}", Style::Error.paint("error"));
    if let Some(hint) = hint {
        let _ = writeln!(stream, "{}: {hint}", Style::Hint.paint("hint"));
    }
}
