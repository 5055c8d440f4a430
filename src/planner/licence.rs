//! Which licence a package states.

use super::{Policy, ProjectOrigin};
use crate::{
    base::text::OneLine,
    python::metadata::{self, Licence, LicenceEvidence},
    wheels::Wheel,
};

/// The licence of projects of the user's own that state none.
const OWN_LICENCE: &str = "LicenseRef-Proprietary";

/// The licence of a release, which the user states first, else its wheel.
pub fn licence_of_wheel(wheel: &Wheel, policy: &Policy) -> Licence {
    match policy.licences.get(&wheel.metadata.name) {
        Some(expression) => chosen(expression, LicenceEvidence::Override),
        None => metadata::licence(&wheel.metadata, &wheel.licence_texts),
    }
}

/// The licence that was found, but what the user calls it where a project of the user's own states none.
pub(super) fn settled(
    found: &Licence,
    origin: Option<&ProjectOrigin>,
    policy: &Policy,
) -> (Licence, Vec<OneLine>) {
    let is_own = origin.is_some_and(|origin| origin.is_own);
    if found.evidence != LicenceEvidence::Nothing || !is_own {
        return (found.clone(), Vec::new());
    }
    let expression = policy.unknown_licence.as_deref().unwrap_or(OWN_LICENCE);
    let note = format!(
        "nothing states the licence, which is `{expression}` for projects from one's own \
         repositories and folders (`unknown-licence`)"
    );
    (chosen(expression, LicenceEvidence::OwnProject), vec![OneLine::new(&note)])
}

fn chosen(expression: &str, evidence: LicenceEvidence) -> Licence {
    Licence { expression: expression.to_owned(), evidence, likeness: None }
}
