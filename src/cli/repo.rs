//! `pypi2pkg repo`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    base::{
        process::HostRunner,
        report::{Event, Reporter, Terminal, print_result},
    },
    cli::failure::Failure,
    collection::Collection,
    format::deb::pool::SuiteName,
    settings::{ProcessEnvironment, PublishingOptions},
};

use super::{arguments::ConfigurationArgument, formats::CollectionFormats};

/// Create or update the repository metadata of a folder of packages, for dnf, apt or pacman
///
/// All packages in the folder are added to the metadata, and signed with `--sign-key`, wherever they
/// were built: use it only for folders whose content you vouch for.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg repo packages/
  pypi2pkg repo packages/ --target archlinux
  pypi2pkg repo packages/ --sign-key 0123456789ABCDEF0123456789ABCDEF01234567
  pypi2pkg repo dist/ --sign-key key.asc --repo-url https://packages.example/fedora-43/ --keep 2")]
pub(super) struct RepoArguments {
    /// The folder with the packages; `--sign-key` signs all of them in place
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    #[command(flatten)]
    publishing: PublishingOptions,
    /// The suite name in the metadata of a folder without `collection.json`
    #[arg(long, value_name = "NAME", default_value = "local")]
    suite: SuiteName,
    /// The target of the packages, if a plugin provides their format and the folder has no
    /// `collection.json`
    #[arg(short, long, value_name = "NAME")]
    target: Option<String>,
    #[command(flatten)]
    configuration: ConfigurationArgument,
}

impl RepoArguments {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let configuration = self.configuration.read()?;
        let environment = ProcessEnvironment::of_process();
        let options = self.publishing.over(configuration.options.publishing.clone());
        let settings = options.settings(&environment)?;
        let path = environment.path();
        let signer = settings.signer(&environment, &path, &HostRunner)?;
        let terminal = Terminal::new(0);
        let collection = Collection::of_packages(&self.folder, &self.suite.to_string())?;
        let collection = collection.with_reporter(&terminal);
        let formats = match &self.target {
            Some(target) => CollectionFormats::of_target(Some((target, None)), &configuration)?,
            None => CollectionFormats::of(&[&self.folder], &configuration)?,
        };
        let external = formats.external();
        let collection = match &external {
            Some(external) => collection.with_format(external),
            None => collection,
        };
        if !collection.has_packages()? {
            let line = format!(
                "`{}` holds no packages of a format that is known; `--target` names that of a plugin",
                self.folder.display()
            );
            terminal.event(Event::Warning(&line));
        } else if signer.is_some() {
            let line = format!(
                "signing all packages in `{}`, including those built elsewhere",
                self.folder.display()
            );
            terminal.event(Event::End { phase: "repo", line: &line });
        }
        collection.republish(settings.publishing(signer.as_ref()))?;
        print_result(&self.folder.display().to_string());
        Ok(0)
    }
}
