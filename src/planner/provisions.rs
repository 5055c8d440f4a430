//! What a package provides beside its own name, and what it replaces.

use crate::{
    base::text::OneLine,
    distro::targets::Target,
    plan::relation::{Capability, CapabilityName, Relation, Strength},
    wheels::Wheel,
};

use super::{Others, PlanError, Policy, naming};

/// Why a package stands for one of another name.
const OTHER_NAME: &str = "what the distribution calls this package";

/// What the package provides beside its own name, and what it replaces.
///
/// # Errors
/// The target's own names for it are none that a package may have.
pub(super) fn provisions(
    wheel: &Wheel,
    package: &str,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Result<Vec<Relation>, PlanError> {
    let metadata = &wheel.metadata;
    let own = |strength, name: String, origin: &str| -> Result<Relation, PlanError> {
        let own_version = strength == Strength::Provides || origin == OTHER_NAME;
        Ok(Relation {
            strength,
            capability: Capability::Package { name: CapabilityName::parse(&name)?, own_version },
            origin: OneLine::new(origin),
        })
    };
    let mut relations = vec![Relation {
        strength: Strength::Provides,
        capability: Capability::Dist {
            project: metadata.name.clone(),
            version: metadata.version.clone(),
        },
        origin: OneLine::new(&format!("Name: {}", metadata.raw_name)),
    }];
    let conventional = naming::distribution_name(&metadata.name, target, &policy.naming);
    if target.isolation.is_some() {
        // What is in a tree of its own is nothing that others could use.
    } else if package == conventional {
        let mut aliases = naming::aliases(&metadata.name, package, target, others);
        let known = others.repository.map(|repository| {
            naming::names_in_repository(&metadata.name, package, target, repository)
        });
        for name in known.into_iter().flatten() {
            aliases.remove(name);
            relations.push(own(Strength::Provides, name.to_owned(), OTHER_NAME)?);
            relations.push(own(Strength::Replaces, name.to_owned(), OTHER_NAME)?);
        }
        for alias in aliases {
            relations.push(own(Strength::Provides, alias, "the target's alias for this package")?);
        }
    } else if !target.naming.is_taken(&conventional, &metadata.name) {
        // Both install into the same folder: they cannot be on one system together.
        let origin = "the distribution's name for this project";
        relations.push(own(Strength::Provides, conventional.clone(), origin)?);
        relations.push(own(Strength::Conflicts, conventional.clone(), origin)?);
        if target.layout.replaces_renamed {
            relations.push(own(Strength::Replaces, conventional, origin)?);
        }
    }
    Ok(relations)
}
