//! A reporter that remembers.

use std::sync::{Mutex, PoisonError};

use super::{Event, Reporter};

/// Keeps warnings and details instead of printing them: for callers that show nothing, and for
/// tests.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    /// What was reported so far: ends of phases, warnings and details, in order.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Reporter for Recorder {
    fn event(&self, event: Event<'_>) {
        let line = match event {
            Event::Begin { .. } | Event::Advance { .. } => return,
            Event::End { line, .. } => line.to_owned(),
            Event::Warning(line) => format!("warning: {line}"),
            Event::Said { name, line } => format!("{name}: {line}"),
            Event::Detail(line) => format!("detail: {line}"),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}
