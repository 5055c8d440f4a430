//! What a package needs from the system beside the libraries of its native code.

use crate::{
    hint::{self, Need, Resolved, When},
    relation::{Capability, Relation, Strength},
    requirements::External,
    target::Target,
    text::OneLine,
};

use super::{PlanError, Policy, Subject, naming, questions, relations::Outside};

/// Relations for what the project states, what tables and the user know of it, and what an
/// application that asks for it names; notes for what nobody knows.
///
/// # Errors
/// A hint that nobody knows, where the policy is strict.
pub fn needs(
    subject: &Subject<'_>,
    target: &Target,
    policy: &Policy,
) -> Result<Outside, PlanError> {
    let mut outside = Outside::default();
    let metadata = &subject.wheel.metadata;
    for need in hint::of_project(&metadata.name, target, &policy.hints) {
        outside.add(&need, subject);
    }
    let stated = metadata.requires_external.iter().map(|text| (When::Run, text.as_str()));
    let tables = subject.stated.iter().map(|(when, text)| (*when, text.as_str()));
    for (when, text) in stated.chain(tables) {
        let origin = format!("the project states `{text}`");
        match hint::resolve(text, when, target, &policy.hints) {
            None => {}
            Some(Resolved::Packages(packages)) => {
                outside.add(&Need { when, packages, origin }, subject);
            }
            Some(Resolved::Unknown { .. }) if policy.strict_hints => {
                let (project, hint) = (metadata.name.clone(), text.to_owned());
                return Err(PlanError::Hint { project, hint });
            }
            Some(Resolved::Unknown { candidates }) => {
                outside.open.push(questions::hint(text, "the project", &candidates));
            }
        }
    }
    for External { text, origin } in subject.external {
        let name = text.split(';').next().unwrap_or_default().trim();
        let packages = match hint::resolve(text, When::Run, target, &policy.hints) {
            None => continue,
            Some(Resolved::Packages(packages)) => packages,
            // Who runs the application knows the names of the system's packages.
            Some(Resolved::Unknown { .. }) if naming::is_package_name(name) => {
                vec![name.to_owned()]
            }
            Some(Resolved::Unknown { candidates }) => {
                outside.open.push(questions::hint(text, &origin.to_string(), &candidates));
                continue;
            }
        };
        outside.add(&Need { when: When::Run, packages, origin: origin.to_string() }, subject);
    }
    Ok(outside)
}

impl Outside {
    fn add(&mut self, need: &Need, subject: &Subject<'_>) {
        let strength = match need.when {
            When::Run => Strength::Requires,
            When::Recommend => Strength::Recommends,
            When::Build => {
                if subject.wheel.built_here {
                    let packages = need.packages.join(", ");
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
