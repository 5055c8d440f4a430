//! From pins to planned and rendered packages.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use rayon::prelude::*;
use url::Url;

use crate::{
    base::{report::Event, text::counted},
    collection::{FailureRecord, Stage},
    index::Index,
    plan::PackagePlan,
    planner::{self, Others, Policy, SourceLocation, Subject},
    python::{
        artifact::{ExtraName, FileKind, ProjectName, ReleaseFile},
        requirements::{ExternalRequirement, RootRequirement},
    },
    resolve::Pin,
    wheels::{Sdist, SdistError, Wheel, bytecode::Compiler},
};

use super::{
    BuildingIndex, Context, PipelineError, Renderer, Requested,
    byte_code::{compile, compiler},
    conflicts,
    distro::{self, Decided},
    licence,
    neighbours::neighbours,
    package::PackageFiles,
    render::{Ready, ReadyPackages},
    sdists::as_resolved,
};

pub(super) fn prepare(
    run: &Context,
    index: &BuildingIndex<'_>,
    requested: &Requested,
    decided: &Decided,
    words: &Renderer<'_>,
) -> Result<ReadyPackages, PipelineError> {
    let Decided { resolution, distribution, naming, .. } = decided;
    let repository = decided.repository.as_ref();
    let mut policy = run.policy(resolution, naming)?;
    if let Some(repository) = repository {
        let taken = distro::taken_names(run, repository, resolution, &policy.naming);
        policy.to_mut().naming.taken = taken;
        policy.to_mut().owned_commands = distro::owned_commands(run, repository);
    }
    for (project, additions) in run.additions() {
        let added = &additions.overrides.rules;
        if !added.is_empty() {
            let own = policy.to_mut().file_rules.entry(project.clone()).or_default();
            *own = added.over(own);
        }
    }
    let pins = resolution.pins.iter();
    let releases = pins.map(|(project, pin)| (project, &pin.version)).collect();
    let versions = words.format.versions(releases)?;
    let neighbours = neighbours(run, resolution, &policy, repository)?;
    let left: BTreeMap<ProjectName, String> =
        distribution.iter().map(|record| (record.project.clone(), record.to_string())).collect();
    let pins: Vec<&Pin> = resolution.pins.values().collect();
    let fetched = fetch(run, index, &pins);
    let inspected: Vec<Result<Inspected<'_>, FailureRecord>> = pins
        .par_iter()
        .zip(fetched)
        .map(|(pin, fetched)| inspect(run, index, pin, fetched?))
        .collect();
    let libraries = libraries(
        inspected.iter().filter_map(|one| one.as_ref().ok()),
        &run.target().architecture.machine,
    );
    let format = &*words.format;
    let others =
        Others { neighbours: &neighbours, left: &left, libraries: &libraries, repository, format };
    let results: Vec<_> = inspected
        .into_par_iter()
        .map(|one| plan((run, index), requested, (one?, &versions), &others, &policy))
        .collect();
    let (mut planned, mut failures) = sorted_out(results);
    failures.extend(run.change_plans(&mut planned)?);
    let compiler = compiler(run)?;
    conflicts::settle(run, &mut planned, compiler.is_some())?;
    let completed: Vec<_> = planned
        .into_par_iter()
        .map(|(plan, material)| complete(run, compiler.as_ref(), plan, material))
        .collect();
    let (mut ready, failed) = sorted_out(completed);
    ready.sort_by(|a: &Ready, b: &Ready| a.plan.project.cmp(&b.plan.project));
    failures.extend(failed);
    Ok(ReadyPackages { ready, failures, distribution: distribution.to_vec() })
}

/// Separates results from failures.
pub(super) fn sorted_out<T>(
    results: Vec<Result<T, FailureRecord>>,
) -> (Vec<T>, Vec<FailureRecord>) {
    let (mut good, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => good.push(one),
            Err(failure) => failures.push(failure),
        }
    }
    (good, failures)
}

/// A plan and what it is of.
pub(super) type Planned = (PackagePlan, PackageFiles);

fn fetch(run: &Context, index: &dyn Index, pins: &[&Pin]) -> Vec<Result<PathBuf, FailureRecord>> {
    let files: Vec<ReleaseFile> = pins.iter().map(|pin| pin.file.clone()).collect();
    let total = files.iter().filter_map(|file| file.size).sum();
    run.reporter().event(Event::Begin { phase: "fetch", total });
    let progress = |_: usize, by: u64| run.reporter().event(Event::Advance { phase: "fetch", by });
    let paths = index.fetch(&files, &progress);
    let fetched = paths.iter().filter(|path| path.is_ok()).count();
    let line = format!("{fetched} of {} fetched", counted(files.len(), "file"));
    run.reporter().event(Event::End { phase: "fetch", line: &line });
    let failed = |pin: &&Pin, error| failure(pin, Stage::Fetch, &error);
    paths.into_iter().zip(pins).map(|(path, pin)| path.map_err(|e| failed(pin, e))).collect()
}

/// A fetched file and the wheel that it is or was built into.
struct Inspected<'r> {
    pin: &'r Pin,
    file: ReleaseFile,
    source: PathBuf,
    wheel: Wheel,
}

/// The shared libraries that wheels contain, and which project each is of.
fn libraries<'r>(
    inspected: impl Iterator<Item = &'r Inspected<'r>>,
    machine: &str,
) -> BTreeMap<String, ProjectName> {
    let mut libraries = BTreeMap::new();
    for Inspected { pin, wheel, .. } in inspected {
        for elf in wheel.native_code(machine) {
            let names = [elf.soname.as_deref(), elf.member.rsplit('/').next()];
            for name in names.into_iter().flatten().filter(|name| name.starts_with("lib")) {
                libraries.entry(name.to_owned()).or_insert_with(|| pin.project.clone());
            }
        }
    }
    libraries
}

