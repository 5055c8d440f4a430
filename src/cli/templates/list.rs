//! `pypi2pkg templates list`.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    base::report::print_result,
    base::text::serialised,
    cli::failure::Failure,
    recipe::template::{Extension, Packs, TemplateFile},
};

use super::{super::table::table, TemplateSearch};

/// List the packs and their files, and where each comes from
#[derive(Debug, Args)]
pub(super) struct TemplateListArguments {
    /// For this target
    #[arg(short, long, value_name = "NAME")]
    target: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A file of a pack.
struct TemplateRow {
    pack: String,
    /// The pack's manifest, if it replaces files of another pack.
    extension: Option<Extension>,
    file: String,
    /// The path of the file, unless it is built in.
    from: Option<String>,
    /// What provides the pack.
    provider: String,
}

impl TemplateRow {
    fn new(
        packs: &Packs,
        (pack, extension): (&str, Option<&Extension>),
        file: String,
        found: &TemplateFile,
    ) -> Self {
        let from = found.path.as_ref().map(|path| path.display().to_string());
        let provider = packs.from(pack).to_owned();
        Self { pack: pack.to_owned(), extension: extension.cloned(), file, from, provider }
    }

    fn json(&self) -> Value {
        let mut row = json!({"pack": self.pack, "file": self.file, "from": self.from});
        if let Some(extension) = &self.extension {
            row["version"] = json!(extension.version);
            row["description"] = json!(extension.description);
            row["extends"] = json!(extension.extends);
            row["targets"] = json!(extension.targets);
        }
        row
    }

    fn cells(&self) -> [String; 3] {
        let pack = match &self.extension {
            None => self.pack.clone(),
            Some(Extension { version, extends, targets, .. }) => {
                let targets = targets.join(", ");
                let only = if targets.is_empty() { targets } else { format!(" for {targets}") };
                format!("{} {version} (extends {extends}{only})", self.pack)
            }
        };
        let from = self.from.as_ref().unwrap_or(&self.provider).clone();
        [pack, self.file.clone(), from]
    }
}

impl TemplateListArguments {
    pub(super) fn run(self, search: TemplateSearch) -> Result<u8, Failure> {
        let templates = search.templates(self.target.as_deref())?;
        let mut rows = Vec::new();
        let packs = templates.packs();
        for pack in packs.names() {
            let files = templates.files(pack)?.into_iter();
            rows.extend(
                files.map(|(file, found)| TemplateRow::new(packs, (pack, None), file, &found)),
            );
        }
        for (extension, files) in templates.extensions()? {
            let own = (extension.name.as_str(), Some(&extension));
            let row = |(file, found)| TemplateRow::new(packs, own, file, &found);
            rows.extend(files.into_iter().map(row));
        }
        print_result(&if self.json {
            let rows: Vec<Value> = rows.iter().map(TemplateRow::json).collect();
            serialised::pretty_json(&rows)
        } else {
            let rows: Vec<[String; 3]> = rows.iter().map(TemplateRow::cells).collect();
            table(["PACK", "FILE", "FROM"], &rows)
        });
        Ok(0)
    }
}
