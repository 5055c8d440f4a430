//! From prepared packages to a collection: work, merge, publish.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    BuildOutcome, Context, Package, PackageFiles, PipelineError, Prepared, RecipeAuthor, Renderer,
    release::Keys,
    source_packages::SourcePackages,
    work::{self, Item, WorkResult, WorkTools},
};
use crate::{
    base::{report::Event, signing::Signer},
    collection::{
        BuiltRecord, Collection, CollectionManifest, FailureRecord, Merge, Outcome, PackageRecord,
        Publishing, Record, Records, Stage, Why,
    },
    format::{
        Drift, Format,
        build::{Builder, FromSource},
    },
    plan::{Evr, PackagePlan, relation::Strength},
};

/// Where packages go, and whose signatures they get.
#[derive(Clone, Copy)]
pub(super) struct Destination<'d> {
    pub collection: &'d Collection<'d>,
    pub signer: Option<&'d Signer<'d>>,
}

/// What packages are rendered and built with.
#[derive(Clone, Copy)]
pub(super) struct CollectionTools<'t> {
    pub renderer: &'t Renderer<'t>,
    pub builder: &'t FromSource<'t>,
}

/// A record that goes into the collection, with its package's name.
type Accepted = Result<(Record, String), FailureRecord>;

impl Context {
    /// Who signs what goes into a collection.
    pub(super) fn signer<'s>(
        &'s self,
        collection: &Collection<'_>,
    ) -> Result<Option<Signer<'s>>, PipelineError> {
        let environment = &self.settings().environment;
        let signer = self.settings().publishing.signer(environment, self.path(), self.runner())?;
        collection.refuse_unsigned(signer.as_ref())?;
        Ok(signer)
    }

    /// Builds prepared packages, merges them into a collection and publishes it. `keys` are those of
    /// packages whose recipes were rendered in this run.
    ///
    /// # Errors
    /// The whole run fails; what fails for single packages is in the manifest.
    pub(super) fn collect(
        &self,
        destination: Destination<'_>,
        tools: CollectionTools<'_>,
        prepared: Prepared,
        keys: &Keys,
        why: &dyn Fn(&Package) -> Why,
    ) -> Result<BuildOutcome, PipelineError> {
        let Destination { collection, signer } = destination;
        let CollectionTools { renderer, builder } = tools;
        let Prepared { packages, mut failures, distribution } = prepared;
        let packages = self.settled(packages, &mut failures);
        self.warn_of_downgrades(collection, &packages, &*renderer.format)?;
        let staging = collection.staging()?;
        let records = collection.records();
        let before = by_release(&records.all_built());
        let sources = self.source_packages(&packages, renderer, staging.path(), &mut failures)?;
        let items = items(&packages, keys, &builder.identity()?)?;
        let workshop = WorkTools { builder, format: &*renderer.format, folder: staging.path() };
        let results =
            work::work(&items, &workshop, &records, self.settings().jobs, self.reporter())?;

        let publishing = self.settings().publishing.publishing(signer);
        let mut merge = Merge { failures, distribution, publishing, built: Vec::new() };
        let accepted = self.accepted(results, &packages, &records, &before, renderer)?;
        let mut names = BTreeSet::new();
        for (package, result) in packages.iter().zip(accepted) {
            match result {
                Ok((record, name)) => {
                    names.insert(name);
                    merge.built.push((record, why(package)));
                }
                Err(failure) => merge.failures.push(failure),
            }
        }
        let manifest = collection.merge(merge)?;
        self.publish(collection, &manifest, sources, publishing)?;
        let requested = manifest.packages.iter().filter(|entry| names.contains(&entry.package));
        let files = requested.map(|entry| entry.file.clone()).collect();
        Ok(BuildOutcome { manifest, files })
    }

    /// Publishes source packages and shows the collection to plugins.
    fn publish(
        &self,
        collection: &Collection<'_>,
        manifest: &CollectionManifest,
        sources: Option<SourcePackages>,
        publishing: Publishing<'_>,
    ) -> Result<(), PipelineError> {
        if let Some(sources) = sources {
            let target = &self.target().name;
            sources.publish(collection.folder(), target, publishing, self.reporter())?;
        }
        self.show_collection(collection, manifest)
    }

    /// Returns the records that go into the collection, each with its package's name, after plugins
    /// have seen the packages; in the order of `packages`.
    fn accepted(
        &self,
        results: Vec<WorkResult>,
        packages: &[Package],
        records: &Records<'_>,
        before: &BuiltReleases,
        renderer: &Renderer<'_>,
    ) -> Result<Vec<Accepted>, PipelineError> {
        let mut built = Vec::new();
        for (WorkResult { record, .. }, package) in results.iter().zip(packages) {
            if let (Some(entry), Some(file)) = (record.entry(), records.file(record)) {
                built.push((&package.plan, entry.package.as_str(), file));
            }
        }
        let mut failed = self.show_packages(&built)?;
        let accepted =
            results.into_iter().zip(packages).map(|(WorkResult { record, .. }, package)| {
                let PackagePlan { project, release, .. } = &package.plan;
                let accepted = match failed.remove(project) {
                    Some(error) => Err(Refused::By(PipelineError::from(error).into())),
                    None => self.accept(&record, package, (before, &*renderer.format)),
                };
                match accepted {
                    Ok(built) => {
                        let name = built.package.package.clone();
                        Ok((record, name))
                    }
                    Err(Refused::Failed(failure)) => Err(failure),
                    Err(Refused::By(error)) => {
                        Err(FailureRecord::new(project, release, Stage::Build, &error))
                    }
                }
            });
        Ok(accepted.collect())
    }

    /// The package of a record, where it goes into the collection. How its relations differ from the
    /// planned ones is told.
    fn accept<'r>(
        &self,
        record: &'r Record,
        package: &Package,
        (before, format): (&BuiltReleases, &dyn Format),
    ) -> Result<&'r BuiltRecord, Refused> {
        let built = match &record.outcome {
            Outcome::Built(built) => built,
            Outcome::Failed(failure) => return Err(Refused::Failed(failure.clone())),
        };
        let name = &built.package.package;
        if package.made != RecipeAuthor::Now && is_taken(before, record) {
            let (package, evr) = (name.clone(), built.entry.evr.clone());
            return Err(Refused::By(PipelineError::SameRelease { package, evr }.into()));
        }
        let differences = differences(&built.drift, format);
        if self.settings().strict && !differences.is_empty() {
            Err(Refused::By(PipelineError::Drifted { differences }.into()))
        } else {
            for difference in differences {
                let line = format!("`{name}` is not as planned: {difference}");
                self.reporter().event(Event::Warning(&line));
            }
            Ok(built)
        }
    }

    /// The packages that leave nothing open; the others become failures, unless that is allowed.
    fn settled(&self, packages: Vec<Package>, failures: &mut Vec<FailureRecord>) -> Vec<Package> {
        let (settled, open): (Vec<Package>, Vec<Package>) = packages
            .into_iter()
            .partition(|package| self.settings().allow_fixme || package.recipe.open().is_empty());
        for Package { plan, recipe, .. } in open {
            let error = PipelineError::open(&plan, &recipe);
            failures.push(FailureRecord::new(&plan.project, &plan.release, Stage::Render, &error));
        }
        failures.sort_by(|a, b| a.project.cmp(&b.project));
        settled
    }

    /// Newer releases whose package versions sort below those that are there, as `2.0` does below
    /// `2.0.0rc1`: no upgrade would install them.
    fn warn_of_downgrades(
        &self,
        collection: &Collection<'_>,
        packages: &[Package],
        format: &dyn Format,
    ) -> Result<(), PipelineError> {
        let manifest = collection.manifest()?;
        let present: BTreeMap<&String, &PackageRecord> =
            manifest.packages.iter().map(|entry| (&entry.package, entry)).collect();
        let newer = packages.iter().filter_map(|Package { plan, .. }| {
            let known = present.get(&plan.package)?;
            (known.release < plan.release).then_some((&plan.package, &known.evr, &plan.evr))
        });
        let newer: Vec<_> = newer.collect();
        let versions = newer.iter().flat_map(|(_, old, new)| [old.to_string(), new.to_string()]);
        let ranks = if newer.is_empty() {
            Vec::new()
        } else {
            format.ranks(&versions.collect::<Vec<_>>())?
        };
        for ((package, old, new), ranks) in newer.into_iter().zip(ranks.chunks(2)) {
            if ranks[0] > ranks[1] {
                self.reporter().event(Event::Warning(&format!(
                    "`{package}` {new} is the newer release, but sorts below {old}: remove the \
                     older package, or raise the epoch by hand"
                )));
            }
        }
        Ok(())
    }
}

