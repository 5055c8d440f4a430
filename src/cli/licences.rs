//! `pypi2pkg licences`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{
    base::text::serialised,
    base::{report::print_result, text::counted},
    cli::failure::Failure,
    collection::check::manifest,
};

use super::table::table;

/// List the licences of a collection's packages, and the evidence for each
#[derive(Debug, Args)]
#[command(after_help = "Example:
  pypi2pkg licences dist/")]
pub(super) struct LicencesArguments {
    /// The collection's folder
    #[arg(value_name = "FOLDER", default_value = "dist")]
    folder: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl LicencesArguments {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let manifest = manifest(&self.folder)?;
        if self.json {
            let entries: Vec<_> = manifest
                .packages
                .iter()
                .map(|record| {
                    json!({
                        "package": record.package,
                        "project": record.project,
                        "release": record.release,
                        "licence": record.licence,
                        "open": record.licence.is_open(),
                    })
                })
                .collect();
            print_result(&serialised::pretty_json(&entries));
            return Ok(0);
        }
        let row = |record: &crate::collection::PackageRecord| {
            let licence = &record.licence;
            let likeness = licence.likeness.map(|percent| format!(" ({percent} % alike)"));
            let mark = if licence.is_open() { "look" } else { "" };
            [
                record.package.clone(),
                record.release.to_string(),
                licence.expression.clone(),
                format!("{}{}", licence.evidence.as_str(), likeness.unwrap_or_default()),
                mark.to_owned(),
            ]
        };
        let rows: Vec<[String; 5]> = manifest.packages.iter().map(row).collect();
        print_result(&table(["PACKAGE", "RELEASE", "LICENCE", "FROM", "NOTE"], &rows));
        let open = manifest.packages.iter().filter(|record| record.licence.is_open()).count();
        if open > 0 {
            print_result(&format!(
                "{} with a licence that a person has to look at: state it under \
                 `[project.NAME]` as `licence`",
                counted(open, "package")
            ));
        }
        Ok(0)
    }
}
