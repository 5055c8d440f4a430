//! `pypi2pkg freeze`.

use std::path::PathBuf;

use clap::Args;

use crate::{base::report::print_result, cli::failure::Failure};

use super::{arguments::ProjectArguments, session};

/// Download all files into a folder that serves as an offline index
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg freeze -r requirements.txt --target el9 -o frozen/
  pypi2pkg build -r requirements.txt --target el9 --index-url frozen/
  pypi2pkg build -r requirements.txt --target el9 --no-index --find-links frozen/")]
pub(super) struct FreezeArguments {
    #[command(flatten)]
    arguments: ProjectArguments,
    /// The folder to write
    #[arg(short, long, value_name = "FOLDER", default_value = "frozen")]
    output: PathBuf,
}

impl FreezeArguments {
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let context = session::open(&self.arguments, self.arguments.options(), verbosity)?;
        let (index, requested) = context.index()?;
        let resolution = context.resolve(&index, &requested.requirements)?;
        for file in context.freeze(&index, &requested.requirements, &resolution, &self.output)? {
            print_result(&self.output.join(file).display().to_string());
        }
        Ok(0)
    }
}
