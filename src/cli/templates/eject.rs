//! `pypi2pkg templates eject`.

use std::path::PathBuf;

use clap::Args;

use crate::{base::report::print_result, cli::failure::Failure, recipe::template::eject};

use super::{TemplateSearch, parse_file};

/// Copy built-in files as a starting point for changes
#[derive(Debug, Args)]
pub(super) struct TemplateEjectArguments {
    /// A pack such as `rpm`, or a file of it such as `rpm/preamble.hbs`
    #[arg(value_name = "PACK[/FILE]")]
    file: String,
    /// The folder to write to, for `--templates`
    #[arg(short, long, value_name = "FOLDER", default_value = "templates")]
    output: PathBuf,
}

impl TemplateEjectArguments {
    pub(super) fn run(self, search: &TemplateSearch) -> Result<u8, Failure> {
        let (pack, file) = parse_file(&self.file);
        for path in eject(&search.packs()?, pack, file, &self.output)? {
            print_result(&path.display().to_string());
        }
        Ok(0)
    }
}
