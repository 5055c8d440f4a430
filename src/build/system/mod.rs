//! Building with the distributions' own tools.

mod dpkg;
mod rpmbuild;

use crate::{
    process::{Command, CommandRunner},
    report::{Event, Reporter},
};

use super::BuildError;

pub use dpkg::DpkgDeb;
pub use rpmbuild::RpmBuild;

/// How many of a failing tool's last lines go into the error.
const REASON_LINES: usize = 12;

/// Runs `command`; any exit status but 0 is an error that holds the end of what the tool said.
fn run(
    runner: &dyn CommandRunner,
    command: &Command,
    reporter: &dyn Reporter,
) -> Result<(), BuildError> {
    let line = command.line();
    reporter.event(Event::Detail(&line));
    let output = runner.run(command)?;
    match output.status {
        0 => Ok(()),
        status => {
            Err(BuildError::Tool { command: line, status, reason: output.reason(REASON_LINES) })
        }
    }
}
