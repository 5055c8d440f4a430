//! The spine: from requirements to a collection, stage by stage.

pub mod available;
mod build_requirements;
mod builder;
mod builds;
mod byte_code;
mod collect;
mod complaint;
mod conflicts;
mod context;
mod distro;
mod error;
mod freeze;
mod git;
mod licence;
mod locked;
mod machine;
mod neighbours;
mod origin;
mod own_spec;
mod package;
mod partial;
mod places;
mod plugins;
mod prepare;
mod pylock;
mod recipes;
mod release;
mod render;
mod requested;
mod sdists;
mod source_packages;
mod sources;
mod warnings;
pub mod work;

use std::path::Path;

use crate::{
    base::report::Reporter,
    collection::{CollectionManifest, DistributionRecord, FailureRecord, RootRequest, Why},
    format::build::Builder,
    index::{Index, IndexError},
    plan::PackagePlan,
    python::{artifact::ProjectName, requirements::Requirements},
    resolve::{self, RequiredBy, Resolution, ResolveError, ResolveOptions},
};

use builder::BuilderNeeds;
use collect::{CollectionTools, Destination};
pub use context::Context;
pub use error::PipelineError;
pub use package::{Package, PackageFiles, RecipeAuthor, RecipeStyle, Renderer};
pub use partial::PartialResolution;
pub use recipes::Regenerated;
use render::ReadyPackages;
pub use requested::Requested;
pub use sdists::BuildingIndex;

/// Planned and rendered packages, and the projects that could not be planned.
pub struct Prepared {
    /// Sorted by project.
    pub packages: Vec<Package>,
    pub failures: Vec<FailureRecord>,
    /// What the distribution has and is not built, sorted by project.
    pub distribution: Vec<DistributionRecord>,
}

/// What a build made.
pub struct BuildOutcome {
    /// What is in the collection now.
    pub manifest: CollectionManifest,
    /// The packages that were requested, built now or before: their places in the collection.
    pub files: Vec<String>,
}

impl Context {
    /// Resolves the requirements for the target.
    ///
    /// # Errors
    /// There is no solution, or an index cannot be read.
    pub fn resolve(
        &self,
        index: &BuildingIndex<'_>,
        requirements: &Requirements,
    ) -> Result<Resolution, PipelineError> {
        let (options, environment) = (self.resolve_options(), self.environment());
        self.resolve_with(requirements, &options, index, &environment, self.reporter())
    }

    /// What markers and tags mean to the target.
    fn environment(&self) -> resolve::Environment {
        let markers = self.target().markers();
        let python = markers.python_full_version().version.clone();
        resolve::Environment { markers, tags: self.target().tags(), python }
    }

    /// How releases are chosen: as the settings say, and the lock file.
    fn resolve_options(&self) -> ResolveOptions {
        let mut options = self.settings().resolution.clone();
        if let Some(lock) = &self.inputs().lock {
            options.no_deps |= lock.no_deps;
            options.excluded.extend(lock.excluded.iter().cloned());
        }
        options
    }

    fn resolve_with(
        &self,
        requirements: &Requirements,
        options: &ResolveOptions,
        index: &dyn Index,
        environment: &resolve::Environment,
        reporter: &dyn Reporter,
    ) -> Result<Resolution, PipelineError> {
        let resolve = if requirements.is_lock { resolve::take } else { resolve::resolve };
        let resolution = resolve(requirements, index, environment, options, reporter);
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
    ///
    /// # Errors
    /// A file cannot be fetched.
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

    /// Whether the target builds sdists itself by the recipes of this run.
    fn leaves_builds_to_target(&self) -> bool {
        self.style == RecipeStyle::Native
            && self.target().source_recipe.is_some()
            && self.target().isolation.is_none()
    }

    /// Fetches, inspects, plans and renders every pin. A project that fails does not sink the
    /// others.
    ///
    /// # Errors
    /// Errors that concern the whole run; those of single projects are failures in the result.
    pub fn prepare(
        &self,
        index: &BuildingIndex<'_>,
        requested: &Requested,
        resolution: &Resolution,
    ) -> Result<Prepared, PipelineError> {
        let words = self.words()?;
        let ready = self.ready(index, requested, resolution, &words)?;
        self.render_all(ready, &words)
    }

    /// Fetches, inspects and plans every pin, up to the point where recipes can be rendered.
    fn ready(
        &self,
        index: &BuildingIndex<'_>,
        requested: &Requested,
        resolution: &Resolution,
        words: &Renderer<'_>,
    ) -> Result<ReadyPackages, PipelineError> {
        let decided = distro::decide(self, index, requested, resolution)?;
        let ready = prepare::prepare(self, index, requested, &decided, words)?;
        let plans: Vec<&PackagePlan> = ready.ready.iter().map(|ready| &ready.plan).collect();
        warnings::warn(self, decided.repository.as_ref(), &plans, &*words.format)?;
        Ok(ready)
    }

    fn render_all(
        &self,
        ready: ReadyPackages,
        words: &Renderer<'_>,
    ) -> Result<Prepared, PipelineError> {
        let ReadyPackages { ready, mut failures, distribution } = ready;
        let (packages, failed) = self.render(ready, words)?;
        failures.extend(failed);
        failures.sort_by(|a, b| a.project.cmp(&b.project));
        Ok(Prepared { packages, failures, distribution })
    }

    /// Builds a collection in `folder`; nothing is written there before all is resolved. Of what
    /// was built before, only packages that are built from something else now are built again.
    ///
    /// # Errors
    /// Errors that concern the whole run; those of single projects are in the manifest.
    pub fn build(
        &self,
        index: &BuildingIndex<'_>,
        requested: &Requested,
        folder: &Path,
    ) -> Result<BuildOutcome, PipelineError> {
        let words = self.words()?;
        let collection = self.collection(folder, &*words.format)?;
        let signer = self.signer(&collection)?;
        let PartialResolution { resolution, failures } = self.resolve_partly(index, requested)?;
        let mut ready = self.ready(index, requested, &resolution, &words)?;
        let needs =
            BuilderNeeds::of(ready.ready.iter().map(|ready| (&ready.plan, &ready.material)));
        let builder = self.builder(&*words.format, &needs)?;
        let keys = self.settle_releases(
            &mut ready.ready,
            &self.fingerprint(&words, &builder.identity()?)?,
            &collection.records(),
        )?;
        let mut prepared = self.render_all(ready, &words)?.after(failures);
        self.use_own_spec(index, requested, &mut prepared.packages)?;
        let why = |package: &Package| why(&resolution, &package.plan.project);
        let destination = Destination { collection: &collection, signer: signer.as_ref() };
        let tools = CollectionTools { renderer: &words, builder: &builder };
        self.collect(destination, tools, prepared, &keys, &why)
    }
}

fn why(resolution: &Resolution, project: &ProjectName) -> Why {
    let mut why = Why::default();
    for reason in resolution.pins.get(project).into_iter().flat_map(|pin| &pin.required_by) {
        match reason {
            RequiredBy::Root { origin, requirement } => why.requested.push(RootRequest {
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
