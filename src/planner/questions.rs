//! What only the user can settle: it is asked, never guessed silently.

use crate::{
    base::text::OneLine,
    distro::targets::Target,
    plan::{
        Open,
        relation::{Capability, Relation},
    },
    python::{
        artifact::ProjectName,
        metadata::{Licence, LicenceEvidence},
    },
};

use super::{Others, Policy, naming};

/// A licence that nothing states.
pub(super) fn licence(project: &ProjectName, licence: &Licence) -> Vec<Open> {
    let is_unknown = licence.evidence == LicenceEvidence::Nothing;
    let answer =
        format!("`licence = \"MIT\"` or another SPDX expression under `[project.{project}]`");
    let open = || open("licence", "nothing states the licence", &answer);
    is_unknown.then(open).into_iter().collect()
}

/// A name that the distribution gives to something else. Where that is another project of the run, the
/// changed name is the answer.
pub(super) fn taken(
    project: &ProjectName,
    package: &str,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Vec<Open> {
    let is_of_neighbour = |name: &String| others.neighbours.values().any(|n| n.package == *name);
    let taken = naming::taken_name(project, target, &policy.naming);
    let taken = taken.filter(|name| !is_of_neighbour(name));
    let ask = |taken: String| {
        let question = format!(
            "`{taken}`, the name for `{project}`, is another package of {}",
            target.description
        );
        let answer = format!("`name = \"{package}\"` or another under `[project.{project}]`");
        open("name", &question, &answer)
    };
    taken.map(ask).into_iter().collect()
}

/// Names of the distribution's packages that are no more than its convention. Only where packages
/// are required by their names: rpm's are required by what they provide.
pub(super) fn names(
    relations: &[Relation],
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Vec<Open> {
    if target.naming.map.is_empty() || !others.format.requires_by_name() {
        return Vec::new();
    }
    let unmapped = relations.iter().filter_map(|relation| match &relation.capability {
        Capability::Project { project, package, candidate: None, .. } => {
            let is_known = target.naming.map.contains_key(project)
                || policy.naming.names.contains_key(project)
                || others.left.contains_key(project);
            (!is_known).then_some((project, package))
        }
        _ => None,
    });
    let mut questions: Vec<Open> = unmapped
        .map(|(project, package)| {
            let question = format!(
                "`{project}` is left to {}, which may call it otherwise than `{package}`",
                target.description
            );
            let answer = format!("`name = \"{package}\"` under `[project.{project}]`");
            open("name", &question, &answer)
        })
        .collect();
    questions.dedup();
    questions
}

/// A need that is not a known package, and who states it; `near` is what comes near it.
pub(super) fn hint(text: &str, origin: &str, near: &[String]) -> Open {
    let near = match near {
        [] => String::new(),
        near => format!("; near it: {}", near.join(", ")),
    };
    let question =
        format!("needs from the system: {text} ({origin}), which is not a known package{near}");
    let name = text.split(';').next().unwrap_or_default().trim();
    let answer = format!("`\"{name}\" = \"PACKAGE\"` under `[names]` of a hint file");
    open("hint", &question, &answer)
}

fn open(key: &str, question: &str, answer: &str) -> Open {
    Open { key: key.to_owned(), question: OneLine::new(question), answer: OneLine::new(answer) }
}
