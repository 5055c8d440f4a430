//! What a package needs from the system beside the libraries of its native code.

use crate::{
    base::text::OneLine,
    distro::{
        hints::{self, Need, ResolvedHint, When},
        targets::Target,
    },
    plan::relation::{Capability, CapabilityName, Relation, Strength},
    python::requirements::ExternalRequirement,
};

use super::{Others, PlanError, Policy, Subject, questions, relations::ExternalRelations};

/// Relations for what the project states, what tables and the user know of it, and what an
/// application that requires it names; notes for what is unknown.
///
/// # Errors
/// An unknown hint, if the policy is strict.
pub(super) fn needs(
    subject: &Subject<'_>,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Result<ExternalRelations, PlanError> {
    let mut outside = ExternalRelations::default();
    let mut unknown = Vec::new();
    let metadata = &subject.wheel.metadata;
    for need in hints::of_project(&metadata.name, target, &policy.hints) {
        outside.add(&need, subject);
    }
    for StatedNeed { when, text, by, origin } in stated(subject) {
        match resolve(text, when, target, others, policy) {
            None => {}
            Some(ResolvedHint::Packages(packages)) => {
                let (development, rest) = packages.into_iter().partition(hints::is_development);
                outside.add(&Need { when, packages: rest, origin: origin.clone() }, subject);
                outside.add(&Need { when: When::Build, packages: development, origin }, subject);
            }
            Some(ResolvedHint::Unknown { .. }) if policy.strict_hints => {
                unknown.push(format!("`{}`", text.escape_debug()));
            }
            Some(ResolvedHint::Unknown { candidates }) => {
                outside.open.push(questions::hint(text, &by, &candidates));
            }
        }
    }
    if unknown.is_empty() {
        Ok(outside)
    } else {
        Err(PlanError::Hint { project: metadata.name.clone(), hints: unknown.join(", ") })
    }
}

/// A need as it was stated.
pub(super) struct StatedNeed<'s> {
    pub when: When,
    pub text: &'s str,
    /// Who states it.
    by: String,
    /// For the reviewer.
    pub origin: String,
}

/// What the project, and applications that require it, state that it needs.
pub(super) fn stated<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = StatedNeed<'s>> {
    let metadata = &subject.wheel.metadata;
    let fields = metadata.requires_external.iter().map(|text| (When::Run, text.as_str()));
    let tables = subject.stated.iter().map(|(when, text)| (*when, text.as_str()));
    let own = fields.chain(tables).map(|(when, text)| StatedNeed {
        when,
        text,
        by: "the project".to_owned(),
        origin: format!("the project states `{}`", text.escape_debug()),
    });
    let asked = subject.external.iter().map(|ExternalRequirement { text, origin }| StatedNeed {
        when: When::Run,
        text,
        by: origin.to_string(),
        origin: origin.to_string(),
    });
    own.chain(asked)
}

/// What a need stands for: as users and tables know it, else the very package that the distribution is
/// known to have.
pub(super) fn resolve(
    text: &str,
    when: When,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Option<ResolvedHint> {
    let resolved = hints::resolve(text, when, target, &policy.hints)?;
    let name = text.split([';', ' ']).next().unwrap_or_default();
    let is_listed = target.naming.versions.contains_key(name)
        || others.repository.is_some_and(|repository| repository.has_name(name));
    match (&resolved, CapabilityName::parse(name)) {
        (ResolvedHint::Unknown { .. }, Ok(package)) if is_listed => {
            Some(ResolvedHint::Packages(vec![package]))
        }
        _ => Some(resolved),
    }
}

impl ExternalRelations {
    fn add(&mut self, need: &Need, subject: &Subject<'_>) {
        let strength = match need.when {
            When::Run => Strength::Requires,
            When::Recommend => Strength::Recommends,
            When::Build => {
                if subject.wheel.built_here && !need.packages.is_empty() {
                    let packages =
                        need.packages.iter().map(|name| &**name).collect::<Vec<_>>().join(", ");
                    let note = format!("is built with {packages} ({})", need.origin);
                    self.notes.push(OneLine::new(&note));
                }
                return;
            }
        };
        for package in &need.packages {
            let capability = Capability::Package { name: package.clone(), own_version: false };
            let is_known = |known: &Relation| known.capability == capability;
            if !self.relations.iter().any(is_known) {
                let origin = OneLine::new(&need.origin);
                self.relations.push(Relation { strength, capability, origin });
            }
        }
    }
}
