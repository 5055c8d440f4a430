//! `pypi2pkg check`.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;

use crate::{
    base::{
        files::{FileError, Temporary, temporary_place},
        process::HostRunner,
        report::print_result,
        text::{counted, serialised},
    },
    cli::failure::{FAILED, Failure},
    collection::{
        CollectionManifest,
        check::{Installed, check, install, manifest},
    },
    format::host::{self, InstallRoot, PackageSet},
    index::{self, IndexSettings, Logins, Sources},
    run::available::{configured_targets, targets},
    settings::{self, CacheOptions, Configuration, IndexOptions, ProcessEnvironment, RunOptions},
};

use super::{
    arguments::ConfigurationArgument,
    formats::{CollectionFormats, formats},
};

/// Check that a collection is consistent: files, relations, and owners of paths
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg check dist/
  pypi2pkg check dist/ --satisfy-from 'http://mirror.example/debian bookworm main'
  pypi2pkg check dist/ --install --satisfy-from 'http://mirror.example/debian bookworm main'")]
pub(super) struct CheckArguments {
    /// The collection's folder
    #[arg(value_name = "FOLDER", default_value = "dist")]
    folder: PathBuf,
    /// Check relations to the distribution against this repository, and that it has no higher version
    /// of a package: a URL or folder, an apt source, or `system`
    #[arg(long, value_name = "REPOSITORY")]
    satisfy_from: Vec<String>,
    /// Install all packages by name into a new root with mmdebstrap and apt, or dnf, import their
    /// modules and start their commands; needs root, and `--satisfy-from`
    #[arg(long)]
    install: bool,
    /// Use only the cache
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    cache: CacheOptions,
    #[command(flatten)]
    configuration: ConfigurationArgument,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl CheckArguments {
    /// Returns status 1 if the collection has problems.
    pub(super) fn run(self) -> Result<u8, Failure> {
        let manifest = manifest(&self.folder)?;
        let configuration = self.configuration.read()?;
        let distribution = if self.satisfy_from.is_empty() {
            None
        } else {
            self.distribution(&manifest, &configuration)?
        };
        let opened = CollectionFormats::of(&[&self.folder], &configuration)?;
        let external = opened.external();
        let formats = formats(external.as_ref());
        let report = check(&self.folder, &manifest, distribution.as_ref(), &formats)?;
        let installed =
            if self.install { self.install(&manifest, &configuration)? } else { BTreeMap::new() };
        if self.json {
            let whole = serde_json::json!({"report": report, "installed": installed});
            print_result(&serialised::pretty_json(&whole));
        } else {
            for (package, Installed { imported, started, .. }) in &installed {
                let (imports, starts) = (imported.join(" "), counted(started.len(), "command"));
                print_result(&format!("{package}: imported {imports}; {starts} started"));
            }
            for relation in &report.distribution {
                print_result(&format!("from the distribution: {relation}"));
            }
        }
        let failed = installed.iter().flat_map(|(package, installed)| {
            installed.problems.iter().map(move |problem| (package, problem))
        });
        let found = report
            .problems
            .iter()
            .flat_map(|(package, problems)| problems.iter().map(move |problem| (package, problem)));
        let lines: Vec<String> = found
            .chain(failed)
            .map(|(package, problem)| format!("  {package}: {problem}"))
            .collect();
        if lines.is_empty() {
            if !self.json {
                let count = counted(report.packages, "package");
                print_result(&format!("{count}, every relation met, no path owned twice"));
            }
            return Ok(0);
        }
        let count = counted(lines.len(), "problem");
        let message = format!("{count} in `{}`:\n{}", self.folder.display(), lines.join("\n"));
        Err(Failure { status: FAILED, message, hint: None })
    }

    fn install(
        &self,
        manifest: &CollectionManifest,
        configuration: &Configuration,
    ) -> Result<BTreeMap<String, Installed>, Failure> {
        let root = Temporary::new().map_err(FileError::write(&temporary_place()))?;
        let environment = ProcessEnvironment::of_process();
        let targets = configured_targets(configuration)?;
        let target = targets.load(&manifest.target, Some(&manifest.python), None)?;
        let install_root = InstallRoot {
            folder: &self.folder,
            target: &target,
            sources: &self.satisfy_from,
            root: &root.path().join("root"),
            runner: &HostRunner,
            path: &[environment.path(), vec!["/usr/sbin".into(), "/sbin".into()]].concat(),
        };
        Ok(install(&install_root, manifest)?)
    }

    fn distribution(
        &self,
        manifest: &CollectionManifest,
        configuration: &Configuration,
    ) -> Result<Option<PackageSet>, Failure> {
        let options = RunOptions {
            cache: self.cache.clone(),
            index: IndexOptions { offline: self.offline, ..IndexOptions::default() },
            ..RunOptions::default()
        };
        let settings =
            settings::resolve(options, configuration.clone(), ProcessEnvironment::of_process())?;
        let targets = targets(settings.targets.as_deref(), &settings.plugins.provided()?)?;
        let target = targets.load(&manifest.target, Some(&manifest.python), None)?;
        let index_settings = IndexSettings {
            offline: settings.offline,
            trusted_hosts: host::plain_hosts(&self.satisfy_from),
            ..IndexSettings::new(&settings.cache)
        };
        let index = index::open(&Sources::default(), Logins::default(), &index_settings)?;
        let mut joined: Option<PackageSet> = None;
        for address in &self.satisfy_from {
            let packages = host::open(address, &target, index.as_ref())?;
            match &mut joined {
                Some(joined) => joined.join(packages),
                None => joined = Some(packages),
            }
        }
        Ok(joined)
    }
}
