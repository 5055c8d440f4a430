//! What can be wrong between the packages of one collection.

use std::collections::BTreeMap;

use crate::{artifact::ProjectName, plan::PackagePlan};

/// Two packages that cannot be installed together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conflict {
    /// Two projects got the same package name.
    Name { name: String, projects: Vec<ProjectName> },
    /// Two packages own the same path.
    Path { path: String, projects: Vec<ProjectName> },
}

/// The conflicts between plans, names first, sorted.
pub fn conflicts(plans: &[&PackagePlan]) -> Vec<Conflict> {
    let mut names: BTreeMap<&str, Vec<ProjectName>> = BTreeMap::new();
    let mut paths: BTreeMap<&str, Vec<ProjectName>> = BTreeMap::new();
    for plan in plans {
        names.entry(&plan.package).or_default().push(plan.project.clone());
        for file in &plan.files {
            paths.entry(&file.path).or_default().push(plan.project.clone());
        }
    }
    let shared = |(_, projects): &(&str, Vec<ProjectName>)| projects.len() > 1;
    let names = names.into_iter().filter(shared);
    let paths = paths.into_iter().filter(shared);
    names
        .map(|(name, projects)| Conflict::Name { name: name.to_owned(), projects })
        .chain(paths.map(|(path, projects)| Conflict::Path { path: path.to_owned(), projects }))
        .collect()
}
