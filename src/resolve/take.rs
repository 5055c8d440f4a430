//! Locked releases: nothing is searched, everything is checked.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::VersionOrUrl;

use super::{
    Environment, Pin, Resolution, ResolveError, ResolveOptions, outcome,
    releases::{ReleaseList, specifiers},
};
use crate::{
    base::{
        report::{Event, Reporter},
        text::counted,
    },
    index::{Index, IndexError},
    python::{
        artifact::{ExtraName, ProjectName},
        metadata::{Requirement, satisfies},
        requirements::{Requirements, RootRequirement},
    },
};

/// Returns the releases that a lock file pins, each with its best file.
///
/// # Errors
/// All problems at once: a release without a file for the target or with one of the hashes, a
/// requirement that no locked release satisfies. An index that fails.
pub fn take(
    requirements: &Requirements,
    index: &dyn Index,
    environment: &Environment,
    options: &ResolveOptions,
    reporter: &dyn Reporter,
) -> Result<Resolution, ResolveError> {
    let releases = ReleaseList::new(requirements, index, environment, options);
    reporter.event(Event::Begin { phase: "resolve", total: 0 });
    let names: Vec<ProjectName> =
        releases.roots.iter().map(|root| root.requirement.name.clone()).collect();
    index.prefetch_projects(&names);
    let mut problems = Vec::new();
    let mut pins = choose(&releases, &mut problems)?;
    spread_extras(&releases, &mut pins);
    check(&releases, &pins, &mut problems);
    if !problems.is_empty() {
        return Err(ResolveError::Lock { problems });
    }
    outcome::add_requirers(&releases, &mut pins);
    let resolution = Resolution { pins };
    for warning in outcome::warnings(&releases, &resolution) {
        reporter.event(Event::Warning(&warning));
    }
    let line = format!("{} taken", counted(resolution.pins.len(), "locked project"));
    reporter.event(Event::End { phase: "resolve", line: &line });
    Ok(resolution)
}

/// Returns the best file of each locked release, and its metadata.
fn choose(
    releases: &ReleaseList<'_>,
    problems: &mut Vec<String>,
) -> Result<BTreeMap<ProjectName, Pin>, ResolveError> {
    let mut chosen = BTreeMap::new();
    for root in &releases.roots {
        let name = &root.requirement.name;
        let candidates = releases.candidates(name)?;
        let fitting = candidates.matching(&specifiers(&root.requirement));
        match releases.best(&candidates, &fitting) {
            Some((_, best)) if releases.lacks_hash(name) && best.file.hashes.is_empty() => {
                problems.push(format!("{}: `{name}` has no hash", root.origin));
            }
            Some((_, best)) => {
                chosen.insert(name.clone(), (best.version.clone(), best.file.clone()));
            }
            None => problems.push(unusable(releases, root)?),
        }
    }
    let files: Vec<_> = chosen.values().map(|(_, file)| file.clone()).collect();
    releases.index.prefetch_metadata(&files);
    let mut pins = BTreeMap::new();
    for (project, (version, file)) in chosen {
        let metadata = match releases.metadata(&file) {
            Ok(metadata) => metadata,
            Err(IndexError::Metadata { problem, .. }) => {
                problems.push(format!("`{project} {version}` has unusable metadata: {problem}"));
                continue;
            }
            Err(error @ IndexError::MetadataNotStatic { .. }) => {
                problems.push(error.to_string());
                continue;
            }
            Err(error) => return Err(ResolveError::Index { project, error: Box::new(error) }),
        };
        let has = &releases.environment.python;
        if let Some(python) = metadata.requires_python.as_ref().filter(|p| !satisfies(has, p)) {
            let text = format!("needs Python {python} (the target has {has})");
            problems.push(format!("`{project} {version}` {text}"));
        }
        let extras = releases.extras_of_roots(&project).to_vec();
        let required_by = Vec::new();
        let pin = Pin { project: project.clone(), version, file, extras, metadata, required_by };
        pins.insert(project, pin);
    }
    Ok(pins)
}

/// Returns why no file of a locked release can be used.
fn unusable(releases: &ReleaseList<'_>, root: &RootRequirement) -> Result<String, ResolveError> {
    let name = &root.requirement.name;
    let wanted = specifiers(&root.requirement);
    let candidates = releases.candidates(name)?;
    let mut rejected = candidates.rejected.iter();
    let reason = match rejected.find(|(version, _)| satisfies(version, &wanted)) {
        Some((version, why)) => format!("`{name} {version}` {why}"),
        None if !candidates.is_known => format!("the index does not have `{name}`"),
        None => format!("the index has no file of `{root}`"),
    };
    Ok(format!("{}: {reason}", root.origin))
}

/// Adds to each project the extras that the others request.
fn spread_extras(releases: &ReleaseList<'_>, pins: &mut BTreeMap<ProjectName, Pin>) {
    loop {
        let mut asked: BTreeSet<(ProjectName, ExtraName)> = BTreeSet::new();
        for pin in pins.values() {
            for required in releases.requires(&pin.metadata, &pin.extras) {
                asked.extend(required.extras.iter().map(|e| (required.name.clone(), e.clone())));
            }
        }
        let mut changed = false;
        for (project, extra) in asked {
            if let Some(pin) = pins.get_mut(&project)
                && let Err(at) = pin.extras.binary_search(&extra)
            {
                pin.extras.insert(at, extra);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Checks that a locked release satisfies every requirement: those that the lock was made for, and
/// the releases' own.
fn check(
    releases: &ReleaseList<'_>,
    pins: &BTreeMap<ProjectName, Pin>,
    problems: &mut Vec<String>,
) {
    let mut check = |by: String, required: &Requirement| {
        let is_locked = releases.roots.iter().any(|r| r.requirement.name == required.name);
        match pins.get(&required.name) {
            Some(met) if meets(met, required) => {}
            Some(other) => problems.push(format!("{by}, but {} is locked", other.version)),
            // Unusable locked releases have been reported.
            None if is_locked => {}
            None => problems.push(format!("{by}, but is not locked")),
        }
    };
    let excluded = &releases.options.excluded;
    let Requirements { asked, stated, .. } = releases.requirements;
    let asked = asked.iter().chain(stated.iter().filter(|root| !asked.contains(root)));
    for root in asked.filter(|root| !excluded.contains(&root.requirement.name)) {
        check(format!("{}: `{root}` is required", root.origin), &root.requirement);
    }
    for pin in pins.values() {
        for required in releases.requires(&pin.metadata, &pin.extras) {
            check(format!("`{} {}` requires `{required}`", pin.project, pin.version), required);
        }
    }
}

fn meets(pin: &Pin, requirement: &Requirement) -> bool {
    match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(wanted)) => satisfies(&pin.version, wanted),
        _ => true,
    }
}
