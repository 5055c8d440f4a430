//! Repositories of native packages: what a distribution or a collection has, and what of it
//! satisfies a requirement.

mod pack;
mod source;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use pep440_rs::VersionSpecifiers;

pub use self::source::{RepositoryError, open, open_collection, plain_hosts};
use crate::{
    distro::targets::Target,
    plan::relation::RelationError,
    python::{artifact::ProjectName, metadata::satisfies},
};

/// A package of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Available {
    pub package: String,
    /// With epoch and release, as the format compares it.
    pub version: String,
    /// Names beside its own with their versions, empty where they have none.
    pub provides: Vec<(String, String)>,
    /// What it requires: each text is a relation of the format and has to be met.
    pub requires: Vec<String>,
    /// The package's file, relative to the repository.
    pub file: String,
    pub sha256: String,
    /// Installed paths, as far as the repository tells them.
    pub paths: Vec<String>,
}

/// The packages of one or several repositories.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    /// Where they are from, for messages.
    pub origin: String,
    is_deb: bool,
    pub packages: Vec<Available>,
    /// By each name that is provided: the packages, and the version under that name.
    provided: BTreeMap<String, Vec<(usize, String)>>,
}

/// How a distribution satisfies a project's requirements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provision {
    pub package: String,
    pub version: String,
}

impl Repository {
    fn new(origin: &str, is_deb: bool, packages: Vec<Available>) -> Self {
        let mut repository = Self {
            origin: origin.to_owned(),
            is_deb,
            packages: Vec::new(),
            provided: BTreeMap::new(),
        };
        repository.extend(packages);
        repository
    }

    fn extend(&mut self, packages: Vec<Available>) {
        for package in packages {
            let at = self.packages.len();
            let own = [(package.package.clone(), package.version.clone())];
            for (name, version) in own.into_iter().chain(package.provides.iter().cloned()) {
                self.provided.entry(name).or_default().push((at, version));
            }
            for path in &package.paths {
                let version = package.version.clone();
                self.provided.entry(path.clone()).or_default().push((at, version));
            }
            self.packages.push(package);
        }
    }

    /// Leaves out the packages that are not wanted.
    pub fn retain(&mut self, is_wanted: impl Fn(&Available) -> bool) {
        let mut packages = std::mem::take(&mut self.packages);
        packages.retain(is_wanted);
        self.provided.clear();
        self.extend(packages);
    }

    /// Joins another repository of the same format.
    pub fn join(&mut self, other: Self) {
        if !self.origin.is_empty() {
            self.origin.push_str(", ");
        }
        self.origin.push_str(&other.origin);
        self.is_deb = other.is_deb;
        self.extend(other.packages);
    }

    /// Whether anything here has a name, in whatever version.
    pub fn has_name(&self, name: &str) -> bool {
        self.provided.contains_key(name)
    }

    /// The highest version of the package of a name; nothing where only others provide it.
    pub fn newest(&self, name: &str) -> Option<&str> {
        self.builds(name).map(|package| package.version.as_str()).max_by(|a, b| self.compare(a, b))
    }

    /// The packages of a name, in all versions that are here.
    pub fn builds(&self, name: &str) -> impl Iterator<Item = &Available> {
        let known = self.provided.get(name).into_iter().flatten();
        let packages = known.map(|(at, _)| &self.packages[*at]);
        packages.filter(move |package| package.package == name)
    }

