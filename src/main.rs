//! Parses the command line, runs it, and exits with its status.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(pypi2pkg::cli::run(std::env::args_os()))
}
