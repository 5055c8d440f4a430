//! `pypi2pkg templates show`.

use clap::Args;

use crate::{base::report::print_result, cli::failure::Failure};

use super::{TemplateSearch, parse_one_file};

/// Show a file as it is used
#[derive(Debug, Args)]
pub(super) struct TemplateShowArguments {
    /// Such as `rpm/preamble.hbs`
    #[arg(value_name = "PACK/FILE")]
    file: String,
    /// For this target
    #[arg(short, long, value_name = "NAME")]
    target: Option<String>,
}

impl TemplateShowArguments {
    pub(super) fn run(self, search: TemplateSearch) -> Result<u8, Failure> {
        let (pack, file) = parse_one_file(&self.file)?;
        let templates = search.templates(self.target.as_deref())?;
        let own = templates.packs().file(pack, file)?;
        let files = templates.files(pack)?;
        let text = files.get(file).map_or(own, |found| found.text.as_str());
        print_result(text.strip_suffix('\n').unwrap_or(text));
        Ok(0)
    }
}
