//! The spine: from requirements to a collection, stage by stage.

mod distro;
mod error;
mod freeze;
mod locked;
mod package;
mod places;
mod prepare;
mod pylock;
mod sdists;
mod sources;

use std::path::Path;

use crate::{
    build::{BuildJob, Builders, build_all},
    collection::{
        Addition, Collection, CollectionManifest, DistributionRecord, FailureRecord, Request,
        Stage, Why,
    },
    format,
    index::{Index, IndexError},
    process::CommandRunner,
    report::{Event, Reporter},
    requirements::{Inputs, Requirements},
    resolve::{self, RequiredBy, Resolution, ResolveError, ResolveOptions},
    settings::Settings,
    target::Target,
    template::Templates,
    text::Paragraph,
    version,
};

use self::distro::Decided;
pub use error::PipelineError;
pub use package::Package;
pub use sdists::BuildingIndex;

/// What every stage of a run needs.
pub struct Run<'a> {
    pub settings: &'a Settings,
    pub target: &'a Target,
    pub inputs: &'a Inputs,
    pub runner: &'a dyn CommandRunner,
    pub reporter: &'a dyn Reporter,
}

/// Planned and rendered packages, and the projects that could not be planned.
pub struct Prepared {
    /// Sorted by project.
    pub packages: Vec<Package>,
    pub failures: Vec<FailureRecord>,
    /// What the distribution has and is not built, sorted by project.
    pub distribution: Vec<DistributionRecord>,
}

/// What a build made.
pub struct Built {
    /// What is in the collection now.
    pub manifest: CollectionManifest,
    /// The packages that this run built: their file names in the collection.
    pub files: Vec<String>,
}

