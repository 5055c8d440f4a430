//! `pypi2pkg inputs`.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use crate::{
    base::report::print_result, base::text::serialised, cli::failure::Failure,
    settings::ProcessEnvironment,
};

use super::{
    arguments::{InputArguments, SelectionArguments},
    table::table,
};

/// Show how requirements, lock and project files are read
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg inputs requirements.txt
  pypi2pkg inputs pyproject.toml --extra socks --json")]
pub(super) struct InputsArguments {
    /// Requirements files, lock files, pyproject.toml or folders with one
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Constraints files
    #[arg(short = 'c', long = "constraint", value_name = "FILE")]
    constraints: Vec<PathBuf>,
    #[command(flatten)]
    selection: SelectionArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl InputsArguments {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let environment = ProcessEnvironment::of_process();
        let inputs = InputArguments {
            requirements: Vec::new(),
            files: self.files,
            constraints: self.constraints,
            selection: self.selection,
        };
        let inputs = inputs.read(&environment)?;
        if self.json {
            print_result(&serialised::pretty_json(&inputs));
            return Ok(0);
        }
        let requirements = inputs.requirements.iter().map(|written| {
            let kind = if written.is_constraint { "constraint" } else { "requirement" };
            [kind.to_owned(), written.to_string(), written.origin.to_string()]
        });
        let external = inputs.external.iter().map(|external| {
            ["external".to_owned(), external.text.clone(), external.origin.to_string()]
        });
        let mut rows: Vec<[String; 3]> = requirements.chain(external).collect();
        if let Ok(Value::Object(options)) = serde_json::to_value(&inputs.options) {
            let given = options.into_iter().filter_map(|(name, value)| {
                let text = shown(&value)?;
                Some([
                    "option".to_owned(),
                    format!("--{name} {text}").trim_end().to_owned(),
                    String::new(),
                ])
            });
            rows.extend(given);
        }
        rows.extend(
            inputs.notes.iter().map(|note| ["note".to_owned(), note.clone(), String::new()]),
        );
        print_result(&table(["KIND", "WHAT", "WRITTEN IN"], &rows));
        Ok(0)
    }
}

/// Returns an option's value as text, or `None` if the option was not given.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(String::new()),
        Value::Array(list) if list.is_empty() => None,
        Value::Array(list) => {
            Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
        }
        other => Some(other.as_str().unwrap_or_default().to_owned()),
    }
}
