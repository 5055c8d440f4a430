//! Building with the distributions' own tools.

pub(crate) mod place;

use std::{path::Path, time::Duration};

use self::place::ToolFolders;

use crate::base::{
    process::{Command, CommandRunner, Output},
    report::{Event, Reporter},
};

use super::{BuildError, BuildJob};

pub(crate) use place::is_system;

/// How many of a failing tool's last lines go into the error.
const REASON_LINES: usize = 5;
/// A tool that only copies and compresses has failed when it takes longer.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Runs a tool for a job at its place; any exit status but 0 is an error that holds the end of what
/// it said.
pub(crate) fn run(
    place: &ToolFolders<'_>,
    command: Command,
    job: &BuildJob<'_>,
    reporter: &dyn Reporter,
) -> Result<(), BuildError> {
    run_for(place, command.timeout(TIME_LIMIT), &job.package(), reporter)
}

/// The same for whatever is built for `package`.
pub(crate) fn run_for(
    runner: &dyn CommandRunner,
    command: Command,
    package: &str,
    reporter: &dyn Reporter,
) -> Result<(), BuildError> {
    reporter.event(Event::Detail(&command.line()));
    let output = runner.run(&command)?;
    match output.status {
        0 => Ok(()),
        _ => Err(failed(&command, &output, package)),
    }
}

/// The error that a failed tool's output is.
pub(crate) fn failed(command: &Command, output: &Output, package: &str) -> BuildError {
    BuildError::Tool {
        tool: command.program.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        package: package.to_owned(),
        status: output.status,
        reason: reason(output, &command.folder),
    }
}

/// The first line of what a tool answers to `--version`.
pub(crate) fn version(runner: &dyn CommandRunner, program: &Path) -> Result<String, BuildError> {
    let command = Command::new(program, Path::new("/")).argument("--version").timeout(TIME_LIMIT);
    let said = runner.run(&command)?.stdout;
    Ok(String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned())
}

/// The end of what a failed tool said: without the shell's trace of what it ran, without rpmbuild's
/// repetition of its errors, and without the private folder's path.
pub(crate) fn reason(output: &Output, folder: &Path) -> String {
    let said = output.reason(usize::MAX);
    let (said, _) = said.split_once("RPM build errors:").unwrap_or((&said, ""));
    let said = said.replace(&format!("{}/", folder.display()), "");
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with('+')).collect();
    lines[lines.len().saturating_sub(REASON_LINES)..].join("\n")
}
