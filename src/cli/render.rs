//! `pypi2pkg render`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    failure::{FAILED, Failure},
    pipeline::Prepared,
    recipe::Recipe,
    report::print_result,
    text::counted,
};

use super::{
    arguments::{Asked, Naming},
    session::Session,
};

/// Write the spec or control files of each package for review
#[derive(Debug, Args)]
#[command(after_help = "Example:
  pypi2pkg render -r requirements.txt --target fedora-43 -o specs/")]
pub struct Render {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    naming: Naming,
    /// The folder that gets one folder for each project
    #[arg(short, long, value_name = "FOLDER", default_value = "recipes")]
    output: PathBuf,
    /// Overwrite recipes that differ from what is rendered now
    #[arg(long)]
    force: bool,
}

impl Render {
    pub fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let flags = self.asked.flags(self.naming)?;
        let session = Session::start(&self.asked, flags, verbosity)?;
        let run = session.run().for_review();
        let index = session.index(&run)?;
        let resolution = run.resolve(&index)?;
        let Prepared { packages, failures, .. } = run.prepare(&index, &resolution)?;
        let mut problems = super::plan::lines(&failures);
        for package in &packages {
            let folder = self.output.join(package.plan.project.as_ref());
            if !self.force && differs(&package.recipe, &folder) {
                problems.push(format!(
                    "  {}: `{}` has other contents; `--force` overwrites them",
                    package.plan.project,
                    folder.display()
                ));
                continue;
            }
            package.recipe.write(&folder)?;
            print_result(&folder.display().to_string());
        }
        if problems.is_empty() {
            return Ok(0);
        }
        let message =
            format!("{} failed:\n{}", counted(problems.len(), "project"), problems.join("\n"));
        Err(Failure { status: FAILED, message, hint: None })
    }
}

/// Whether a file of the recipe lies in the folder with another text.
fn differs(recipe: &Recipe, folder: &Path) -> bool {
    recipe.files.iter().any(|(name, file)| {
        std::fs::read_to_string(folder.join(name)).is_ok_and(|present| present != file.text)
    })
}
