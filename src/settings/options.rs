//! All options of a run, by group.

use std::collections::BTreeMap;

use super::{
    AcceptanceOptions, BuildingOptions, CacheOptions, CandidateOptions, DescriptionOptions,
    FailureOptions, IndexOptions, InstallOptions, NamingOptions, PluginOptions, PublishingOptions,
    RelationOptions, ResolutionOptions, SdistOptions, SettingsError, TargetOptions,
    TemplateOptions, time,
};
use crate::{
    python::{artifact::ProjectName, requirements::FileOptions},
    resolve::{ResolveOptions, SourcePolicy},
};

/// All options of a run, by group: those of the command line, or those of the configuration.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// The target.
    pub target: TargetOptions,
    /// Indexes and downloads.
    pub index: IndexOptions,
    /// The files that may be used.
    pub candidates: CandidateOptions,
    /// Builds of sdists.
    pub sdists: SdistOptions,
    /// The choice of releases.
    pub resolution: ResolutionOptions,
    /// Projects that fail.
    pub failures: FailureOptions,
    /// Builds of packages.
    pub building: BuildingOptions,
    /// The conditions that packages must meet.
    pub acceptance: AcceptanceOptions,
    /// The names of packages.
    pub naming: NamingOptions,
    /// The relations of packages.
    pub relations: RelationOptions,
    /// The installed files.
    pub install: InstallOptions,
    /// The signatures and the layout of collections.
    pub publishing: PublishingOptions,
    /// The description of packages.
    pub description: DescriptionOptions,
    /// The folders with templates.
    pub templates: TemplateOptions,
    /// The cache folder.
    pub cache: CacheOptions,
    /// The plugins.
    pub plugins: PluginOptions,
}

impl RunOptions {
    /// Returns these options, with the configured ones where they are not set.
    pub(super) fn over(self, configured: Self) -> Self {
        Self {
            target: self.target.over(configured.target),
            index: self.index.over(configured.index),
            candidates: self.candidates.over(configured.candidates),
            sdists: self.sdists.over(configured.sdists),
            resolution: self.resolution.over(configured.resolution),
            failures: self.failures.over(configured.failures),
            building: self.building.over(configured.building),
            acceptance: self.acceptance,
            naming: self.naming.over(configured.naming),
            relations: self.relations.over(configured.relations),
            install: self.install.over(configured.install),
            publishing: self.publishing.over(configured.publishing),
            description: self.description.over(configured.description),
            templates: self.templates.over(configured.templates),
            cache: self.cache.over(configured.cache),
            plugins: self.plugins.over(configured.plugins),
        }
    }

    /// Returns the options that requirements files may set, too.
    ///
    /// # Errors
    /// `--no-binary` or `--only-binary` has an invalid project name.
    pub(super) fn file_options(&self) -> Result<FileOptions, SettingsError> {
        self.candidates.file_options(self.index.file_options())
    }

    /// Returns how releases are chosen; `project_sources` are the configured files of projects.
    ///
    /// # Errors
    /// `--exclude-newer` is not a time.
    pub(super) fn resolve_options(
        &self,
        project_sources: BTreeMap<ProjectName, SourcePolicy>,
    ) -> Result<ResolveOptions, SettingsError> {
        let ResolutionOptions { resolution, exclude_newer, no_deps, exclude } = &self.resolution;
        Ok(ResolveOptions {
            source: self.candidates.source.unwrap_or_default(),
            project_sources,
            strategy: resolution.unwrap_or_default(),
            exclude_newer: exclude_newer.as_deref().map(time::limit).transpose()?,
            no_deps: *no_deps,
            excluded: exclude.iter().cloned().collect(),
            preferred: BTreeMap::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::settings::{Configuration, ProcessEnvironment, Settings, resolve};

    /// The groups that most verbs accept.
    #[derive(Parser)]
    struct SampleArguments {
        #[command(flatten)]
        target: TargetOptions,
        #[command(flatten)]
        index: IndexOptions,
        #[command(flatten)]
        candidates: CandidateOptions,
        #[command(flatten)]
        naming: NamingOptions,
        #[command(flatten)]
        description: DescriptionOptions,
        #[command(flatten)]
        failures: FailureOptions,
    }

    const CONFIGURATION: &str = r#"
        target = "el9"
        python = "3.12"
        index-url = "https://configured.example/simple"
        extra-index-urls = ["https://extra.example/simple"]
        source = "sdist"
        name-prefix = "acme-"
        release = "3"
        keep-going = true
    "#;

    fn settings(arguments: &[&str], configuration: &str) -> Settings {
        let arguments = [&["sample"], arguments].concat();
        let SampleArguments { target, index, candidates, naming, description, failures } =
            SampleArguments::try_parse_from(arguments).unwrap_or_else(|error| panic!("{error}"));
        let options = RunOptions {
            target,
            index,
            candidates,
            naming,
            description,
            failures,
            ..RunOptions::default()
        };
        let configuration = Configuration::parse(configuration).unwrap();
        let variables = [
            ("HOME", "/home/jo"),
            ("PYPI2PKG_INDEX_URL", "https://environment.example/simple"),
            ("RPM_PACKAGER", "Jo <jo@example.org>"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        resolve(options, configuration, ProcessEnvironment::from(BTreeMap::from(variables)))
            .unwrap()
    }

    #[test]
    fn the_configuration_takes_precedence_over_the_environment() {
        let default = settings(&[], "");
        assert_eq!(default.options.index_url.unwrap(), "https://environment.example/simple");
        assert_eq!(default.policy.packager.as_str(), "Jo <jo@example.org>");
        assert_eq!((default.policy.release.as_str(), default.keep_going), ("1", true));
        let configured = settings(&[], CONFIGURATION);
        assert_eq!(configured.options.index_url.unwrap(), "https://configured.example/simple");
        assert_eq!(configured.target.as_deref(), Some("el9"));
        assert_eq!(configured.resolution.source, SourcePolicy::Sdist);
        assert_eq!(configured.policy.naming.prefix, "acme-");
        assert_eq!(configured.policy.release, "3");
    }

    #[test]
    fn the_command_line_takes_precedence_over_the_configuration() {
        let given = settings(
            &[
                "--target=debian-12",
                "--index-url=https://given.example/simple",
                "--extra-index-url=https://first.example/simple",
                "--source=wheel",
                "--name-prefix=",
                "--release=4",
                "--no-keep-going",
            ],
            CONFIGURATION,
        );
        assert_eq!(
            (given.target.as_deref(), given.python.as_deref()),
            (Some("debian-12"), Some("3.12"))
        );
        assert_eq!(given.options.index_url.unwrap(), "https://given.example/simple");
        let extra = ["https://first.example/simple", "https://extra.example/simple"];
        assert_eq!(given.options.extra_index_urls, extra);
        assert_eq!(given.resolution.source, SourcePolicy::Wheel);
        assert_eq!(given.policy.naming.prefix, "");
        assert_eq!((given.policy.release.as_str(), given.keep_going), ("4", false));
    }

    #[test]
    fn every_documented_key_is_known() {
        let documentation = include_str!("../../docs/configuration.md");
        let (_, example) = documentation.split_once("```toml\n").unwrap();
        let (example, _) = example.split_once("```\n").unwrap();
        let read = Configuration::parse(example);
        assert!(read.is_ok(), "{:?}", read.err());
    }
}
