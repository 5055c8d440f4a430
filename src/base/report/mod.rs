//! What a run tells the person who started it. The only place that prints.

mod diagnostics;
mod output;
mod recorder;
mod terminal;

pub use diagnostics::write_diagnostics;
pub use output::{Style, keep_output_error, output_error, print_error, print_result};
pub use recorder::Recorder;
pub use terminal::Terminal;

/// Receives what happens. Implementations: the terminal (progress bars, or plain lines where
/// standard error is not a terminal) and a recorder.
pub trait Reporter: Sync {
    fn event(&self, event: Event<'_>);
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// A phase (`resolve`, `fetch`, `build`) begins, with the number of its steps or bytes.
    Begin { phase: &'a str, total: u64 },
    /// That many more steps or bytes of the phase are done.
    Advance { phase: &'a str, by: u64 },
    /// The phase is over; the line sums it up.
    End { phase: &'a str, line: &'a str },
    /// Something that the user should look at, but that does not stop the run.
    Warning(&'a str),
    /// A line that a plugin wrote, and its name.
    Said { name: &'a str, line: &'a str },
    /// Shown with `--verbose`.
    Detail(&'a str),
}