    /// The version of each package that has or provides a name, under that name.
    pub fn versions<'r>(
        &'r self,
        name: &str,
    ) -> impl Iterator<Item = (&'r Available, &'r str)> + use<'r> {
        let known = self.provided.get(name).into_iter().flatten();
        known.map(|(at, version)| (&self.packages[*at], version.as_str()))
    }

    /// Orders two versions as the package manager does.
    pub fn compare(&self, a: &str, b: &str) -> Ordering {
        if self.is_deb {
            crate::format::deb::version::compare(a, b)
        } else {
            crate::format::rpm::version::compare_evr(a, b)
        }
    }

    /// Whether a package here has a name, but is not the project: it does not provide it. Where
    /// packages do not tell of projects, none is known to be another.
    pub fn has_other(&self, name: &str, project: &ProjectName, target: &Target) -> bool {
        let own = target.dist_capability(project);
        let is_other = |package: &Available| {
            package.package == name && !package.provides.iter().any(|(name, _)| *name == own)
        };
        !self.is_deb && self.packages.iter().any(is_other)
    }

    /// A package that satisfies a relation alone, the newest where there are several.
    ///
    /// # Errors
    /// A relation that cannot be read.
    pub fn satisfying(&self, relation: &str) -> Result<Option<&Available>, RelationError> {
        let mut found: Option<&Available> = None;
        for name in self.names(relation) {
            for (at, version) in self.provided.get(&name).into_iter().flatten() {
                let meets = if self.is_deb {
                    crate::format::deb::relation::satisfied(&[relation.to_owned()], &name, version)?
                } else {
                    crate::format::rpm::relation::satisfied(relation, &name, version)?
                };
                let package = &self.packages[*at];
                let is_newer =
                    |known: &Available| self.compare(&package.version, &known.version).is_gt();
                if meets && found.is_none_or(is_newer) {
                    found = Some(package);
                }
            }
        }
        Ok(found)
    }

    /// The names that a relation is about.
    pub fn names(&self, relation: &str) -> BTreeSet<String> {
        if self.is_deb {
            crate::format::deb::relation::names(relation)
        } else {
            crate::format::rpm::relation::names(relation)
        }
    }

    /// How the packages here satisfy all specifiers of a project on a target, if they do.
    pub fn provision(
        &self,
        project: &ProjectName,
        specifiers: &[VersionSpecifiers],
        package: &str,
        target: &Target,
    ) -> Option<Provision> {
        match self.is_deb {
            true if target.naming.is_taken(package, project) => None,
            true => self.provided.get(package)?.iter().find_map(|(at, version)| {
                let package = &self.packages[*at];
                let published = crate::format::deb::version::published(version)?;
                let meets = specifiers.iter().all(|wanted| satisfies(&published, wanted));
                meets.then(|| Provision {
                    package: package.package.clone(),
                    version: package.version.clone(),
                })
            }),
            false => {
                let name = target.dist_capability(project);
                let mut found = self.provided.get(&name)?.iter();
                found.find_map(|(at, version)| {
                    let meets = specifiers.iter().all(|wanted| {
                        crate::format::rpm::relation::dependency(&name, wanted)
                            .and_then(|text| {
                                crate::format::rpm::relation::satisfied(&text, &name, version)
                            })
                            .unwrap_or_default()
                    });
                    let package = &self.packages[*at];
                    meets.then(|| Provision {
                        package: package.package.clone(),
                        version: package.version.clone(),
                    })
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distro::targets::Targets;

    fn package(name: &str, version: &str, provides: &[(&str, &str)]) -> Available {
        let provides = provides.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Available {
            package: name.to_owned(),
            version: version.to_owned(),
            provides: provides.collect(),
            ..Available::default()
        }
    }

    #[test]
    fn a_distribution_provides_projects() {
        let targets = Targets::embedded();
        let wanted = |text: &str| vec![text.parse::<VersionSpecifiers>().unwrap()];
        let idna = "idna".parse().unwrap();
        let deb = targets.load("debian-12", None, None).unwrap();
        let repository = Repository::new("apt", true, vec![package("python3-idna", "3.3-1", &[])]);
        let found = |text: &str| repository.provision(&idna, &wanted(text), "python3-idna", &deb);
        assert_eq!(found(">=2.5,<4").unwrap().version, "3.3-1");
        assert_eq!(found(">=3.4"), None);
        let rpm = targets.load("fedora-43", None, None).unwrap();
        let dist = rpm.dist_capability(&idna);
        let repository = Repository::new(
            "dnf",
            false,
            vec![package("python3-idna", "3.10-1.fc43", &[(&dist, "3.10")])],
        );
        let found = |text: &str| repository.provision(&idna, &wanted(text), "x", &rpm);
        assert_eq!(found(">=2.5,<4").unwrap().package, "python3-idna");
        assert_eq!(found("<3.10"), None);
        let relation = format!("({dist} >= 3 with {dist} < 4~~)");
        assert!(repository.satisfying(&relation).unwrap().is_some());
        assert!(repository.satisfying("python3-other").unwrap().is_none());
    }
}
