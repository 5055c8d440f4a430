//! The packages of distributions that use rpm.

use std::{cmp::Ordering, collections::BTreeSet, fs, path::Path};

use pep440_rs::{Version, VersionSpecifiers};

use super::{Rpm, packages, relation, version};
use crate::{
    base::process::{Command, which},
    distro::targets::Target,
    format::{
        PackageEntry,
        host::{
            Compilers, HostError, HostPackages, InstallError, InstallRoot, LeftToDistribution,
            Opener, PackageSet, Provision, SYSTEM, SystemTools, pack, with_names,
        },
    },
    plan::relation::RelationError,
    python::artifact::{Hashes, ProjectName},
};

/// Where dnf keeps metadata of this machine's repositories.
const DNF_CACHES: [&str; 2] = ["/var/cache/dnf", "/var/cache/libdnf5"];

impl HostPackages for Rpm {
    fn compare(&self, a: &str, b: &str) -> Ordering {
        version::compare_evr(a, b)
    }

    fn published(&self, _version: &str) -> Option<Version> {
        None
    }

    fn names(&self, relation: &str) -> BTreeSet<String> {
        relation::names(relation)
    }

    fn satisfied(
        &self,
        relations: &[String],
        name: &str,
        version: &str,
    ) -> Result<bool, RelationError> {
        for relation in relations {
            if !relation::satisfied(relation, name, version)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_internal(&self, relation: &str) -> bool {
        relation.starts_with("rpmlib(")
    }

    /// Projects are only those that the collection leaves to the distribution.
    fn is_of_distribution(&self, name: &str, left: &LeftToDistribution) -> bool {
        match name.split_once("dist(") {
            Some((_, project)) => left.projects.contains(project.trim_end_matches(')')),
            None => true,
        }
    }

    fn provision(
        &self,
        packages: &PackageSet,
        project: &ProjectName,
        specifiers: &[VersionSpecifiers],
        _package: &str,
        target: &Target,
    ) -> Option<Provision> {
        let name = target.dist_capability(project);
        packages.versions(&name).find_map(|(package, version)| {
            let meets = specifiers.iter().all(|wanted| {
                relation::dependency(&name, wanted)
                    .and_then(|text| relation::satisfied(&text, &name, version))
                    .unwrap_or_default()
            });
            meets.then(|| Provision::of(package))
        })
    }

    fn is_other(&self, package: &PackageEntry, project: &ProjectName, target: &Target) -> bool {
        let own = target.dist_capability(project);
        !package.provides().iter().any(|(name, _)| *name == own)
    }

    fn open(&self, address: &str, opener: &Opener<'_>) -> Result<Vec<PackageEntry>, HostError> {
        if address == SYSTEM { dnf_caches(opener) } else { repository(opener, address) }
    }

    fn compilers(&self) -> Compilers {
        Compilers { c: &["gcc"], cxx: "gcc-c++" }
    }

    fn python_headers(&self, (major, minor): (u32, u32), system: &Target) -> String {
        if system.python.version == (major, minor) {
            format!("{}-devel", system.python.interpreter_package)
        } else {
            format!("python{major}.{minor}-devel")
        }
    }

    fn installed(
        &self,
        names: &BTreeSet<String>,
        tools: &SystemTools<'_>,
    ) -> Option<BTreeSet<String>> {
        let program = which("rpm", tools.path)?;
        let is_provided = |name: &&String| {
            let command = Command::new(&program, Path::new("/"))
                .argument("-q")
                .argument("--whatprovides")
                .argument(name);
            tools.runner.run(&command).is_ok_and(|output| output.status == 0)
        };
        Some(names.iter().filter(is_provided).cloned().collect())
    }

    fn install_command(&self, tools: &SystemTools<'_>) -> &'static [&'static str] {
        if which("dnf", tools.path).is_some() {
            &["dnf", "install", "--assumeyes", "--"]
        } else {
            &["zypper", "--non-interactive", "install", "--"]
        }
    }

    fn install(
        &self,
        root: &InstallRoot<'_>,
        packages: &[PackageEntry],
    ) -> Result<(), InstallError> {
        let folder = fs::canonicalize(root.folder).map_err(InstallError::io)?;
        let mut command = root
            .tool("dnf")?
            .argument("--assumeyes")
            .argument(format!("--installroot={}", root.root.display()))
            .argument("--setopt=reposdir=/nonexistent")
            .argument("--setopt=install_weak_deps=False")
            // One of its own: dnf would take what it kept of another collection for this one's.
            .argument(format!("--setopt=cachedir={}.cache", root.root.display()))
            .argument("--releasever=1")
            .argument("--nogpgcheck")
            .argument(format!("--forcearch={}", root.target.architecture.package))
            .argument(format!("--repofrompath=collection,file://{}", folder.display()));
        for (number, source) in root.sources.iter().enumerate() {
            command = command.argument(format!("--repofrompath=distribution{number},{source}"));
        }
        root.run(&with_names(command.argument("install"), packages)).map(drop)
    }

    fn versions(&self, root: &InstallRoot<'_>) -> Result<Command, InstallError> {
        let command = root.tool("rpm")?.argument(format!("--root={}", root.root.display()));
        Ok(command
            .argument("--query")
            .argument("--all")
            .argument("--queryformat=%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\n"))
    }
}

fn repository(opener: &Opener<'_>, text: &str) -> Result<Vec<PackageEntry>, HostError> {
    let base = opener.base(text)?;
    let pointer = opener.fetch(&base, "repodata/repomd.xml", &Hashes::default())?;
    let pointer = fs::read_to_string(pointer).map_err(|error| opener.fail(error))?;
    let found = packages::data(&pointer, "primary");
    let (location, hashes) = found.ok_or_else(|| opener.fail("it has no `primary`"))?;
    let path = opener.fetch(&base, &location, &hashes)?;
    let input = pack::open(&path, &location).map_err(|error| opener.fail(error))?;
    packages::primary(input, Some(opener.architecture())).map_err(|error| opener.fail(error))
}

fn dnf_caches(opener: &Opener<'_>) -> Result<Vec<PackageEntry>, HostError> {
    let mut packages = Vec::new();
    for cache in DNF_CACHES {
        for entry in walkdir::WalkDir::new(cache).into_iter().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.contains("primary.xml") {
                let input = pack::open(entry.path(), &name).map_err(|error| opener.fail(error))?;
                let found = packages::primary(input, Some(opener.architecture()));
                packages.extend(found.map_err(|error| opener.fail(error))?);
            }
        }
    }
    if packages.is_empty() {
        Err(opener.fail("dnf keeps no metadata here: run `dnf makecache`"))
    } else {
        Ok(packages)
    }
}
