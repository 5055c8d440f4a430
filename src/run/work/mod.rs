//! Working through a list of packages: what was not built of the same inputs before is built, and
//! each outcome becomes a record.
//!
//! Nothing here speaks of a collection's contents: any machine may work on any part of the list, and
//! whoever has all records merges them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::PackageFiles;
use crate::{
    base::{
        process::interrupted,
        report::{Event, Reporter},
        text::counted,
    },
    collection::{CollectionError, Described, FailureRecord, Record, Records, Stage},
    format::{
        Format, Native, PackageEntry, PackageError,
        build::{BuildError, BuildJob, Builder},
        drift,
    },
    plan::{Evr, PackagePlan, Recipe},
};

/// The version of the schema of items.
pub const SCHEMA: u32 = 1;

/// One package to work on, as any machine can that has its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Item {
    pub schema: u32,
    /// A digest of all that the package is built from but its release.
    pub key: String,
    pub plan: PackagePlan,
    pub native: Native,
    pub recipe: Recipe,
    /// Whether the user changed the recipe, which then decides what the package is.
    pub own_recipe: bool,
    pub files: ItemFiles,
}

/// The digests of an item's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ItemFiles {
    /// The SHA-256 of a wheel that was built from an sdist; the plan has that of a release's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wheel: Option<String>,
    /// The name of the byte code in the cache, if the package brings any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte_code: Option<String>,
    /// The SHA-256 of each further source of the recipe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<String>,
}

impl Item {
    /// Returns the builder's job, with the files of this machine.
    pub fn job<'a>(&'a self, files: &'a PackageFiles) -> BuildJob<'a> {
        BuildJob {
            plan: &self.plan,
            native: &self.native,
            recipe: &self.recipe,
            wheel: &files.wheel,
            further_wheels: &files.further_wheels,
            source: &files.source,
            byte_code: files.byte_code.as_ref(),
            sources: &files.further,
            own_recipe: self.own_recipe,
        }
    }
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkResult {
    pub record: Record,
    /// Whether it was worked on now: an earlier build with the same key is taken as it is.
    pub is_new: bool,
}

/// What items are worked on with.
#[derive(Clone, Copy)]
pub struct WorkTools<'w> {
    pub builder: &'w dyn Builder,
    /// The format of the packages that the builder writes.
    pub format: &'w dyn Format,
    /// A private folder; each item gets a new one below it.
    pub folder: &'w Path,
}

/// Returns the key of a package whose recipe was not rendered in this run: a digest of its plan,
/// native terms, recipe and files, and of what builds it (`builder`, see [`Builder::identity`]).
pub fn key(
    (plan, native, recipe): (&PackagePlan, &Native, &Recipe),
    files: &ItemFiles,
    builder: &str,
) -> String {
    let all = json!([env!("CARGO_PKG_VERSION"), builder, plan, native, recipe, files]);
    hex::encode(Sha256::digest(all.to_string()))
}

/// Works on every item on `threads` threads, the largest wheels first so that none of them is left
/// for the end; the results are in the order of `items`, and one that fails stops no other. Reports
/// the phase `build`, a step for each package that is built.
///
/// # Errors
/// An outcome cannot be written down, or the run is interrupted; what was built until then is kept.
pub fn work(
    items: &[(Item, &PackageFiles)],
    workshop: &WorkTools<'_>,
    records: &Records<'_>,
    threads: usize,
    reporter: &dyn Reporter,
) -> Result<Vec<WorkResult>, CollectionError> {
    let earlier: Vec<Option<Record>> =
        items.iter().map(|(item, _)| earlier(item, records)).collect();
    let order = largest_first(items, &earlier);
    reporter.event(Event::Begin { phase: "build", total: order.len() as u64 });
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(order.len())));
    let work = || {
        while interrupted().is_none()
            && let Some(&at) = order.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let folder = workshop.folder.join(at.to_string());
            let job = WorkTools { folder: &folder, ..*workshop };
            let answer = work_on(&items[at], &job, records, reporter);
            answers.lock().unwrap_or_else(PoisonError::into_inner).push((at, answer));
            reporter.event(Event::Advance { phase: "build", by: 1 });
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(order.len()) {
            scope.spawn(work);
        }
        work();
    });

    if interrupted().is_some() {
        return Err(CollectionError::Interrupted);
    }
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut new: BTreeMap<usize, Result<Record, CollectionError>> = answers.into_iter().collect();
    let done = earlier.into_iter().enumerate().filter_map(|(at, earlier)| match new.remove(&at) {
        Some(answer) => Some(answer.map(|record| WorkResult { record, is_new: true })),
        None => earlier.map(|record| Ok(WorkResult { record, is_new: false })),
    });
    let done: Vec<WorkResult> = done.collect::<Result<_, _>>()?;
    let built = done.iter().filter(|done| done.is_new && done.record.is_built()).count();
    let line = match items.len() - order.len() {
        0 => format!("{built} of {} built", counted(items.len(), "package")),
        unchanged => {
            format!("{built} of {} built, {unchanged} unchanged", counted(items.len(), "package"))
        }
    };
    reporter.event(Event::End { phase: "build", line: &line });
    Ok(done)
}

