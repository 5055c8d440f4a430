//! From prepared packages to a collection.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    BuildOutcome, Context, Package, PipelineError, Prepared, RecipeAuthor, Renderer,
    prepare::render_again,
    release,
    work::{self, Item, WorkResult},
};
use crate::{
    base::{report::Event, signing::Signer},
    collection::{
        BuiltRecord, Collection, FailureRecord, Merge, Outcome, PackageRecord, Record, Records,
        Stage, Why,
    },
    format::{
        Drift, Format,
        build::{BuildError, BuildTools, Builder, ChosenBuilder, FromSource, Preference},
    },
    plan::{Evr, relation::Strength},
    python::artifact::ProjectName,
};

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

    /// Builds prepared packages and merges them into a collection.
    pub(super) fn collect(
        &self,
        collection: &Collection<'_>,
        signer: Option<&Signer<'_>>,
        prepared: Prepared,
        words: &Renderer<'_>,
        why: &dyn Fn(&Package) -> Why,
    ) -> Result<BuildOutcome, PipelineError> {
        let Prepared { packages, mut failures, distribution } = prepared;
        let mut packages = self.settled(packages, &mut failures);
        self.warn_of_downgrades(collection, &packages, &*words.format)?;
        let path = self.path();
        // Looking for a sandbox takes longer than the embedded writers do for a package.
        let is_needed = self.settings().builder != Preference::Embedded
            || packages.iter().any(|package| package.plan.from_source.is_some());
        let found = if is_needed { self.sandbox() } else { Ok(None) };
        let compiler = packages.iter().find_map(|package| package.material.byte_code.as_ref());
        let compiler = compiler.map(|byte_code| byte_code.interpreter.clone());
        let tools =
            BuildTools::new(self.runner(), path).within(found.clone()).running(compiler.as_deref());
        let format = &*words.format;
        let ChosenBuilder { builder: others, unconfined } =
            format.builder(&tools, self.settings().builder)?;
        if let Some(error) = &unconfined {
            let line = format!("packages are written by this program itself: {error}");
            self.reporter().event(Event::Warning(&line));
        }
        let dist_tag = &self.target().dist_tag;
        let builder = FromSource {
            others,
            source_builder: format.source_builder(),
            runner: self.runner(),
            sandbox: found,
            unconfined,
            path,
            dist_tag,
        };
        let staging = collection.staging()?;
        let records = collection.records();
        let identity = builder.identity()?;
        let inputs =
            self.settle_releases(&mut packages, words, &identity, &records, &mut failures)?;
        let before = by_release(&records.all_built());
        let sources = self.source_packages(&packages, words, staging.path(), &mut failures)?;
        let items: Vec<Item<'_>> = packages
            .iter()
            .zip(inputs)
            .map(|(package, inputs)| Item { job: package.job(), inputs })
            .collect();
        let jobs = self.settings().jobs;
        let tools = (&builder as &dyn Builder, format);
        let done = work::work(&items, tools, &records, staging.path(), jobs, self.reporter())?;

        let mut built = Vec::new();
        for (WorkResult { record, .. }, package) in done.iter().zip(&packages) {
            if let (Some(entry), Some(file)) = (record.entry(), records.file(record)) {
                built.push((&package.plan, entry.package.as_str(), file));
            }
        }
        let mut failed = self.show_packages(&built)?;
        let publishing = self.settings().publishing.publishing(signer);
        let mut merge = Merge { failures, distribution, publishing, built: Vec::new() };
        let mut names = BTreeSet::new();
        for (WorkResult { record, .. }, package) in done.into_iter().zip(&packages) {
            let plan = &package.plan;
            let accepted = match failed.remove(&plan.project) {
                Some(error) => Err(Refused::By(PipelineError::from(error).into())),
                None => self.accept(&record, package, (&before, &*words.format)),
            };
            match accepted {
                Ok(built) => {
                    names.insert(built.package.package.clone());
                    merge.built.push((record, why(package)));
                }
                Err(Refused::Failed(failure)) => merge.failures.push(failure),
                Err(Refused::By(error)) => merge.failures.push(FailureRecord::new(
                    &plan.project,
                    &plan.release,
                    Stage::Build,
                    &error,
                )),
            }
        }
        let manifest = collection.merge(merge)?;
        if let Some(sources) = sources {
            sources.publish(
                collection.folder(),
                &self.target().name,
                publishing,
                self.reporter(),
            )?;
        }
        self.show_collection(collection, &manifest)?;
        let asked = manifest.packages.iter().filter(|entry| names.contains(&entry.package));
        let files = asked.map(|entry| entry.file.clone()).collect();
        Ok(BuildOutcome { manifest, files })
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

    /// Gives packages whose version was built before of something else a higher release. Answers
    /// with what each package is built from; one that cannot be rendered anew becomes a failure.
    fn settle_releases(
        &self,
        packages: &mut Vec<Package>,
        words: &Renderer<'_>,
        builder: &str,
        records: &Records<'_>,
        failures: &mut Vec<FailureRecord>,
    ) -> Result<Vec<String>, PipelineError> {
        let records = records.all_built();
        let builds = release::by_version(&records);
        let inputs = packages.iter().map(|package| work::inputs(&package.job(), builder));
        let inputs = inputs.collect::<Result<Vec<_>, BuildError>>()?;
        let (mut settled, mut kept, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for (mut package, inputs) in std::mem::take(packages).into_iter().zip(inputs) {
            let evr = &package.plan.evr;
            let key = (package.plan.package.as_str(), evr.epoch, evr.version.as_str());
            let builds = builds.get(&key).into_iter().flatten().copied();
            let release = match package.made {
                RecipeAuthor::Now => release::settle(builds, &evr.release, &inputs),
                RecipeAuthor::Earlier | RecipeAuthor::Edited => evr.release.clone(),
            };
            if release == evr.release {
                settled.push(package);
                kept.push(inputs);
                continue;
            }
            package.plan.evr.release = release;
            again.push((package, inputs));
        }
        let (again, inputs): (Vec<Package>, Vec<String>) = again.into_iter().unzip();
        let projects = again.iter().map(|package| package.plan.project.clone());
        let mut inputs: BTreeMap<ProjectName, String> = projects.zip(inputs).collect();
        let mut rendered = Vec::new();
        for result in render_again(self, again, words)? {
            match result {
                Ok(package) => rendered.push(package),
                Err(failure) => failures.push(failure),
            }
        }
        // What is rendered anew, plugins have not seen.
        failures.extend(self.change_recipes(&mut rendered)?);
        for package in rendered {
            kept.extend(inputs.remove(&package.plan.project));
            settled.push(package);
        }
        *packages = settled;
        Ok(kept)
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