impl Run<'_> {
    /// Resolves the requirements for the target.
    pub fn resolve(&self, index: &BuildingIndex<'_>) -> Result<Resolution, PipelineError> {
        self.resolve_with(&index.requirements, &self.resolve_options(), index)
    }

    /// How releases are chosen: as the settings say, and the lock file.
    fn resolve_options(&self) -> ResolveOptions {
        let mut options = self.settings.resolution.clone();
        if let Some(lock) = &self.inputs.lock {
            options.no_deps |= lock.no_deps;
            options.excluded.extend(lock.excluded.iter().cloned());
        }
        options
    }

    fn resolve_with(
        &self,
        requirements: &Requirements,
        options: &ResolveOptions,
        index: &BuildingIndex<'_>,
    ) -> Result<Resolution, PipelineError> {
        let target = self.target;
        let environment = resolve::Environment {
            markers: target.markers(),
            tags: target.tags(),
            python: target.markers().python_full_version().version.clone(),
        };
        let resolve = if requirements.is_lock { resolve::take } else { resolve::resolve };
        let resolution = resolve(requirements, index, &environment, options, self.reporter);
        resolution.map_err(|error| match &error {
            ResolveError::Index { error: cause, .. }
                if matches!(**cause, IndexError::Offline { .. }) =>
            {
                PipelineError::Offline { missing: index.missing() }
            }
            _ => error.into(),
        })
    }

    /// The resolution with a hash of every file: where an index states none, that of what it
    /// gives now.
    pub fn hashed(
        &self,
        index: &BuildingIndex<'_>,
        mut resolution: Resolution,
    ) -> Result<Resolution, PipelineError> {
        for pin in resolution.pins.values_mut().filter(|pin| pin.file.hashes.is_empty()) {
            let file = &mut pin.file;
            file.hashes = index.download(&file.url, &file.hashes)?.1;
        }
        Ok(resolution)
    }

    /// Fetches, inspects, plans and renders every pin. A project that fails does not sink the
    /// others.
    pub fn prepare(
        &self,
        index: &BuildingIndex<'_>,
        resolution: &Resolution,
    ) -> Result<Prepared, PipelineError> {
        let Decided { resolution, distribution, repository } =
            distro::decide(self, index, resolution)?;
        let format = format::named(&self.target.format)?;
        let pack =
            Templates::new(self.settings.templates.clone()).pack(format.name(), format.escape())?;
        let mut prepared =
            prepare::prepare(self, index, &resolution, &distribution, format, &pack)?;
        prepared.packages.sort_by(|a, b| a.plan.project.cmp(&b.plan.project));
        if let Some(repository) = &repository {
            distro::warn_of_doubles(self, repository, &prepared.packages);
        }
        prepared.failures.sort_by(|a, b| a.project.cmp(&b.project));
        Ok(prepared)
    }

    /// Newer releases whose package versions sort below those that are there, as `2.0` does below
    /// `2.0.0rc1`: no upgrade would install them.
    fn warn_of_downgrades(&self, manifest: &CollectionManifest, packages: &[Package]) {
        let compare = match self.target.format.as_str() {
            "deb" => version::deb::compare,
            _ => version::rpm::compare_evr,
        };
        for Package { plan, .. } in packages {
            let known = manifest.packages.iter().find(|known| known.package == plan.package);
            if let Some(known) = known.filter(|known| known.release < plan.release)
                && compare(&known.evr.to_string(), &plan.evr.to_string()).is_gt()
            {
                let (package, old, new) = (&plan.package, &known.evr, &plan.evr);
                self.reporter.event(Event::Warning(&format!(
                    "`{package}` {new} is the newer release, but sorts below {old}: remove the \
                     older package, or raise the epoch by hand"
                )));
            }
        }
    }

    /// Builds a collection in `folder`; nothing is written there before all is resolved.
    pub fn build(&self, index: &BuildingIndex<'_>, folder: &Path) -> Result<Built, PipelineError> {
        let collection = Collection::open(folder, self.target)?;
        let resolution = self.resolve(index)?;
        let Prepared { packages, mut failures, distribution } = self.prepare(index, &resolution)?;
        self.warn_of_downgrades(&collection.manifest()?, &packages);
        let staging = collection.staging()?;

        let path = self.settings.environment.path();
        let builders = Builders::new(self.runner, &path);
        let builder = builders.choose(self.settings.builder, &self.target.format)?;
        let jobs: Vec<BuildJob<'_>> = packages
            .iter()
            .map(|package| BuildJob {
                plan: &package.plan,
                native: &package.native,
                recipe: &package.recipe,
                wheel: &package.wheel,
                byte_code: package.byte_code.as_ref(),
            })
            .collect();
        let results =
            build_all(&jobs, builder.as_ref(), staging.path(), self.settings.jobs, self.reporter);
        let mut built = Vec::new();
        for (package, result) in packages.iter().zip(results) {
            match result {
                Ok(file) => built.push((package, file)),
                Err(error) => failures.push(failure(&package.plan, Stage::Build, &error)),
            }
        }
        let additions: Vec<Addition<'_>> = built
            .iter()
            .map(|(package, built)| Addition {
                plan: &package.plan,
                built,
                recipe: &package.recipe,
                why: why(&resolution, &package.plan.project),
            })
            .collect();
        let manifest = collection.add(&additions, failures, distribution)?;
        let names = built.iter().filter_map(|(_, built)| built.path.file_name());
        let files = names.map(|name| name.to_string_lossy().into_owned()).collect();
        Ok(Built { manifest, files })
    }
}

/// A failure of a planned package.
fn failure(
    plan: &crate::plan::PackagePlan,
    stage: Stage,
    error: &dyn std::error::Error,
) -> FailureRecord {
    FailureRecord {
        project: plan.project.clone(),
        release: Some(plan.release.clone()),
        stage,
        cause: Paragraph::new(&chain(error)),
    }
}

/// An error and its causes, each once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

fn why(resolution: &Resolution, project: &crate::artifact::ProjectName) -> Why {
    let mut why = Why::default();
    for reason in resolution.pins.get(project).into_iter().flat_map(|pin| &pin.required_by) {
        match reason {
            RequiredBy::Root { origin, requirement } => why.requested.push(Request {
                requirement: requirement.as_str().into(),
                origin: origin.to_string().as_str().into(),
            }),
            RequiredBy::Project { name, .. } => {
                if !why.required_by.contains(name) {
                    why.required_by.push(name.clone());
                }
            }
        }
    }
    why
}
