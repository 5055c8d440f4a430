//! What can be wrong between the packages of one collection, and how files that several of them have
//! are divided.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};

use crate::{
    base::text::OneLine,
    plan::{
        Content, LeftOut, PackagePlan, below,
        relation::{Capability, CapabilityName, Relation, RelationError, Strength},
    },
    python::artifact::ProjectName,
};

use super::programs::is_of_script;

/// Two packages that cannot be installed together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathConflict {
    /// Two projects got the same package name.
    Name { name: String, projects: Vec<ProjectName> },
    /// Two packages own the same path.
    Path { path: String, projects: Vec<ProjectName> },
    /// A file of the first project is a folder of the second one.
    Folder { path: String, projects: [ProjectName; 2] },
}

/// The conflicts between plans, names first, sorted.
pub fn conflicts(plans: &[&PackagePlan]) -> Vec<PathConflict> {
    let mut names: BTreeMap<&str, Vec<ProjectName>> = BTreeMap::new();
    let mut paths: BTreeMap<&str, Vec<ProjectName>> = BTreeMap::new();
    for plan in plans {
        names.entry(&plan.package).or_default().push(plan.project.clone());
        for file in &plan.files {
            paths.entry(&file.path).or_default().push(plan.project.clone());
        }
    }
    let folders = folders(&paths);
    let shared = |(_, projects): &(&str, Vec<ProjectName>)| projects.len() > 1;
    let names = names.into_iter().filter(shared);
    let paths = paths.into_iter().filter(shared);
    names
        .map(|(name, projects)| PathConflict::Name { name: name.to_owned(), projects })
        .chain(paths.map(|(path, projects)| PathConflict::Path { path: path.to_owned(), projects }))
        .chain(folders)
        .collect()
}

/// The files of projects that lie where others have folders.
fn folders(paths: &BTreeMap<&str, Vec<ProjectName>>) -> BTreeSet<PathConflict> {
    let mut found = BTreeSet::new();
    for (path, files) in paths {
        for other in below(paths, path).flat_map(|(_, others)| others) {
            for file in files.iter().filter(|file| *file != other) {
                let projects = [file.clone(), other.clone()];
                found.insert(PathConflict::Folder { path: (*path).to_owned(), projects });
            }
        }
    }
    found
}

/// Takes a file out of a plan, because the package of `owner` has it.
pub fn leave_to(plan: &mut PackagePlan, path: &str, owner: &ProjectName) {
    let Some(position) = plan.files.iter().position(|file| file.path == path) else { return };
    let file = plan.files.remove(position);
    plan.relations.retain(|relation| !is_of_script(relation, path));
    match file.content {
        Content::Member(member) | Content::Compressed(member) | Content::Script { member, .. } => {
            let reason = OneLine::new(&format!("`{owner}` installs it, too"));
            plan.left_out.push(LeftOut { member: member.path, reason });
            plan.left_out.sort();
        }
        // No member of the wheel stands for it.
        _ => {
            let note =
                format!("left out: `{}`, which `{owner}` installs, too", path.escape_debug());
            plan.notes.push(OneLine::new(&note));
        }
    }
    if let Some(source) = &mut plan.from_source {
        source.dropped_files.push(path.to_owned());
        source.dropped_files.sort();
    }
}

/// Which projects require which, to find out who may own a file that several packages have.
pub struct Owners {
    requires: BTreeMap<ProjectName, BTreeSet<ProjectName>>,
    packages: BTreeMap<ProjectName, Owner>,
}

/// What a requirement of a project's package is built from.
struct Owner {
    package: String,
    release: Version,
    /// What stands before its version.
    epoch: u64,
}

impl Owners {
    /// The requirements between plans.
    pub fn new(plans: &[&PackagePlan]) -> Self {
        let required = |plan: &PackagePlan| {
            let capabilities = plan.relations.iter().filter(|r| r.strength == Strength::Requires);
            let projects = capabilities.filter_map(|relation| match &relation.capability {
                Capability::Project { project, .. } => Some(project.clone()),
                _ => None,
            });
            projects.collect()
        };
        let package = |plan: &PackagePlan| Owner {
            package: plan.package.clone(),
            release: plan.release.clone(),
            epoch: plan.evr.epoch,
        };
        Self {
            requires: plans.iter().map(|p| (p.project.clone(), required(p))).collect(),
            packages: plans.iter().map(|p| (p.project.clone(), package(p))).collect(),
        }
    }

    /// The project that keeps a file which these have: the first that requires none of the others,
    /// since they will require it.
    pub fn owner<'p>(&self, projects: &'p [ProjectName]) -> Option<&'p ProjectName> {
        let is_free = |one: &&ProjectName| {
            let reached = self.reached(one);
            projects.iter().all(|other| other == *one || !reached.contains(other))
        };
        projects.iter().find(is_free).or(projects.first())
    }

    fn reached(&self, start: &ProjectName) -> BTreeSet<ProjectName> {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![start.clone()];
        while let Some(project) = waiting.pop() {
            let required = self.requires.get(&project).into_iter().flatten();
            for next in required {
                if reached.insert(next.clone()) {
                    waiting.push(next.clone());
                }
            }
        }
        reached
    }

    /// Has a plan require the project whose package has one of its files.
    ///
    /// # Errors
    /// The package's name is none that can be required.
    pub fn require(
        &mut self,
        plan: &mut PackagePlan,
        owner: &ProjectName,
        path: &str,
    ) -> Result<(), RelationError> {
        let own = self.requires.entry(plan.project.clone()).or_default();
        if !own.insert(owner.clone()) {
            return Ok(());
        }
        let Some(Owner { package, release, epoch }) = self.packages.get(owner) else {
            return Ok(());
        };
        let bound = VersionSpecifier::from_version(
            Operator::GreaterThanEqual,
            release.clone().without_local(),
        );
        let relation = Relation {
            strength: Strength::Requires,
            capability: Capability::Project {
                project: owner.clone(),
                extras: Vec::new(),
                specifiers: bound.into_iter().collect::<VersionSpecifiers>(),
                package: CapabilityName::parse(package)?,
                candidate: Some(release.clone()),
                epoch: *epoch,
                available: None,
                unstated: VersionSpecifiers::empty(),
            },
            origin: OneLine::new(&format!("has `{path}`, which both projects install")),
        };
        if let Some(source) = &mut plan.from_source {
            source.stated.push(relation.clone());
        }
        plan.relations.push(relation);
        Ok(())
    }
}
