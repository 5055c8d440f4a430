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
    pub target: TargetOptions,
    pub index: IndexOptions,
    pub candidates: CandidateOptions,
    pub sdists: SdistOptions,
    pub resolution: ResolutionOptions,
    pub failures: FailureOptions,
    pub building: BuildingOptions,
    pub acceptance: AcceptanceOptions,
    pub naming: NamingOptions,
    pub relations: RelationOptions,
    pub install: InstallOptions,
    pub publishing: PublishingOptions,
    pub description: DescriptionOptions,
    pub templates: TemplateOptions,
    pub cache: CacheOptions,
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
