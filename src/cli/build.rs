//! `pypi2pkg build`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    base::{report::print_result, text::counted},
    cli::failure::{FAILED, Failure},
    collection::FailureRecord,
    run::BuildOutcome,
    settings::{AcceptanceOptions, BuildingOptions, FailureOptions, PublishingOptions, RunOptions},
};

use super::{
    arguments::{PackageArguments, ProjectArguments},
    session,
};

/// Build native packages and collect them into a repository
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg build webob
  pypi2pkg build 'requests==2.32.3' flask --target fedora-43 -o dist/
  pypi2pkg build -r requirements.txt --target el9 --python 3.12 -o dist/
  pypi2pkg build recipes/ -o dist/     # as they were edited
  pypi2pkg build webob --spec-file webob.spec --name python26-webob")]
pub(super) struct BuildArguments {
    #[command(flatten)]
    arguments: ProjectArguments,
    #[command(flatten)]
    packages: PackageArguments,
    /// The collection's folder
    #[arg(short, long, value_name = "FOLDER", default_value = "dist")]
    output: PathBuf,
    #[command(flatten)]
    building: BuildingOptions,
    #[command(flatten)]
    failures: FailureOptions,
    #[command(flatten)]
    acceptance: AcceptanceOptions,
    #[command(flatten)]
    publishing: PublishingOptions,
    /// Print the collection's manifest
    #[arg(long)]
    json: bool,
}

impl BuildArguments {
    /// Returns status 1 if a project failed; the others are built nevertheless.
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let (json, output) = (self.json, self.output.clone());
        let BuildOutcome { manifest, files } = self.build(verbosity)?;
        if json {
            print_result(manifest.to_json().trim_end());
        } else {
            for file in &files {
                print_result(&output.join(file).display().to_string());
            }
        }
        report_failures(&manifest.failures, files.len())
    }

    /// Builds into `folder` instead of the folder of `--output`.
    pub(super) fn build_in(
        mut self,
        folder: &Path,
        verbosity: i8,
    ) -> Result<BuildOutcome, Failure> {
        folder.clone_into(&mut self.output);
        self.build(verbosity)
    }

    fn build(self, verbosity: i8) -> Result<BuildOutcome, Failure> {
        let options = RunOptions {
            building: self.building,
            failures: self.failures,
            acceptance: self.acceptance,
            publishing: self.publishing,
            ..self.packages.add_to(self.arguments.options())
        };
        let folders = super::recipe_folders(&self.arguments.inputs)?;
        let context = match &folders {
            Some(folders) => session::open_for_recipes(
                &self.arguments.configuration,
                options,
                verbosity,
                folders,
            )?,
            None => session::open(&self.arguments, options, verbosity)?,
        };
        let (index, requested) = context.index()?;
        let built = match &folders {
            Some(folders) => context.build_recipes(&index, folders, &self.output)?,
            None => context.build(&index, &requested, &self.output)?,
        };
        Ok(built)
    }
}

/// Returns status 0 if nothing failed.
///
/// # Errors
/// There are failures; the message counts them together with the `built` packages.
pub(super) fn report_failures(failures: &[FailureRecord], built: usize) -> Result<u8, Failure> {
    if failures.is_empty() {
        return Ok(0);
    }
    let lines = super::plan::lines(failures);
    Err(Failure {
        status: FAILED,
        message: format!(
            "{} of {} failed:\n{}",
            lines.len(),
            counted(lines.len() + built, "project"),
            lines.join("\n")
        ),
        hint: FailureRecord::hints(failures),
    })
}
