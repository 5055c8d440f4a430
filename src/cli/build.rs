//! `pypi2pkg build`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    collection::FailureRecord,
    failure::{FAILED, Failure},
    pipeline::Built,
    report::print_result,
    text::counted,
};

use super::{
    arguments::{Asked, Naming, Publishing},
    choices::Builder,
    session::Session,
};

/// Build native packages and collect them into a repository
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg build webob
  pypi2pkg build 'requests==2.32.3' flask --target fedora-43 -o dist/
  pypi2pkg build -r requirements.txt --target el9 --python 3.12 -o dist/")]
pub struct Build {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    naming: Naming,
    /// The collection's folder
    #[arg(short, long, value_name = "FOLDER", default_value = "dist")]
    output: PathBuf,
    /// Who writes the packages
    #[arg(long, value_enum, value_name = "KIND")]
    builder: Option<Builder>,
    /// The payload's compression, such as zstd:3, xz, gzip:9 or none (default: the target's)
    #[arg(long, value_name = "ALGORITHM[:LEVEL]", value_parser = compression)]
    compression: Option<String>,
    /// How many packages to build at once (default: one for each core)
    #[arg(short, long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    #[command(flatten)]
    publishing: Publishing,
    /// Print the collection's manifest
    #[arg(long)]
    json: bool,
}

impl Build {
    /// Status 1 where any project failed; the rest is built all the same.
    pub fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let mut flags = self.asked.flags(self.naming)?;
        flags.builder = self.builder.map(Into::into);
        flags.compression = self.compression;
        flags.publishing = self.publishing.into();
        flags.jobs = self.jobs.map(usize::from);
        let session = Session::start(&self.asked, flags, verbosity)?;
        let run = session.run();
        let Built { manifest, files } = run.build(&session.index(&run)?, &self.output)?;
        if self.json {
            print_result(manifest.to_json().trim_end());
        } else {
            for file in &files {
                print_result(&self.output.join(file).display().to_string());
            }
        }
        if manifest.failures.is_empty() {
            return Ok(0);
        }
        let lines: Vec<String> = manifest
            .failures
            .iter()
            .map(|failure| {
                let release = failure.release.as_ref().map(|r| format!(" {r}")).unwrap_or_default();
                let cause = failure.cause.as_str();
                format!("  {}{release}, {}: {cause}", failure.project, failure.stage)
            })
            .collect();
        Err(Failure {
            status: FAILED,
            message: format!(
                "{} of {} failed:\n{}",
                lines.len(),
                counted(lines.len() + files.len(), "project"),
                lines.join("\n")
            ),
            hint: FailureRecord::hints(&manifest.failures),
        })
    }
}

fn compression(text: &str) -> Result<String, String> {
    text.parse::<crate::build::Compression>().map(|_| text.to_owned()).map_err(|e| e.to_string())
}
