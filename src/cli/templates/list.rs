//! `pypi2pkg templates list`.

use clap::Args;
use serde_json::json;

use crate::{
    failure::Failure,
    report::print_result,
    template::{TemplateFile, packs},
};

use super::{super::table::table, Search};

/// List the packs and their files, and where each comes from
#[derive(Debug, Args)]
pub struct List {
    /// As a run for this target has them
    #[arg(short, long, value_name = "NAME")]
    target: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A file of a pack.
struct Row {
    pack: String,
    file: String,
    from: Option<String>,
    /// What the pack extends, where it does.
    extends: Option<String>,
    targets: Vec<String>,
}

impl List {
    pub fn run(self, search: Search) -> Result<u8, Failure> {
        let templates = search.templates(self.target.as_deref())?;
        let from =
            |found: &TemplateFile| found.path.as_ref().map(|path| path.display().to_string());
        let mut rows = Vec::new();
        for pack in packs() {
            for (file, found) in templates.files(pack)? {
                let (pack, from) = (pack.to_owned(), from(&found));
                rows.push(Row { pack, file, from, extends: None, targets: Vec::new() });
            }
        }
        for (extension, files) in templates.extensions()? {
            for (file, found) in files {
                rows.push(Row {
                    pack: extension.name.clone(),
                    file,
                    from: from(&found),
                    extends: Some(extension.extends.clone()),
                    targets: extension.targets.clone(),
                });
            }
        }
        print_result(&if self.json { as_json(&rows) } else { as_table(&rows) });
        Ok(0)
    }
}

fn as_json(rows: &[Row]) -> String {
    let rows = rows.iter().map(|row| {
        json!({
            "pack": row.pack,
            "file": row.file,
            "from": row.from,
            "extends": row.extends,
            "targets": row.targets,
        })
    });
    serde_json::to_string_pretty(&rows.collect::<Vec<_>>()).unwrap_or_default()
}

fn as_table(rows: &[Row]) -> String {
    let rows = rows.iter().map(|row| {
        let pack = match (&row.extends, row.targets.is_empty()) {
            (None, _) => row.pack.clone(),
            (Some(extends), true) => format!("{} (extends {extends})", row.pack),
            (Some(extends), false) => {
                format!("{} (extends {extends} for {})", row.pack, row.targets.join(", "))
            }
        };
        let from = row.from.clone().unwrap_or_else(|| "built in".to_owned());
        [pack, row.file.clone(), from]
    });
    table(["PACK", "FILE", "FROM"], &rows.collect::<Vec<_>>())
}
