//! `pypi2pkg templates check`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    base::{report::print_result, text::counted},
    cli::failure::{FAILED, Failure},
    recipe::template::{self, TemplateError},
};

use super::TemplateSearch;

/// Load all templates, and report what is wrong with them
#[derive(Debug, Args)]
pub(super) struct TemplateCheckArguments {
    /// A folder of packs, or of one pack (default: all template folders)
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl TemplateCheckArguments {
    /// Returns status 1 if there are problems.
    pub(super) fn run(self, search: TemplateSearch) -> Result<u8, Failure> {
        let targets = search.targets()?;
        let templates = match self.folder {
            Some(folder) => template::Templates::new(vec![folder]).over(search.packs()?),
            None => search.templates(None)?,
        };
        complain(&templates.check(&targets.names()))?;
        print_result("no problems");
        Ok(0)
    }
}

/// Returns a failure that lists all problems, if there are any.
///
/// # Errors
/// There are problems.
pub(super) fn complain(errors: &[TemplateError]) -> Result<(), Failure> {
    if errors.is_empty() {
        return Ok(());
    }
    let lines = errors.iter().map(|error| format!("\n{error}"));
    Err(Failure {
        status: FAILED,
        message: counted(errors.len(), "problem") + &lines.collect::<String>(),
        hint: None,
    })
}
