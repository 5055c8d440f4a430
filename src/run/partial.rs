//! Resolving what can be resolved: one project that fails does not end a run.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::MarkerEnvironment;

use crate::{
    collection::{FailureRecord, Stage},
    index::IndexError,
    python::{artifact::ProjectName, metadata::evaluate},
    resolve::{Pin, RequiredBy, Resolution, ResolveError, ResolveOptions},
};

use super::{BuildingIndex, Context, PipelineError, Prepared, Requested};

/// A resolution, and the projects that are not in it because they failed.
pub struct PartialResolution {
    pub resolution: Resolution,
    pub failures: Vec<FailureRecord>,
}

impl Prepared {
    /// The same with failures of earlier stages.
    #[must_use]
    pub fn after(mut self, failures: Vec<FailureRecord>) -> Self {
        self.failures.extend(failures);
        self.failures.sort_by(|a, b| a.project.cmp(&b.project));
        self
    }
}

impl Context {
    /// Resolves the requirements for the target. Where the settings let a run go on, projects that
    /// the index does not know, that cannot be fetched or built, and all that requires them, become
    /// failures; the rest is resolved without them.
    ///
    /// # Errors
    /// Requirements that have no solution, an index that does not answer, nothing that is left.
    pub fn resolve_partly(
        &self,
        index: &BuildingIndex<'_>,
        requested: &Requested,
    ) -> Result<PartialResolution, PipelineError> {
        let (user, environment) = (self.resolve_options(), self.environment());
        let mut failed: BTreeMap<ProjectName, FailureRecord> =
            requested.failures.iter().map(|f| (f.project.clone(), f.clone())).collect();
        let mut first = None;
        loop {
            let mut options = user.clone();
            options.excluded.extend(failed.keys().cloned());
            let resolved = self.resolve_with(
                &requested.requirements,
                &options,
                index,
                &environment,
                self.reporter(),
            );
            let error = match resolved {
                Ok(resolution) => {
                    let left = without(resolution, &mut failed, &user, &environment.markers);
                    return match (left.pins.is_empty(), first) {
                        (true, Some(error)) => Err(error),
                        _ => Ok(PartialResolution {
                            resolution: left,
                            failures: failed.into_values().collect(),
                        }),
                    };
                }
                Err(error) => error,
            };
            let blamed = if self.settings().keep_going { blamed(&error) } else { Vec::new() };
            let known = failed.len();
            for failure in blamed {
                failed.entry(failure.project.clone()).or_insert(failure);
            }
            if failed.len() == known {
                return Err(error);
            }
            first.get_or_insert(error);
        }
    }
}

/// The projects that an error is about, where it is about single ones.
fn blamed(error: &PipelineError) -> Vec<FailureRecord> {
    let PipelineError::Resolve(error) = error else { return Vec::new() };
    let failure = |project: &ProjectName, stage, error: &ResolveError| {
        let hints = error.hints().join("\n");
        let hint = Some(hints.as_str()).filter(|hint| !hint.is_empty());
        FailureRecord::of_project(project, stage, error).with_hint(hint)
    };
    match error {
        ResolveError::UnknownProject { project, .. }
        | ResolveError::MetadataNotStatic { project, .. } => {
            vec![failure(project, Stage::Resolve, error)]
        }
        ResolveError::Index { project, error: cause } => {
            let (stage, hint) = match &**cause {
                IndexError::NotBuilt { hint, .. } => (Stage::Build, hint.as_deref()),
                IndexError::Status { .. }
                | IndexError::Transfer { .. }
                | IndexError::Hash { .. }
                | IndexError::Local(_) => (Stage::Fetch, None),
                IndexError::Page { .. }
                | IndexError::Quarantined { .. }
                | IndexError::Metadata { .. }
                | IndexError::Differs { .. }
                | IndexError::MetadataNotStatic { .. } => (Stage::Resolve, None),
                // These are about all projects.
                IndexError::Unreachable { .. }
                | IndexError::Untrusted { .. }
                | IndexError::Insecure { .. }
                | IndexError::Offline { .. }
                | IndexError::Address { .. }
                | IndexError::Setup { .. } => return Vec::new(),
            };
            vec![FailureRecord::of_project(project, stage, &**cause).with_hint(hint)]
        }
        ResolveError::Unsatisfiable { unknown, .. } => {
            let unknown = unknown.iter().map(|(project, required_by)| {
                let (project, required_by) = (project.clone(), required_by.clone());
                let error = ResolveError::UnknownProject { project, required_by };
                blamed(&error.into())
            });
            unknown.flatten().collect()
        }
        ResolveError::NoHash { .. } | ResolveError::Lock { .. } | ResolveError::Limit { .. } => {
            Vec::new()
        }
    }
}

/// The pins of which nothing that they need has failed, and that is still required; the others
/// that need something that has failed become failures.
fn without(
    mut resolution: Resolution,
    failed: &mut BTreeMap<ProjectName, FailureRecord>,
    options: &ResolveOptions,
    markers: &MarkerEnvironment,
) -> Resolution {
    if failed.is_empty() {
        return resolution;
    }
    loop {
        let pins = resolution.pins.values();
        let failures: Vec<FailureRecord> =
            pins.filter_map(|pin| needing(pin, failed, options, markers)).collect();
        if failures.is_empty() {
            break;
        }
        for failure in failures {
            resolution.pins.remove(&failure.project);
            failed.insert(failure.project.clone(), failure);
        }
    }
    let needed = needed(&resolution.pins);
    resolution.pins.retain(|project, _| needed.contains(project));
    for pin in resolution.pins.values_mut() {
        pin.required_by.retain(|by| match by {
            RequiredBy::Root { .. } => true,
            RequiredBy::Project { name, .. } => needed.contains(name),
        });
    }
    resolution
}

/// The failure of a pin that requires something that has failed.
fn needing(
    pin: &Pin,
    failed: &BTreeMap<ProjectName, FailureRecord>,
    options: &ResolveOptions,
    markers: &MarkerEnvironment,
) -> Option<FailureRecord> {
    if options.no_deps {
        return None;
    }
    let requirement = pin.metadata.requires_dist.iter().find(|requirement| {
        failed.contains_key(&requirement.name)
            && !options.excluded.contains(&requirement.name)
            && evaluate(&requirement.marker, markers, &pin.extras)
    })?;
    let error = PipelineError::NeedsFailed { requirement: requirement.to_string() };
    Some(FailureRecord::new(&pin.project, &pin.version, Stage::Resolve, &error))
}

/// The projects that the roots need, themselves or through others.
fn needed(pins: &BTreeMap<ProjectName, Pin>) -> BTreeSet<ProjectName> {
    let is_root = |by: &RequiredBy| matches!(by, RequiredBy::Root { .. });
    let roots = pins.values().filter(|pin| pin.required_by.iter().any(is_root));
    let mut needed: BTreeSet<ProjectName> = roots.map(|pin| pin.project.clone()).collect();
    loop {
        let is_needed = |by: &RequiredBy| match by {
            RequiredBy::Root { .. } => true,
            RequiredBy::Project { name, .. } => needed.contains(name),
        };
        let further: Vec<ProjectName> = pins
            .values()
            .filter(|pin| !needed.contains(&pin.project) && pin.required_by.iter().any(is_needed))
            .map(|pin| pin.project.clone())
            .collect();
        if further.is_empty() {
            return needed;
        }
        needed.extend(further);
    }
}
