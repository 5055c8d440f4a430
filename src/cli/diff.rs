//! `pypi2pkg diff`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    compare::{Change, FromTo, compare},
    failure::Failure,
    report::print_result,
};

/// Show what has changed from one collection to another
#[derive(Debug, Args)]
#[command(after_help = "Example:
  pypi2pkg diff /srv/packages/last-week/ dist/")]
pub struct Diff {
    /// The older collection's folder
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The newer collection's folder
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Diff {
    /// Status 0, whether or not anything differs.
    pub fn run(self) -> Result<u8, Failure> {
        let comparison = compare(&self.old, &self.new)?;
        if self.json {
            print_result(&serde_json::to_string_pretty(&comparison).unwrap_or_default());
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
}

fn lines(name: &str, change: &Change) -> Vec<String> {
    let mut lines = vec![match &change.version {
        Some(FromTo { from, to }) => format!("{name} {from} -> {to}"),
        None => name.to_owned(),
    }];
    if let Some(FromTo { from, to }) = &change.licence {
        lines.push(format!("  licence {from} -> {to}"));
    }
    let kinds =
        [("requires", &change.requires), ("command", &change.commands), ("file", &change.files)];
    for (kind, lists) in kinds {
        lines.extend(lists.removed.iter().map(|gone| format!("  - {kind} {gone}")));
        lines.extend(lists.added.iter().map(|new| format!("  + {kind} {new}")));
    }
    lines
}
