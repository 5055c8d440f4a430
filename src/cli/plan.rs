//! `pypi2pkg plan`.

use clap::Args;

use crate::{
    base::text::serialised,
    base::{report::print_result, text::counted},
    cli::failure::{FAILED, Failure},
    collection::FailureRecord,
    run::{PartialResolution, Prepared},
    settings::{FailureOptions, RunOptions},
};

use super::{
    arguments::{PackageArguments, ProjectArguments},
    session,
    table::table,
};

/// Show what each package will be, without building it
#[derive(Debug, Args)]
#[command(after_help = "Example:
  pypi2pkg plan webob --target fedora-43 --json")]
pub(super) struct PlanArguments {
    #[command(flatten)]
    arguments: ProjectArguments,
    #[command(flatten)]
    packages: PackageArguments,
    #[command(flatten)]
    failures: FailureOptions,
    /// Print the whole plans
    #[arg(long)]
    json: bool,
}

impl PlanArguments {
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let options = self.packages.add_to(self.arguments.options());
        let options = RunOptions { failures: self.failures, ..options };
        let context = session::open(&self.arguments, options, verbosity)?;
        let context = context.for_review();
        let (index, requested) = context.index()?;
        let PartialResolution { resolution, failures } =
            context.resolve_partly(&index, &requested)?;
        let Prepared { packages, failures, .. } =
            context.prepare(&index, &requested, &resolution)?.after(failures);
        let plans: Vec<_> = packages.iter().map(|package| &package.plan).collect();
        if self.json {
            print_result(&serialised::pretty_json(&plans));
        } else {
            let rows: Vec<[String; 5]> = packages
                .iter()
                .map(|package| {
                    [
                        package.plan.project.to_string(),
                        package.native.name.clone(),
                        package.plan.evr.to_string(),
                        package.native.architecture.clone(),
                        package.plan.licence.expression.clone(),
                    ]
                })
                .collect();
            let heading = ["PROJECT", "PACKAGE", "VERSION", "ARCHITECTURE", "LICENCE"];
            print_result(&table(heading, &rows));
        }
        if failures.is_empty() {
            return Ok(0);
        }
        let message = format!(
            "{} failed:\n{}",
            counted(failures.len(), "project"),
            lines(&failures).join("\n")
        );
        Err(Failure { status: FAILED, message, hint: FailureRecord::hints(&failures) })
    }
}

/// Returns a line for each failed project.
pub(super) fn lines(failures: &[FailureRecord]) -> Vec<String> {
    failures
        .iter()
        .map(|failure| {
            let release = failure.release.as_ref().map(|r| format!(" {r}")).unwrap_or_default();
            format!("  {}{release}, {}: {}", failure.project, failure.stage, failure.cause.as_str())
        })
        .collect()
}