/// Returns the earlier build with the same key, if it has the release that is wanted now.
fn earlier(item: &Item, records: &Records<'_>) -> Option<Record> {
    // The user's own recipe states its release itself.
    let has_release =
        |entry: &PackageEntry| item.own_recipe || entry.evr.release == item.native.release;
    records.built(&item.key).filter(|record| record.entry().is_some_and(has_release))
}

/// The positions of what has to be built, by the size of the wheels; equal ones keep their order.
fn largest_first(items: &[(Item, &PackageFiles)], earlier: &[Option<Record>]) -> Vec<usize> {
    let size = |at: &usize| fs::metadata(&items[*at].1.wheel).map_or(0, |found| found.len());
    let mut order: Vec<usize> = (0..items.len()).filter(|at| earlier[*at].is_none()).collect();
    order.sort_by_cached_key(|at| std::cmp::Reverse(size(at)));
    order
}

/// Builds one package in a folder of its own, which is gone afterwards.
fn work_on(
    (item, files): &(Item, &PackageFiles),
    workshop: &WorkTools<'_>,
    records: &Records<'_>,
    reporter: &dyn Reporter,
) -> Result<Record, CollectionError> {
    let WorkTools { builder, format, folder } = *workshop;
    let job = &item.job(files);
    let failed = |stage, error: &dyn std::error::Error| {
        let failure = FailureRecord::new(&job.plan.project, &job.plan.release, stage, error);
        records.fail(&item.key, failure)
    };
    let built = fs::create_dir(folder)
        .map_err(BuildError::at("create the folder", folder))
        .and_then(|()| builder.build(job, folder, reporter));
    let record = match built {
        Ok(package) => format
            .repository()
            .read(&package.path)
            .map_err(CollectionError::from)
            .and_then(|entry| {
                check(job, &entry).map_err(|reason| PackageError::Package {
                    path: package.path.clone(),
                    reason,
                })?;
                let drift = drift(job.native, &entry, &package.path, format)?;
                let BuildJob { plan, recipe, own_recipe, .. } = *job;
                let described = Described { plan, recipe, own_recipe, entry, drift };
                records.keep(&item.key, &package, described)
            })
            .or_else(|error| failed(Stage::Collect, &error)),
        Err(error) => failed(Stage::Build, &error),
    };
    // What stays goes with the staging folder.
    let _ = fs::remove_dir_all(folder);
    record
}

/// Compares what a package says of itself, as its format's reader understands it, with what was planned.
///
/// # Errors
/// The first difference. A recipe that the user changed says itself what its package is.
fn check(job: &BuildJob<'_>, entry: &PackageEntry) -> Result<(), String> {
    if job.own_recipe {
        return Ok(());
    }
    let native = job.native;
    let planned = Evr {
        epoch: native.epoch.unwrap_or_default(),
        version: native.version.clone(),
        release: native.release.clone(),
    };
    let differs = |what: &str, found: &str, wanted: &str| {
        Err(format!("its {what} is `{}`, and `{wanted}` was planned", found.escape_debug()))
    };
    if entry.package != native.name {
        return differs("name", &entry.package, &native.name);
    }
    if entry.evr != planned {
        return differs("version", &entry.evr.to_string(), &planned.to_string());
    }
    if entry.architecture != native.architecture {
        return differs("architecture", &entry.architecture, &native.architecture);
    }
    let found: BTreeSet<&str> = entry.paths().iter().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = job.plan.files.iter().map(|file| file.path.as_str()).collect();
    let is_compared = job.plan.from_source.is_none() && !found.is_empty();
    match found.symmetric_difference(&wanted).next().filter(|_| is_compared) {
        None => Ok(()),
        Some(path) if found.contains(path) => {
            Err(format!("it installs `{}`, which was not planned", path.escape_debug()))
        }
        Some(path) => Err(format!("it does not install `{}`", path.escape_debug())),
    }
}

#[cfg(test)]
mod tests;