/// One project from its file to what is in its wheel.
fn inspect<'r>(
    run: &Context,
    index: &BuildingIndex<'_>,
    pin: &'r Pin,
    fetched: PathBuf,
) -> Result<Inspected<'r>, FailureRecord> {
    let (file, source) = with_hash(run, index, pin, fetched)?;
    let path = match file.kind {
        FileKind::Wheel(_) => source.clone(),
        FileKind::Sdist(_) => {
            let failed =
                |e: SdistError| failure(pin, Stage::Build, &e).with_hint(e.hint.as_deref());
            index.wheel_of(&file, &source).map_err(failed)?
        }
    };
    let wheel = Wheel::inspect_within(&path, &pin.project, &run.settings().limits.archives)
        .map_err(|e| failure(pin, Stage::Inspect, &e))?;
    as_resolved(run, pin, &wheel).map_err(|e| failure(pin, Stage::Inspect, &e))?;
    Ok(Inspected { pin, file, source, wheel })
}

/// One project from its wheel to its plan.
fn plan(
    (run, index): (&Context, &BuildingIndex<'_>),
    requested: &Requested,
    (inspected, versions): (Inspected<'_>, &BTreeMap<ProjectName, String>),
    others: &Others<'_>,
    policy: &Policy,
) -> Result<Planned, FailureRecord> {
    let Inspected { pin, file, source, wheel } = inspected;
    let fail = |error: &dyn std::error::Error| failure(pin, Stage::Plan, error);
    let extras = requested_extras(requested, pin);
    let is_requested = |root: &RootRequirement| root.requirement.name == pin.project;
    let external: &[ExternalRequirement] = if requested.requirements.roots.iter().any(is_requested)
    {
        &requested.requirements.external
    } else {
        &[]
    };
    let sdist = match file.kind {
        FileKind::Wheel(_) => None,
        FileKind::Sdist(_) => {
            let sdist = Sdist::inspect(&source, &file.filename);
            let mut sdist = sdist.map_err(|e| failure(pin, Stage::Inspect, &e))?;
            sdist.requires.extend_from_slice(run.build_requires(Some(&pin.project)));
            Some(sdist)
        }
    };
    let stated = sdist.as_ref().map(|sdist| sdist.external.as_slice()).unwrap_or_default();
    let is_rebuilt = sdist.is_some() && run.leaves_builds_to_target();
    let subject = Subject {
        wheel: &wheel,
        file: &file,
        extras: &extras,
        external,
        stated,
        licence: licence::licence(index, &wheel, (&file, &source), policy),
        version: versions.get(&pin.project).map_or("", String::as_str),
        origin: requested.origins.get(&pin.project),
        is_rebuilt,
    };
    let mut plan = planner::plan(&subject, run.target(), others, policy)
        .map_err(|e| fail(&e).with_hint(e.hint().as_deref()))?;
    for note in &plan.notes {
        run.reporter().event(Event::Detail(&format!("{}: {note}", plan.project)));
    }
    let from_source = sdist.as_ref().map(|sdist| {
        let place = SourceLocation { sdist, releases_page: run.releases_page(&pin.project) };
        planner::from_source(&subject, &plan, place, run.target(), others, policy)
    });
    let from_source = from_source.transpose().map_err(|e| fail(&e))?.flatten();
    if is_rebuilt {
        plan.from_source.clone_from(&from_source);
    }
    let material = PackageFiles {
        wheel: wheel.path.clone(),
        further_wheels: Vec::new(),
        source,
        from_source,
        byte_code: None,
        further: Vec::new(),
    };
    Ok((plan, material))
}

/// What the user adds, and byte code.
pub(super) fn complete(
    run: &Context,
    compiler: Option<&Compiler<'_>>,
    mut plan: PackagePlan,
    mut material: PackageFiles,
) -> Result<Ready, FailureRecord> {
    let additions = run.additions().get(&plan.project);
    let planned = additions.map(|additions| {
        let planned = Box::new(plan.clone());
        additions.apply(&mut plan, run.target().python.site_of(&planned));
        planned
    });
    if plan.from_source.is_none() {
        material.byte_code = compile(run, compiler, &mut plan, &material.wheel)?;
    }
    Ok(Ready { plan, planned, material })
}

/// The file with its hash: where the index states none, that of what arrived.
fn with_hash(
    run: &Context,
    index: &BuildingIndex<'_>,
    pin: &Pin,
    fetched: PathBuf,
) -> Result<(ReleaseFile, PathBuf), FailureRecord> {
    let mut file = pin.file.clone();
    if file.hashes.is_empty()
        && let Ok(url) = Url::from_file_path(&fetched)
    {
        let hashed = index.download(&url, &file.hashes);
        file.hashes = hashed.map_err(|e| failure(pin, Stage::Fetch, &e))?.1;
        run.reporter().event(Event::Warning(&format!(
            "the index states no hash of `{}`: it was not verified",
            file.filename
        )));
    }
    Ok((file, fetched))
}

/// The extras that people asked for. Those that other projects ask for are inlined there.
fn requested_extras(requested: &Requested, pin: &Pin) -> Vec<ExtraName> {
    let roots = requested.requirements.roots.iter().map(|root| &root.requirement);
    let own = roots.filter(|requirement| requirement.name == pin.project);
    let extras: BTreeSet<ExtraName> = own.flat_map(|own| own.extras.iter().cloned()).collect();
    extras.into_iter().collect()
}

fn failure(pin: &Pin, stage: Stage, error: &dyn std::error::Error) -> FailureRecord {
    FailureRecord::new(&pin.project, &pin.version, stage, error)
}
