//! `pypi2pkg target`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    base::{report::print_result, text::serialised},
    cli::failure::Failure,
    run::available::configured_targets,
    settings::Configuration,
};

use super::table::table;

/// Show the distributions that packages can be built for
#[derive(Debug, Args)]
pub(super) struct TargetArguments {
    #[command(subcommand)]
    verb: TargetVerb,
    /// The configuration file (default: `pypi2pkg.toml`, if it exists)
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum TargetVerb {
    /// List the targets
    List,
    /// Show a target
    Show {
        name: String,
        /// Another of the target's Pythons
        #[arg(long, value_name = "VERSION")]
        python: Option<String>,
        /// The machine architecture
        #[arg(long, value_name = "NAME")]
        arch: Option<String>,
        /// Print JSON instead of TOML
        #[arg(long)]
        json: bool,
    },
}

impl TargetArguments {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let configuration = Configuration::read(self.config.as_deref())?;
        let targets = configured_targets(&configuration)?;
        match self.verb {
            TargetVerb::List => {
                let mut rows = Vec::new();
                for name in targets.names() {
                    let target = targets.load(name, None, None)?;
                    let pythons = targets.pythons(name)?.join(", ");
                    rows.push([name.to_owned(), target.description, target.format, pythons]);
                }
                print_result(&table(["TARGET", "DISTRIBUTION", "FORMAT", "PYTHON"], &rows));
            }
            TargetVerb::Show { name, python, arch, json } => {
                let target = targets.load(&name, python.as_deref(), arch.as_deref())?;
                let text = if json {
                    serialised::pretty_json(&target)
                } else {
                    serialised::pretty_toml(&target)
                };
                print_result(text.trim_end());
            }
        }
        Ok(0)
    }
}
