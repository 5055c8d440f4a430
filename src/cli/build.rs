//! `pypi2pkg build`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{FAILED, Failure};
use crate::{
    base::{report::print_result, text::counted},
    collection::FailureRecord,
    run::Built,
};

use super::{
    arguments::{Asked, Naming},
    choices::Builder,
    publishing::Publishing,
    session::Session,
};

/// Build native packages and collect them into a repository
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg build webob
  pypi2pkg build 'requests==2.32.3' flask --target fedora-43 -o dist/
  pypi2pkg build -r requirements.txt --target el9 --python 3.12 -o dist/
  pypi2pkg build recipes/ -o dist/     # as they were edited
  pypi2pkg build webob --spec-file webob.spec --name python26-webob")]
pub struct Build {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    naming: Naming,
    /// The collection's folder
    #[arg(short, long, value_name = "FOLDER", default_value = "dist")]
    output: PathBuf,
    /// What builds the packages
    #[arg(long, value_enum, value_name = "KIND")]
    builder: Option<Builder>,
    /// The payload's compression, such as zstd:3, xz, gzip:9 or none (default: the target's)
    #[arg(long, value_name = "ALGORITHM[:LEVEL]", value_parser = compression)]
    compression: Option<String>,
    /// Also build source packages: a .src.rpm, or a .dsc with its files
    #[arg(long = "source-package")]
    source_packages: bool,
    /// The number of parallel builds (default: one per core)
    #[arg(short, long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Build the project with this spec instead of a generated one
    #[arg(long, value_name = "FILE")]
    spec_file: Option<PathBuf>,
    /// Stop at the first project that cannot be resolved or fetched
    #[arg(long)]
    no_keep_going: bool,
    /// Fail packages whose relations differ from the planned ones
    #[arg(long)]
    strict: bool,
    /// Build packages with open questions (FIXME), too
    #[arg(long)]
    allow_fixme: bool,
    #[command(flatten)]
    publishing: Publishing,
    /// Print the collection's manifest
    #[arg(long)]
    json: bool,
}

impl Build {
    /// Status 1 where any project failed; the rest is built all the same.
    pub fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let (json, output) = (self.json, self.output.clone());
        let Built { manifest, files } = self.build(verbosity)?;
        if json {
            print_result(manifest.to_json().trim_end());
        } else {
            for file in &files {
                print_result(&output.join(file).display().to_string());
            }
        }
        report_failures(&manifest.failures, files.len())
    }

    /// Builds what is requested into another folder than the one that was named.
    pub fn build_in(mut self, folder: &Path, verbosity: i8) -> Result<Built, Failure> {
        folder.clone_into(&mut self.output);
        self.build(verbosity)
    }

    fn build(self, verbosity: i8) -> Result<Built, Failure> {
        let mut flags = self.asked.flags(self.naming)?;
        flags.builder = self.builder.map(Into::into);
        flags.compression = self.compression;
        flags.source_packages = self.source_packages;
        flags.publishing = self.publishing.into();
        flags.jobs = self.jobs.map(usize::from);
        flags.allow_fixme = self.allow_fixme;
        flags.strict = self.strict;
        flags.keep_going = !self.no_keep_going;
        flags.spec_file = self.spec_file;
        let folders = super::recipe_folders(&self.asked.inputs)?;
        let session = match &folders {
            Some(folders) => {
                Session::of_recipes(self.asked.config.as_deref(), flags, verbosity, folders)?
            }
            None => Session::start(&self.asked, flags, verbosity)?,
        };
        let run = session.run();
        let index = session.index(&run)?;
        let built = match &folders {
            Some(folders) => run.build_recipes(&index, folders, &self.output)?,
            None => run.build(&index, &self.output)?,
        };
        Ok(built)
    }
}

/// The failures of a run in which `built` packages were made, as one failure; status 0 where there
/// are none.
pub fn report_failures(failures: &[FailureRecord], built: usize) -> Result<u8, Failure> {
    if failures.is_empty() {
        return Ok(0);
    }
    let lines: Vec<String> = failures
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
            counted(lines.len() + built, "project"),
            lines.join("\n")
        ),
        hint: FailureRecord::hints(failures),
    })
}

fn compression(text: &str) -> Result<String, String> {
    text.parse::<crate::format::build::Compression>()
        .map(|_| text.to_owned())
        .map_err(|e| e.to_string())
}
