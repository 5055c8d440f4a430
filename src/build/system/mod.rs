//! Building with the distributions' own tools.

mod dpkg;
mod rpmbuild;

use std::time::Duration;

use crate::{
    process::{Command, CommandRunner},
    report::{Event, Reporter},
};

use super::{BuildError, BuildJob};

pub use dpkg::DpkgDeb;
pub use rpmbuild::RpmBuild;

/// How many of a failing tool's last lines go into the error.
const REASON_LINES: usize = 8;
/// A tool that only copies and compresses has failed when it takes longer.
const TIME_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Runs a tool for a job; any exit status but 0 is an error that holds the end of what it said.
fn run(
    runner: &dyn CommandRunner,
    command: Command,
    job: &BuildJob<'_>,
    reporter: &dyn Reporter,
) -> Result<(), BuildError> {
    let command = command.timeout(TIME_LIMIT);
    reporter.event(Event::Detail(&command.line()));
    let output = runner.run(&command)?;
    match output.status {
        0 => Ok(()),
        status => Err(BuildError::Tool {
            tool: command.program.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            package: job.package(),
            status,
            reason: output.reason(REASON_LINES),
        }),
    }
}
