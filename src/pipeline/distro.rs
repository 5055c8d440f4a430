//! What the distribution already has is required, not built.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::VersionSpecifiers;
use pep508_rs::VersionOrUrl;

use super::{BuildingIndex, Package, PipelineError, Run};
use crate::{
    artifact::ProjectName,
    collection::DistributionRecord,
    distribution::{self, Repository},
    metadata::parse_published_requirement,
    planner,
    report::Event,
    resolve::{Pin, RequiredBy, Resolution},
    settings::Origin,
    text::{OneLine, counted},
};

/// What of a resolution is built, and what the distribution has.
pub(super) struct Decided {
    pub resolution: Resolution,
    /// Sorted by project.
    pub distribution: Vec<DistributionRecord>,
    /// What the distribution has, where it was looked at.
    pub repository: Option<Repository>,
}

/// Packages that the distribution has in the same version: apt and dnf could take either.
pub(super) fn warn_of_doubles(run: &Run<'_>, repository: &Repository, packages: &[Package]) {
    for Package { plan, .. } in packages {
        let version = plan.evr.to_string();
        if repository.has(&plan.package, &version) {
            run.reporter.event(Event::Warning(&format!(
                "the distribution has `{}` {version}, too: give yours another `--release`, such \
                 as `1+acme1`",
                plan.package
            )));
        }
    }
}

/// Decides about every pin. What only the distribution's packages require is left to it, too.
pub(super) fn decide(
    run: &Run<'_>,
    index: &BuildingIndex<'_>,
    resolution: &Resolution,
) -> Result<Decided, PipelineError> {
    let settings = run.settings;
    let mut repository: Option<Repository> = None;
    for address in &settings.satisfy_from {
        let opened = distribution::open(address, run.target, index)?;
        match &mut repository {
            Some(known) => known.join(opened),
            None => repository = Some(opened),
        }
    }
    let mut taken: BTreeMap<ProjectName, DistributionRecord> = BTreeMap::new();
    let mut ignored: BTreeSet<&ProjectName> = BTreeSet::new();
    for pin in resolution.pins.values() {
        match settings.origins.get(&pin.project) {
            Some(Origin::Build) => {}
            Some(Origin::Ignore) => drop(ignored.insert(&pin.project)),
            Some(Origin::Distro) => {
                let found = repository.as_ref().and_then(|r| provided(run, r, pin));
                let configured = || record(run, pin, String::new(), "the configuration");
                taken.insert(pin.project.clone(), found.unwrap_or_else(configured));
            }
            None => {
                let repository = repository.as_ref().filter(|_| !is_named(pin));
                if let Some(found) = repository.and_then(|r| provided(run, r, pin)) {
                    taken.insert(pin.project.clone(), found);
                }
            }
        }
    }
    let needed =
        needed(resolution, |project| taken.contains_key(project) || ignored.contains(project));
    let is_built = |project: &ProjectName| {
        needed.contains(project) && !taken.contains_key(project) && !ignored.contains(project)
    };
    let pins = resolution.pins.iter().filter(|(project, _)| is_built(project));
    let pins = pins.map(|(project, pin)| (project.clone(), pin.clone())).collect();
    let distribution: Vec<_> =
        taken.into_values().filter(|record| needed.contains(&record.project)).collect();
    for record in &distribution {
        let DistributionRecord { project, package, version, reason } = record;
        let text = format!("{project}: {package} {version} of the distribution ({reason})");
        run.reporter.event(Event::Detail(&text));
    }
    if !distribution.is_empty() {
        run.reporter.event(Event::Begin { phase: "distribution", total: 0 });
        let line = format!("{} left to the distribution", counted(distribution.len(), "project"));
        run.reporter.event(Event::End { phase: "distribution", line: &line });
    }
    Ok(Decided { resolution: Resolution { pins }, distribution, repository })
}

/// What someone names on the command line is wanted as it is.
fn is_named(pin: &Pin) -> bool {
    let is_argument =
        |origin: &crate::requirements::Origin| *origin == crate::requirements::Origin::CommandLine;
    pin.required_by
        .iter()
        .any(|by| matches!(by, RequiredBy::Root { origin, .. } if is_argument(origin)))
}

/// How the distribution satisfies everyone who requires a project.
fn provided(run: &Run<'_>, repository: &Repository, pin: &Pin) -> Option<DistributionRecord> {
    let mut specifiers: Vec<VersionSpecifiers> = Vec::new();
    for by in &pin.required_by {
        let (RequiredBy::Root { requirement, .. } | RequiredBy::Project { requirement, .. }) = by;
        match parse_published_requirement(requirement).ok()?.version_or_url {
            Some(VersionOrUrl::VersionSpecifier(wanted)) => specifiers.push(wanted),
            Some(VersionOrUrl::Url(_)) => return None,
            None => {}
        }
    }
    let package = planner::distribution_name(&pin.project, run.target);
    let found = repository.provision(&pin.project, &specifiers, &package, run.target)?;
    let mut record = record(run, pin, found.version, &repository.origin);
    record.package = found.package;
    Some(record)
}

fn record(run: &Run<'_>, pin: &Pin, version: String, reason: &str) -> DistributionRecord {
    DistributionRecord {
        project: pin.project.clone(),
        package: planner::distribution_name(&pin.project, run.target),
        version,
        reason: OneLine::new(reason),
    }
}

/// The projects that are reached from those asked for without going through one that is not built.
fn needed(
    resolution: &Resolution,
    is_left: impl Fn(&ProjectName) -> bool,
) -> BTreeSet<ProjectName> {
    let mut requires: BTreeMap<&ProjectName, Vec<&ProjectName>> = BTreeMap::new();
    let mut pending: Vec<&ProjectName> = Vec::new();
    for pin in resolution.pins.values() {
        let mut is_asked = pin.required_by.is_empty();
        for by in &pin.required_by {
            match by {
                RequiredBy::Root { .. } => is_asked = true,
                RequiredBy::Project { name, .. } => {
                    requires.entry(name).or_default().push(&pin.project);
                }
            }
        }
        if is_asked {
            pending.push(&pin.project);
        }
    }
    let mut needed = BTreeSet::new();
    while let Some(project) = pending.pop() {
        if needed.insert(project.clone()) && !is_left(project) {
            pending.extend(requires.get(project).into_iter().flatten());
        }
    }
    needed
}
