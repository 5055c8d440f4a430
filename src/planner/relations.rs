//! What a package relates to: its dependencies, what it provides, its interpreter and libraries.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::{Version, VersionSpecifiers};

use crate::{
    base::text::OneLine,
    distro::targets::Target,
    plan::{
        Open,
        relation::{Capability, Relation, Strength},
    },
    python::{
        artifact::{ExtraName, ProjectName},
        metadata::{self, CoreMetadata, Requirement},
    },
    wheels::Wheel,
};

use super::{Others, PlanError, Policy, naming, relax};

/// A project of the collection, as the others see it.
#[derive(Debug, Clone)]
pub struct Neighbour {
    /// The native package that has it.
    pub package: String,
    pub version: Version,
    /// What the distribution puts before the versions of its package of that name.
    pub epoch: u64,
    pub metadata: std::sync::Arc<CoreMetadata>,
}

/// All projects of the collection.
pub type Neighbours = BTreeMap<ProjectName, Neighbour>;

/// Relations with what is outside of Python, and what the user has to know or decide.
#[derive(Default)]
pub(super) struct ExternalRelations {
    pub relations: Vec<Relation>,
    pub notes: Vec<OneLine>,
    pub open: Vec<Open>,
}

/// The relations that come from the dependencies which apply on the target, with the requested
/// extras and those of the dependencies inlined.
///
/// # Errors
/// A name that is given for a dependency's package, and that no package may have.
pub(super) fn dependencies(
    wheel: &Wheel,
    extras: &[ExtraName],
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Result<Vec<Relation>, PlanError> {
    let mut walk = ExtraWalk {
        subject: &wheel.metadata.name,
        target,
        policy,
        markers: target.markers(),
        others,
        seen: BTreeSet::new(),
        relations: Vec::new(),
    };
    walk.add(&wheel.metadata, extras, "Requires-Dist")?;
    Ok(walk.relations)
}

struct ExtraWalk<'a> {
    subject: &'a ProjectName,
    target: &'a Target,
    policy: &'a Policy,
    markers: pep508_rs::MarkerEnvironment,
    others: &'a Others<'a>,
    /// Extras that are inlined already.
    seen: BTreeSet<(ProjectName, ExtraName)>,
    relations: Vec<Relation>,
}

impl ExtraWalk<'_> {
    /// Adds what `metadata` requires with and without the extras.
    fn add(
        &mut self,
        metadata: &CoreMetadata,
        extras: &[ExtraName],
        field: &str,
    ) -> Result<(), PlanError> {
        for requirement in &metadata.requires_dist {
            if metadata::evaluate(&requirement.marker, &self.markers, extras) {
                self.require(requirement, &format!("{field}: {requirement}"))?;
            }
        }
        Ok(())
    }

    /// Adds only what the extra requires beyond the project itself.
    fn add_extra(&mut self, project: &ProjectName, extra: &ExtraName) -> Result<(), PlanError> {
        if !self.seen.insert((project.clone(), extra.clone())) {
            return Ok(());
        }
        let neighbours = self.others.neighbours;
        let Some(neighbour) = neighbours.get(project) else { return Ok(()) };
        let extras = std::slice::from_ref(extra);
        for requirement in &neighbour.metadata.requires_dist {
            let marker = &requirement.marker;
            if metadata::evaluate(marker, &self.markers, extras)
                && !metadata::evaluate(marker, &self.markers, &[])
            {
                self.require(requirement, &format!("extra `{project}[{extra}]`: {requirement}"))?;
            }
        }
        Ok(())
    }

    fn require(&mut self, requirement: &Requirement, origin: &str) -> Result<(), PlanError> {
        let project = &requirement.name;
        if self.policy.ignored.contains(project) {
            return Ok(());
        }
        if project != self.subject {
            let relation =
                self::requirement(requirement, origin, self.target, self.others, self.policy);
            self.relations.push(relation?);
        }
        requirement.extras.iter().try_for_each(|extra| self.add_extra(project, extra))
    }
}

/// The versions that a requirement allows; all where it says nothing of them.
pub(super) fn specifiers(requirement: &Requirement) -> VersionSpecifiers {
    match &requirement.version_or_url {
        Some(pep508_rs::VersionOrUrl::VersionSpecifier(specifiers)) => specifiers.clone(),
        _ => VersionSpecifiers::empty(),
    }
}

/// The relation that a requirement becomes.
///
/// # Errors
/// The name that is given for its package is none that a package may have.
pub(super) fn requirement(
    requirement: &Requirement,
    origin: &str,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Result<Relation, PlanError> {
    let project = &requirement.name;
    // What was left out on purpose is expected of the distribution, under its own name.
    let neighbour = others.neighbours.get(project);
    let package = match (neighbour, policy.naming.names.get(project)) {
        (Some(neighbour), _) => neighbour.package.clone(),
        (None, Some(given)) => given.clone(),
        (None, None) => naming::distribution_name(project, target, &policy.naming),
    };
    let available = match neighbour {
        Some(_) => None,
        None => naming::available(&package, target, others.repository),
    };
    let specifiers = specifiers(requirement);
    let candidate = neighbour.map(|neighbour| neighbour.version.clone());
    let stated = policy.relax.applied(&specifiers, candidate.as_ref());
    // Where packages are required by their own versions, and it is not known how these are written,
    // no upper bound could be relied on.
    let format = others.format;
    let is_known = |version: &String| format.are_bounds_comparable(&package, version, &stated);
    let is_numbered = !format.requires_by_name()
        || neighbour.is_some()
        || available.as_ref().is_some_and(is_known);
    let (stated, unstated) = if is_numbered {
        (stated, VersionSpecifiers::empty())
    } else {
        relax::lower_bounds(&stated)
    };
    let left = others.left.get(project);
    let origin = left.map_or(origin.to_owned(), |reason| format!("{origin}: {reason}"));
    let package = naming::checked(project, package, target)?;
    let distributed = available.as_deref().map(crate::plan::epoch);
    Ok(Relation {
        strength: Strength::Requires,
        capability: Capability::Project {
            project: project.clone(),
            extras: requirement.extras.clone(),
            specifiers: stated,
            package,
            candidate,
            epoch: neighbour.map(|neighbour| neighbour.epoch).or(distributed).unwrap_or_default(),
            available,
            unstated,
        },
        origin: OneLine::new(&origin),
    })
}

/// The interpreter that the files are for.
pub(super) fn interpreter(wheel: &Wheel, target: &Target) -> Relation {
    let python_marker = wheel.metadata.requires_dist.iter().find(|requirement| {
        requirement.marker.try_to_string().is_some_and(|marker| marker.contains("python_"))
    });
    // Native code in a wheel for any platform is not an extension module of one version.
    let has_extension = wheel.platform_specific && !wheel.stable_abi;
    let is_isolated = target.isolation.is_some();
    let origin = match python_marker {
        _ if is_isolated => "the folder is this version's".to_owned(),
        _ if has_extension => "extension modules for this version only".to_owned(),
        Some(requirement) => format!("dependency chosen for this version: {requirement}"),
        None => match &wheel.metadata.requires_python {
            Some(specifiers) => format!("Requires-Python: {specifiers}"),
            None => "Python modules".to_owned(),
        },
    };
    Relation {
        strength: Strength::Requires,
        capability: Capability::Interpreter {
            version: target.python.version,
            exact: has_extension || is_isolated || python_marker.is_some(),
        },
        origin: OneLine::new(&origin),
    }
}
