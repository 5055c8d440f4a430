//! A runner for tests.

use std::sync::{Mutex, PoisonError};

use super::{Command, CommandRunner, Output, ProcessError};

type RecordedAnswer = dyn Fn(&Command) -> Result<Output, ProcessError> + Send + Sync;

/// Runs nothing: keeps every command and answers in the program's place.
pub struct RecordingRunner {
    answer: Box<RecordedAnswer>,
    commands: Mutex<Vec<Command>>,
}

impl RecordingRunner {
    /// A runner that answers every command with what `answer` returns.
    pub fn new(
        answer: impl Fn(&Command) -> Result<Output, ProcessError> + Send + Sync + 'static,
    ) -> Self {
        Self { answer: Box::new(answer), commands: Mutex::default() }
    }

    /// The commands so far, in the order in which they came.
    pub fn commands(&self) -> Vec<Command> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl CommandRunner for RecordingRunner {
    fn run(&self, command: &Command) -> Result<Output, ProcessError> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).push(command.clone());
        (self.answer)(command)
    }
}
