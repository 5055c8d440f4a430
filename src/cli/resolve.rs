//! `pypi2pkg resolve`.

use clap::Args;

use crate::{
    base::report::print_result, base::text::serialised, cli::failure::Failure, resolve::RequiredBy,
};

use super::{arguments::ProjectArguments, session, table::table};

/// Show which releases are chosen, and why
#[derive(Debug, Args)]
#[command(after_help = "Example:
  pypi2pkg resolve -r requirements.txt --target debian-12")]
pub(super) struct ResolveArguments {
    #[command(flatten)]
    arguments: ProjectArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl ResolveArguments {
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let context = session::open(&self.arguments, self.arguments.options(), verbosity)?;
        let (index, requested) = context.index()?;
        let resolution = context.resolve(&index, &requested.requirements)?;
        if self.json {
            let text = serialised::pretty_json(&resolution);
            print_result(&text);
            return Ok(0);
        }
        let rows: Vec<[String; 4]> = resolution
            .pins
            .values()
            .map(|pin| {
                let mut via: Vec<String> = pin.required_by.iter().map(reason).collect();
                via.dedup();
                [
                    pin.project.to_string(),
                    pin.version.to_string(),
                    pin.file.filename.clone(),
                    via.join(", "),
                ]
            })
            .collect();
        print_result(&table(["PROJECT", "VERSION", "FILE", "REQUIRED BY"], &rows));
        Ok(0)
    }
}

fn reason(reason: &RequiredBy) -> String {
    match reason {
        RequiredBy::Root { origin, .. } => origin.to_string(),
        RequiredBy::Project { name, .. } => name.to_string(),
    }
}