/// Returns the packages as items to work on: those that were rendered in this run with their keys,
/// all others with a digest of what they are built from.
fn items<'p>(
    packages: &'p [Package],
    keys: &Keys,
    builder: &str,
) -> Result<Vec<(Item, &'p PackageFiles)>, PipelineError> {
    let items = packages.iter().map(|package| {
        let key = keys.get(&package.plan.project);
        let key = key.filter(|_| package.made == RecipeAuthor::Now).map(String::as_str);
        Ok((package.item(key, builder)?, &package.material))
    });
    items.collect()
}

/// Why a package does not go into a collection.
enum Refused {
    Failed(FailureRecord),
    By(Box<PipelineError>),
}

/// How relations differ, a line each.
fn differences(drift: &Drift, format: &dyn Format) -> Vec<String> {
    let line = |word: &str, (strength, text): &(Strength, String)| {
        format!("{word} `{}: {text}`", format.syntax().tag(*strength))
    };
    let missing = drift.missing.iter().map(|relation| line("it lacks", relation));
    missing.chain(drift.extra.iter().map(|relation| line("it has", relation))).collect()
}

/// What was built before: packages with their versions, and what each was built from.
type BuiltReleases = HashMap<(String, Evr), BTreeSet<String>>;

fn by_release(records: &BTreeMap<String, Record>) -> BuiltReleases {
    let mut releases = BuiltReleases::new();
    for record in records.values() {
        if let Some(entry) = record.entry() {
            let key = (entry.package.clone(), entry.evr.clone());
            releases.entry(key).or_default().insert(record.inputs.clone());
        }
    }
    releases
}

/// Whether the version of a package was built before of something else.
fn is_taken(before: &BuiltReleases, record: &Record) -> bool {
    let key = record.entry().map(|entry| (entry.package.clone(), entry.evr.clone()));
    let inputs = key.and_then(|key| before.get(&key));
    inputs.is_some_and(|inputs| inputs.iter().any(|inputs| *inputs != record.inputs))
}
