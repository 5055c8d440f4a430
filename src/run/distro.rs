//! What the distribution already has is required, not built.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::VersionSpecifiers;
use pep508_rs::VersionOrUrl;

use super::{BuildingIndex, Context, PipelineError, Requested};
use crate::{
    base::{
        report::Event,
        text::{OneLine, counted},
    },
    collection::DistributionRecord,
    format::host::{self, PackageSet},
    planner::{self, NamingPolicy},
    python::{
        artifact::ProjectName,
        metadata::{Requirement, evaluate, parse_published_requirement},
    },
    resolve::{Pin, RequiredBy, Resolution},
    settings::PackageOrigin,
};

/// What of a resolution is built, and what the distribution has.
pub(super) struct Decided {
    pub resolution: Resolution,
    /// Sorted by project.
    pub distribution: Vec<DistributionRecord>,
    /// What the distribution has, where it was looked at.
    pub repository: Option<PackageSet>,
    /// How the projects of the whole resolution are named.
    pub naming: NamingPolicy,
}

/// Decides about every pin. What only the distribution's packages require is left to it, too.
pub(super) fn decide(
    run: &Context,
    index: &BuildingIndex<'_>,
    requested: &Requested,
    resolution: &Resolution,
) -> Result<Decided, PipelineError> {
    let settings = run.settings();
    let naming = run.naming(resolution);
    let constraints = constraints(run, requested);
    let mut repository: Option<PackageSet> = None;
    for address in &settings.satisfy_from {
        let opened = host::open(address, run.target(), index)?;
        match &mut repository {
            Some(known) => known.join(opened),
            None => repository = Some(opened),
        }
    }
    let mut taken: BTreeMap<ProjectName, DistributionRecord> = BTreeMap::new();
    let mut ignored: BTreeSet<&ProjectName> = BTreeSet::new();
    for pin in resolution.pins.values() {
        match settings.origins.get(&pin.project) {
            Some(PackageOrigin::Build) => {}
            Some(PackageOrigin::Ignore) => drop(ignored.insert(&pin.project)),
            Some(PackageOrigin::Distro) => {
                let found =
                    repository.as_ref().and_then(|r| provided(run, r, pin, &constraints, &naming));
                let record = found.unwrap_or_else(|| configured(run, pin, &naming));
                taken.insert(pin.project.clone(), record);
            }
            None => {
                let repository = repository.as_ref().filter(|_| !is_named(pin));
                if let Some(found) =
                    repository.and_then(|r| provided(run, r, pin, &constraints, &naming))
                {
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
        run.reporter().event(Event::Detail(&text));
    }
    if !distribution.is_empty() {
        run.reporter().event(Event::Begin { phase: "distribution", total: 0 });
        let line = format!("{} left to the distribution", counted(distribution.len(), "project"));
        run.reporter().event(Event::End { phase: "distribution", line: &line });
    }
    Ok(Decided { resolution: Resolution { pins }, distribution, repository, naming })
}

/// The constraints that apply on the target.
fn constraints<'i>(run: &Context, requested: &'i Requested) -> Vec<&'i Requirement> {
    let markers = run.target().markers();
    let all = requested.requirements.constraints.iter().map(|root| &root.requirement);
    all.filter(|constraint| evaluate(&constraint.marker, &markers, &[])).collect()
}

/// The names that a repository gives to something else than the projects which would get them.
pub(super) fn taken_names(
    run: &Context,
    repository: &PackageSet,
    resolution: &Resolution,
    naming: &NamingPolicy,
) -> BTreeMap<ProjectName, String> {
    let named = resolution
        .pins
        .keys()
        .map(|project| (project.clone(), planner::made_name(project, run.target(), naming)));
    named.filter(|(project, name)| repository.has_other(name, project, run.target())).collect()
}

/// The paths of commands that packages of a repository own; nothing where it does not tell any.
pub(super) fn owned_commands(run: &Context, repository: &PackageSet) -> Option<BTreeSet<String>> {
    let folder = &run.target().python.scripts;
    let paths = repository.packages.iter().flat_map(|package| package.paths());
    let commands = paths.filter(|path| path.rsplit_once('/').is_some_and(|(own, _)| own == folder));
    let commands: BTreeSet<String> = commands.cloned().collect();
    (!commands.is_empty()).then_some(commands)
}

/// What someone names on the command line is wanted as it is.
fn is_named(pin: &Pin) -> bool {
    let is_argument = |origin: &crate::python::requirements::RequirementOrigin| {
        *origin == crate::python::requirements::RequirementOrigin::CommandLine
    };
    pin.required_by
        .iter()
        .any(|by| matches!(by, RequiredBy::Root { origin, .. } if is_argument(origin)))
}

/// How the distribution satisfies everyone who requires a project, and the constraints.
fn provided(
    run: &Context,
    repository: &PackageSet,
    pin: &Pin,
    constraints: &[&Requirement],
    naming: &NamingPolicy,
) -> Option<DistributionRecord> {
    let mut specifiers: Vec<VersionSpecifiers> = Vec::new();
    for constraint in constraints.iter().filter(|constraint| constraint.name == pin.project) {
        match &constraint.version_or_url {
            Some(VersionOrUrl::VersionSpecifier(wanted)) => specifiers.push(wanted.clone()),
            Some(VersionOrUrl::Url(_)) => return None,
            None => {}
        }
    }
    for by in &pin.required_by {
        let (RequiredBy::Root { requirement, .. } | RequiredBy::Project { requirement, .. }) = by;
        match parse_published_requirement(requirement).ok()?.version_or_url {
            Some(VersionOrUrl::VersionSpecifier(wanted)) => specifiers.push(wanted),
            Some(VersionOrUrl::Url(_)) => return None,
            None => {}
        }
    }
    let package = planner::distribution_name(&pin.project, run.target(), naming);
    let found = repository.provision(&pin.project, &specifiers, &package, run.target())?;
    Some(DistributionRecord {
        project: pin.project.clone(),
        package: found.package,
        version: found.version,
        reason: OneLine::new(&repository.origin),
    })
}

/// What the configuration says that the distribution has.
fn configured(run: &Context, pin: &Pin, naming: &NamingPolicy) -> DistributionRecord {
    DistributionRecord {
        project: pin.project.clone(),
        package: planner::distribution_name(&pin.project, run.target(), naming),
        version: String::new(),
        reason: OneLine::new("the configuration"),
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
