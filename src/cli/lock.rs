//! `pypi2pkg lock`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    base::{
        files::{FileError, write_file},
        report::print_result,
    },
    cli::failure::{Failure, USAGE},
    python::{
        artifact::ProjectName,
        requirements::{self, LockFormat},
    },
    settings::{ProcessEnvironment, values},
};

use super::{
    arguments::{InputArguments, ProjectArguments, SelectionArguments},
    session,
};

/// Write a lock file (PEP 751) for the target
///
/// The releases of an earlier lock are kept where they still fit.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg lock -r requirements.txt --target debian-12 -o pylock.toml
  pypi2pkg build -r pylock.toml --target debian-12 -o dist/")]
pub(super) struct LockArguments {
    #[command(flatten)]
    arguments: ProjectArguments,
    /// The file to write: pylock.toml or pylock.NAME.toml
    #[arg(short, long, value_name = "FILE", default_value = "pylock.toml")]
    output: PathBuf,
    /// Ignore the releases of the existing lock file
    #[arg(long)]
    upgrade: bool,
    /// Ignore the existing lock file for one project
    #[arg(long, value_name = "PROJECT", value_parser = values::project)]
    upgrade_package: Vec<ProjectName>,
}

impl LockArguments {
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        if LockFormat::of(&self.output) != Some(LockFormat::Pylock) {
            return Err(Failure {
                status: USAGE,
                message: format!("`{}` is not a lock file name", self.output.display()),
                hint: Some("name it `pylock.toml` or `pylock.NAME.toml`".to_owned()),
            });
        }
        let mut context = session::open(&self.arguments, self.arguments.options(), verbosity)?;
        context.settings_mut().resolution.preferred =
            self.preferred(&context.settings().environment)?;
        let (index, requested) = context.index()?;
        let resolution = context.resolve(&index, &requested.requirements)?;
        let resolution = context.hashed(&index, resolution)?;
        let folder = std::path::absolute(&self.output).map_err(FileError::write(&self.output))?;
        let folder = folder.parent().unwrap_or(Path::new("/"));
        write_file(
            &self.output,
            context.pylock(&requested.requirements, &resolution, folder).as_bytes(),
        )?;
        print_result(&self.output.display().to_string());
        Ok(0)
    }

    /// Returns the releases of the existing lock file that are kept if they still fit.
    fn preferred(
        &self,
        environment: &ProcessEnvironment,
    ) -> Result<BTreeMap<ProjectName, pep440_rs::Version>, Failure> {
        if self.upgrade || !self.output.is_file() {
            return Ok(BTreeMap::new());
        }
        let earlier = InputArguments {
            requirements: Vec::new(),
            files: vec![self.output.clone()],
            constraints: Vec::new(),
            selection: SelectionArguments::default(),
        };
        let requirements::Inputs { requirements, .. } = earlier.read(environment)?;
        let locked = requirements.into_iter().filter_map(|written| {
            let specifier = written.specifiers.first()?;
            Some((written.name?, specifier.version().clone()))
        });
        Ok(locked.filter(|(name, _)| !self.upgrade_package.contains(name)).collect())
    }
}
