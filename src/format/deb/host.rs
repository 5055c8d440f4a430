//! The packages of Debian and its derivatives.

use std::{
    cmp::Ordering,
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use pep440_rs::{Version, VersionSpecifiers};
use url::Url;

use super::{Deb, packages, pool, relation, version};
use crate::{
    base::{
        files::Temporary,
        process::{Command, which},
    },
    distro::targets::Target,
    format::{
        PackageEntry,
        host::{
            Compilers, HostError, HostPackages, InstallError, InstallRoot, LeftToDistribution,
            Opener, PackageSet, Provision, SYSTEM, SystemTools, pack, with_names,
        },
    },
    plan::relation::RelationError,
    python::{
        artifact::{Hashes, ProjectName},
        metadata::satisfies,
    },
};

/// Where apt keeps the lists of this machine's sources.
const APT_LISTS: &str = "/var/lib/apt/lists";

impl HostPackages for Deb {
    fn compare(&self, a: &str, b: &str) -> Ordering {
        version::compare(a, b)
    }

    fn published(&self, version: &str) -> Option<Version> {
        version::published(version)
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
        relation::satisfied(relations, name, version)
    }

    fn is_internal(&self, _relation: &str) -> bool {
        false
    }

    /// Packages of Python modules are only those that the collection leaves to the distribution.
    fn is_of_distribution(&self, name: &str, left: &LeftToDistribution) -> bool {
        left.packages.contains(name) || !name.starts_with("python3-")
    }

    fn provision(
        &self,
        packages: &PackageSet,
        project: &ProjectName,
        specifiers: &[VersionSpecifiers],
        package: &str,
        target: &Target,
    ) -> Option<Provision> {
        if target.naming.is_taken(package, project) {
            return None;
        }
        packages.versions(package).find_map(|(package, version)| {
            let published = version::published(version)?;
            let meets = specifiers.iter().all(|wanted| satisfies(&published, wanted));
            meets.then(|| Provision::of(package))
        })
    }

    fn is_other(&self, _: &PackageEntry, _: &ProjectName, _: &Target) -> bool {
        false
    }

    fn open(&self, address: &str, opener: &Opener<'_>) -> Result<Vec<PackageEntry>, HostError> {
        if address == SYSTEM { apt_lists(opener) } else { source(opener, address) }
    }

    /// The compiler only recommends the headers of the C library.
    fn compilers(&self) -> Compilers {
        Compilers { c: &["gcc", "libc6-dev"], cxx: "g++" }
    }

    fn python_headers(&self, (major, minor): (u32, u32), _system: &Target) -> String {
        format!("python{major}.{minor}-dev")
    }

    fn installed(
        &self,
        names: &BTreeSet<String>,
        tools: &SystemTools<'_>,
    ) -> Option<BTreeSet<String>> {
        let program = which("dpkg-query", tools.path)?;
        let format = "${db:Status-Status} ${Package}, ${Provides}\\n";
        // All of them are more than an output keeps.
        let list = Temporary::new().ok()?;
        let path = list.path().join("list");
        let command = Command::new(program, Path::new("/"))
            .argument("-W")
            .argument("-f")
            .argument(format)
            .save(&path, 64 << 20);
        tools.runner.run(&command).ok().filter(|output| output.status == 0)?;
        let text = fs::read_to_string(&path).ok()?;
        let lines = text.lines().filter_map(|line| line.strip_prefix("installed "));
        let present = lines.flat_map(|line| line.split(','));
        let present = present.filter_map(|name| name.split_whitespace().next());
        Some(present.filter(|name| names.contains(*name)).map(str::to_owned).collect())
    }

    fn install_command(&self, _tools: &SystemTools<'_>) -> &'static [&'static str] {
        &["apt-get", "install", "--yes", "--no-install-recommends", "--"]
    }

    fn install(
        &self,
        root: &InstallRoot<'_>,
        packages: &[PackageEntry],
    ) -> Result<(), InstallError> {
        let [first, ..] = root.sources else {
            return Err(InstallError(
                "name the distribution's source with `--satisfy-from 'URL SUITE COMPONENT'`"
                    .to_owned(),
            ));
        };
        let words: Vec<&str> = first.split_whitespace().filter(|word| *word != "deb").collect();
        let [_, suite, ..] = words[..] else {
            return Err(InstallError(format!("`{first}` is not an apt source with a suite")));
        };
        let mut command = root.tool("mmdebstrap")?.argument("--variant=apt").argument(suite);
        command = command.argument(root.root);
        for source in root.sources {
            let source = source.trim().trim_start_matches("deb ").trim();
            command = command.argument(format!("deb {source}"));
        }
        root.run(&command)?;
        root.copy()?;
        let inside = InstallRoot::INSIDE;
        let list = root.root.join("etc/apt/sources.list.d/collection.list");
        let source = pool::apt_source(root.folder);
        fs::write(&list, format!("deb [trusted=yes] file:{inside} {source}\n"))
            .map_err(InstallError::io)?;
        root.run(&root.inside(&["apt-get", "update", "-q"])?)?;
        let command = root.inside(&["apt-get", "install", "-q", "-y"])?;
        let command = command.argument("--no-install-recommends");
        root.run(&with_names(command, packages)).map(drop)
    }

    fn versions(&self, root: &InstallRoot<'_>) -> Result<Command, InstallError> {
        root.inside(&["dpkg-query", "--show", "--showformat=${Package} ${Version}\\n"])
    }
}

/// `deb [options] URL SUITE COMPONENT…`, or the place of a `Packages` file.
fn source(opener: &Opener<'_>, text: &str) -> Result<Vec<PackageEntry>, HostError> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    if words.first() == Some(&"deb") {
        words.remove(0);
    }
    words.retain(|word| !word.starts_with('[') && !word.ends_with(']'));
    let [url, rest @ ..] = words.as_slice() else {
        return Err(opener.fail("write URL SUITE COMPONENT, as apt's sources do"));
    };
    let base = opener.base(url)?;
    let [suite, components @ ..] = rest else {
        return list(opener, &base, "", None);
    };
    if suite.ends_with('/') {
        return list(opener, &base, suite.trim_start_matches("./"), None);
    }
    let folder = format!("dists/{suite}/");
    let release = opener.fetch(&base, &format!("{folder}Release"), &Hashes::default())?;
    let release = fs::read_to_string(release).map_err(|error| opener.fail(error))?;
    let mut packages = Vec::new();
    for component in components {
        let inside = format!("{component}/binary-{}/", opener.architecture());
        packages.extend(list(opener, &base, &folder, Some((&inside, &release)))?);
    }
    Ok(packages)
}

/// The `Packages` file in a folder, in the best packing that there is.
fn list(
    opener: &Opener<'_>,
    base: &Url,
    folder: &str,
    listed: Option<(&str, &str)>,
) -> Result<Vec<PackageEntry>, HostError> {
    let mut last = opener.fail("it has no `Packages`");
    for ending in pack::ENDINGS {
        let name = format!("{}Packages{ending}", listed.map_or("", |(inside, _)| inside));
        let hashes = match listed {
            Some((_, release)) => match sum(release, &name) {
                Some(hashes) => hashes,
                None => continue,
            },
            None => Hashes::default(),
        };
        match opener.fetch(base, &format!("{folder}{name}"), &hashes) {
            Ok(path) => {
                let text = pack::open(&path, &name).and_then(io::read_to_string);
                let text = text.map_err(|error| opener.fail(error))?;
                return Ok(packages::packages(&text, Some(opener.architecture())));
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn apt_lists(opener: &Opener<'_>) -> Result<Vec<PackageEntry>, HostError> {
    let mut packages = Vec::new();
    for path in files(Path::new(APT_LISTS), "_Packages") {
        let text = fs::read_to_string(&path).map_err(|error| opener.fail(error))?;
        packages.extend(packages::packages(&text, Some(opener.architecture())));
    }
    if packages.is_empty() {
        Err(opener.fail(format!("`{APT_LISTS}` is empty: run `apt update`")))
    } else {
        Ok(packages)
    }
}

/// Files of a folder whose names end so, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    paths
}

/// The SHA-256 of a file that a `Release` file lists.
fn sum(release: &str, name: &str) -> Option<Hashes> {
    let list = release.split_once("\nSHA256:\n")?.1;
    let lines = list.lines().take_while(|line| line.starts_with(' '));
    let mut words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let found = words.find(|words| words.get(2) == Some(&name))?;
    Hashes::parse(&format!("sha256={}", found[0])).ok()
}
