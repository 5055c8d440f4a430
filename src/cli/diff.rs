//! `pypi2pkg diff`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    base::report::print_result,
    base::text::serialised,
    cli::failure::Failure,
    collection::compare::{FromTo, PackageChange, collections, recipes},
    recipe::RecipeFolder,
};

use super::{
    arguments::ConfigurationArgument,
    formats::{CollectionFormats, formats},
};

/// Show what has changed from one collection, or folder of recipes, to another
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg diff /srv/packages/last-week/ dist/
  pypi2pkg diff recipes.old/ recipes/
  pypi2pkg diff --mine recipes/     # what was edited in recipes")]
pub(super) struct DiffArguments {
    /// The older folder
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The newer folder
    #[arg(value_name = "NEW", required_unless_present = "mine", conflicts_with = "mine")]
    new: Option<PathBuf>,
    /// Show what was edited in the recipes of one folder
    #[arg(long, conflicts_with = "json")]
    mine: bool,
    #[command(flatten)]
    configuration: ConfigurationArgument,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl DiffArguments {
    /// Returns status 0, whether or not there are differences.
    pub(super) fn run(self) -> Result<u8, Failure> {
        let Some(new) = &self.new else { return self.mine() };
        let comparison = if RecipeFolder::find(&self.old)?.is_empty() {
            let configuration = self.configuration.read()?;
            let opened = CollectionFormats::of(&[&self.old, new], &configuration)?;
            let external = opened.external();
            collections(&self.old, new, &formats(external.as_ref()))?
        } else {
            recipes(&self.old, new)?
        };
        if self.json {
            print_result(&serialised::pretty_json(&comparison));
            return Ok(0);
        }
        for (name, version) in &comparison.removed {
            print_result(&format!("- {name} {version}"));
        }
        for (name, version) in &comparison.added {
            print_result(&format!("+ {name} {version}"));
        }
        for (name, change) in &comparison.changed {
            lines(name, change).iter().for_each(|line| print_result(line));
        }
        if comparison.is_empty() {
            print_result("no differences");
        }
        Ok(0)
    }

    fn mine(&self) -> Result<u8, Failure> {
        for folder in RecipeFolder::find(&self.old)? {
            let text = folder.difference(&folder.path().display().to_string())?;
            if !text.is_empty() {
                print_result(text.trim_end());
            }
        }
        Ok(0)
    }
}

fn lines(name: &str, change: &PackageChange) -> Vec<String> {
    let mut lines = vec![match &change.version {
        Some(FromTo { from, to }) => format!("{name} {from} -> {to}"),
        None => name.to_owned(),
    }];
    if let Some(FromTo { from, to }) = &change.licence {
        lines.push(format!("  licence {from} -> {to}"));
    }
    let kinds = [
        ("requires", &change.requires),
        ("external", &change.external),
        ("entry point", &change.entry_points),
        ("command", &change.commands),
        ("scriptlet", &change.scriptlets),
        ("file", &change.files),
    ];
    for (kind, lists) in kinds {
        lines.extend(lists.removed.iter().map(|gone| format!("  - {kind} {gone}")));
        lines.extend(lists.added.iter().map(|new| format!("  + {kind} {new}")));
    }
    lines
}
