//! `pypi2pkg templates diff`.

use std::path::Path;

use clap::Args;

use crate::{
    base::{report::print_result, text::unified},
    cli::failure::Failure,
    recipe::template::{Packs, TemplateError, base},
};

use super::{TemplateSearch, parse_file};

/// Show how your templates differ from the built-in ones, and what changed in those since
#[derive(Debug, Args)]
pub(super) struct TemplateDiffArguments {
    /// One pack, or one file (default: all)
    #[arg(value_name = "PACK[/FILE]")]
    file: Option<String>,
    /// For this target
    #[arg(short, long, value_name = "NAME")]
    target: Option<String>,
}

impl TemplateDiffArguments {
    /// Returns status 0, whether or not there are differences.
    pub(super) fn run(self, search: TemplateSearch) -> Result<u8, Failure> {
        let (only_pack, only_file) = match &self.file {
            Some(file) => {
                let (pack, file) = parse_file(file);
                (Some(pack), file)
            }
            None => (None, None),
        };
        let templates = search.templates(self.target.as_deref())?;
        if let (Some(pack), Some(file)) = (only_pack, only_file) {
            templates.packs().file(pack, file)?;
        }
        let all: Vec<&str> =
            only_pack.map_or_else(|| templates.packs().names().collect(), |pack| vec![pack]);
        let mut has_overrides = false;
        for pack in all {
            for (file, found) in templates.files(pack)? {
                let is_wanted = only_file.is_none_or(|only| only == file);
                let Some(path) = found.path.filter(|_| is_wanted) else { continue };
                has_overrides = true;
                for text in differences(templates.packs(), (pack, &file), &path, &found.text)? {
                    print_result(text.trim_end());
                }
            }
        }
        if !has_overrides {
            print_result("nothing is overridden");
        }
        Ok(0)
    }
}

/// Returns the differences of an override from the built-in file, and of the built-in file from the
/// version that was ejected.
fn differences(
    packs: &Packs,
    (pack, file): (&str, &str),
    path: &Path,
    text: &str,
) -> Result<Vec<String>, TemplateError> {
    let now = packs.file(pack, file)?;
    let name = format!("{pack}/{file}");
    let from = packs.from(pack);
    // The version of the program is not that of a plugin.
    let title = |version: &str| {
        if packs.is_built_in(pack) {
            format!("{name} ({from}, {version})")
        } else {
            format!("{name} ({from})")
        }
    };
    let version = env!("CARGO_PKG_VERSION");
    let shown = path.display().to_string();
    let mut texts = vec![unified([&title(version), &shown], now, text)];
    if let Some(ejected) = base(path)?.filter(|ejected| ejected.text != now) {
        texts.push(format!("# what changed in `{name}` since it was ejected"));
        texts.push(unified([&title(&ejected.version), &title(version)], &ejected.text, now));
    }
    texts.retain(|difference| !difference.is_empty());
    Ok(texts)
}
