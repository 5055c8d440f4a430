//! `pypi2pkg check`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    check::{check, manifest},
    distribution::{self, Repository},
    failure::{FAILED, Failure},
    index::{self, IndexSettings, Logins, Sources},
    report::print_result,
    settings::{self, Configuration, Environment, Flags},
    text::counted,
};

use super::session::targets;

/// Prove that a collection holds together: files, relations, owners of paths
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg check dist/
  pypi2pkg check dist/ --satisfy-from 'http://deb.debian.org/debian bookworm main'")]
pub struct Check {
    /// The collection's folder
    #[arg(value_name = "FOLDER", default_value = "dist")]
    folder: PathBuf,
    /// Prove what is left to the distribution by this repository: a URL or folder, an apt source,
    /// or `system`
    #[arg(long, value_name = "REPOSITORY")]
    satisfy_from: Vec<String>,
    /// Use nothing but the cache
    #[arg(long)]
    offline: bool,
    /// Where downloads are kept
    #[arg(long, value_name = "FOLDER")]
    cache_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Status 1 where the collection has a problem.
    pub fn run(self) -> Result<u8, Failure> {
        let manifest = manifest(&self.folder)?;
        let distribution = match self.satisfy_from.is_empty() {
            true => None,
            false => Some(self.distribution(&manifest.target, &manifest.python)?),
        };
        let report = check(&self.folder, &manifest, distribution.as_ref())?;
        if self.json {
            print_result(&serde_json::to_string_pretty(&report).unwrap_or_default());
        } else {
            for relation in &report.distribution {
                print_result(&format!("from the distribution: {relation}"));
            }
        }
        if report.problems.is_empty() {
            if !self.json {
                let count = counted(report.packages, "package");
                print_result(&format!("{count}, every relation met, no path owned twice"));
            }
            return Ok(0);
        }
        let lines: Vec<String> = report
            .problems
            .iter()
            .flat_map(|(package, problems)| {
                problems.iter().map(move |problem| format!("  {package}: {problem}"))
            })
            .collect();
        let count = counted(lines.len(), "problem");
        let message = format!("{count} in `{}`:\n{}", self.folder.display(), lines.join("\n"));
        Err(Failure { status: FAILED, message, hint: None })
    }

    fn distribution(&self, target: &str, python: &str) -> Result<Repository, Failure> {
        let flags =
            Flags { cache: self.cache_dir.clone(), offline: self.offline, ..Flags::default() };
        let configuration = Configuration::read(None)?;
        let settings = settings::resolve(flags, configuration, Environment::of_process())?;
        let target = targets(settings.targets.as_deref())?.load(target, Some(python), None)?;
        let index_settings =
            IndexSettings { offline: settings.offline, ..IndexSettings::new(&settings.cache) };
        let index = index::open(&Sources::default(), Logins::default(), &index_settings)?;
        let mut joined = Repository::default();
        for address in &self.satisfy_from {
            joined.join(distribution::open(address, &target, index.as_ref())?);
        }
        Ok(joined)
    }
}
