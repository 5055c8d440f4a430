//! A set of packages, and what they provide.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use pep440_rs::VersionSpecifiers;

use super::HostPackages;
use crate::{
    distro::targets::Target, format::PackageEntry, plan::relation::RelationError,
    python::artifact::ProjectName,
};

/// The packages of one or several repositories of a format.
#[derive(Clone)]
pub struct PackageSet {
    /// The addresses of the repositories, for messages.
    pub origin: String,
    pub packages: Vec<PackageEntry>,
    host: &'static dyn HostPackages,
    /// By each name that is provided: the packages, and the version under that name.
    provided: BTreeMap<String, Vec<(usize, String)>>,
}

/// How a distribution meets a project's requirements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provision {
    pub package: String,
    pub version: String,
}

impl Provision {
    pub(crate) fn of(package: &PackageEntry) -> Self {
        Self { package: package.package.clone(), version: package.version() }
    }
}

impl PackageSet {
    /// Returns the set of these packages.
    pub fn new(origin: &str, host: &'static dyn HostPackages, packages: Vec<PackageEntry>) -> Self {
        let (origin, provided) = (origin.to_owned(), BTreeMap::new());
        let mut set = Self { origin, host, packages: Vec::new(), provided };
        set.extend(packages);
        set
    }

    fn extend(&mut self, packages: Vec<PackageEntry>) {
        for package in packages {
            let at = self.packages.len();
            let version = package.version();
            let mut provide = |name: &str, version: &str| {
                self.provided.entry(name.to_owned()).or_default().push((at, version.to_owned()));
            };
            provide(&package.package, &version);
            for (name, version) in package.provides() {
                provide(name, version);
            }
            for path in package.paths() {
                provide(path, &version);
            }
            self.packages.push(package);
        }
    }

    /// Removes the packages that are not wanted.
    pub fn retain(&mut self, is_wanted: impl Fn(&PackageEntry) -> bool) {
        let mut packages = std::mem::take(&mut self.packages);
        packages.retain(is_wanted);
        self.provided.clear();
        self.extend(packages);
    }

    /// Adds the packages of another set of the same format.
    pub fn join(&mut self, other: Self) {
        self.origin = format!("{}, {}", self.origin, other.origin);
        self.extend(other.packages);
    }

    /// Returns whether a package has or provides a name, in whatever version.
    pub fn has_name(&self, name: &str) -> bool {
        self.provided.contains_key(name)
    }

    /// Returns the highest version of the packages of that name; `None` if others only provide it.
    pub fn newest(&self, name: &str) -> Option<String> {
        let versions = self.builds(name).map(PackageEntry::version);
        versions.max_by(|a, b| self.compare(a, b))
    }

    /// Iterates over the packages of that name, in all versions.
    pub fn builds(&self, name: &str) -> impl Iterator<Item = &PackageEntry> {
        self.versions(name).map(|(package, _)| package).filter(move |p| p.package == name)
    }

    /// Iterates over the packages that have or provide a name, with the version under that name.
    pub fn versions<'r>(
        &'r self,
        name: &str,
    ) -> impl Iterator<Item = (&'r PackageEntry, &'r str)> + use<'r> {
        let known = self.provided.get(name).into_iter().flatten();
        known.map(|(at, version)| (&self.packages[*at], version.as_str()))
    }

    /// Orders two versions as the package manager does.
    pub fn compare(&self, a: &str, b: &str) -> Ordering {
        self.host.compare(a, b)
    }

    /// Returns whether a package of that name is not the project.
    pub fn has_other(&self, name: &str, project: &ProjectName, target: &Target) -> bool {
        self.builds(name).any(|package| self.host.is_other(package, project, target))
    }

    /// Returns the newest package that meets a relation alone.
    ///
    /// # Errors
    /// The relation cannot be read.
    pub fn satisfying(&self, relation: &str) -> Result<Option<&PackageEntry>, RelationError> {
        let relations = [relation.to_owned()];
        let mut found: Option<&PackageEntry> = None;
        for name in self.names(relation) {
            for (package, version) in self.versions(&name) {
                let is_newer = |known: &PackageEntry| {
                    self.compare(&package.version(), &known.version()).is_gt()
                };
                if self.host.satisfied(&relations, &name, version)? && found.is_none_or(is_newer) {
                    found = Some(package);
                }
            }
        }
        Ok(found)
    }

    /// Returns the names in a relation.
    pub fn names(&self, relation: &str) -> BTreeSet<String> {
        self.host.names(relation)
    }

    /// Returns how the packages meet all specifiers of a project on a target, if they do.
    pub fn provision(
        &self,
        project: &ProjectName,
        specifiers: &[VersionSpecifiers],
        package: &str,
        target: &Target,
    ) -> Option<Provision> {
        self.host.provision(self, project, specifiers, package, target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        distro::targets::Targets,
        format::{deb::Deb, package::ListedRelations, rpm::Rpm},
    };

    fn package(name: &str, version: &str, provides: &[(&str, &str)]) -> PackageEntry {
        let provides = provides.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let relations = ListedRelations { provides: provides.collect(), ..Default::default() };
        PackageEntry::listed(name, version, relations)
    }

    #[test]
    fn a_distribution_provides_projects() {
        let targets = Targets::embedded();
        let wanted = |text: &str| vec![text.parse::<VersionSpecifiers>().unwrap()];
        let idna = "idna".parse().unwrap();
        let deb = targets.load("debian-12", None, None).unwrap();
        let repository = PackageSet::new("apt", &Deb, vec![package("python3-idna", "3.3-1", &[])]);
        let found = |text: &str| repository.provision(&idna, &wanted(text), "python3-idna", &deb);
        assert_eq!(found(">=2.5,<4").unwrap().version, "3.3-1");
        assert_eq!(found(">=3.4"), None);
        let rpm = targets.load("fedora-43", None, None).unwrap();
        let dist = rpm.dist_capability(&idna);
        let repository = PackageSet::new(
            "dnf",
            &Rpm,
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
