//! Installing a collection into a root of its own, with the distribution's real tools.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Serialize;
use walkdir::WalkDir;

use crate::{
    base::process::{Command, CommandRunner, Output, which},
    collection::CollectionManifest,
    distro::targets::Target,
    format::{deb::pool::apt_source, host::Available, repository::Kinds},
};

use super::{CheckError, newest};

/// The longest that a tool may take.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);
/// The longest that a module or a command may take.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Where the collection is in the root.
const INSIDE: &str = "/srv/collection";

/// What became of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Installed {
    /// Modules that were imported.
    pub imported: Vec<String>,
    /// Commands that printed their help.
    pub started: Vec<String>,
    pub problems: Vec<String>,
}

/// A root folder, a distribution's sources and the tools of this machine.
pub struct Installation<'a> {
    pub folder: &'a Path,
    pub manifest: &'a CollectionManifest,
    pub target: &'a Target,
    /// As `--satisfy-from` names them.
    pub sources: &'a [String],
    /// An empty folder for the root.
    pub root: &'a Path,
    pub runner: &'a dyn CommandRunner,
    /// Where tools are looked for.
    pub path: &'a [PathBuf],
}

impl Installation<'_> {
    /// Installs all packages by their names, imports their modules and starts their commands; by package.
    ///
    /// # Errors
    /// A tool that is missing or fails.
    pub fn check(&self) -> Result<BTreeMap<String, Installed>, CheckError> {
        if Kinds::default().of(&self.manifest.format).is_none() {
            let format = &self.manifest.format;
            let problem = format!("nothing here installs packages of the format `{format}`");
            return Err(CheckError::Tool(problem));
        }
        let packages = newest(self.folder, self.manifest, &Kinds::default())?;
        match self.manifest.format.as_str() {
            "deb" => self.install_deb(&packages)?,
            _ => self.install_rpm(&packages)?,
        }
        let versions = self.versions()?;
        let mut results = BTreeMap::new();
        for package in &packages {
            let mut installed = self.start(&package.paths)?;
            installed.problems.extend(instead(package, &versions));
            results.insert(package.package.clone(), installed);
        }
        Ok(results)
    }

    fn tool(&self, name: &str) -> Result<Command, CheckError> {
        let program = which(name, self.path)
            .ok_or_else(|| CheckError::Tool(format!("`{name}` is missing")))?;
        Ok(Command::new(program, Path::new("/")).timeout(TIME_LIMIT))
    }

    fn run(&self, command: &Command) -> Result<Output, CheckError> {
        let output =
            self.runner.run(command).map_err(|error| CheckError::Tool(error.to_string()))?;
        match output.status {
            0 => Ok(output),
            _ => Err(CheckError::Tool(format!("{}: {}", command.line(), output.reason(12)))),
        }
    }

    /// A command inside the root.
    fn inside(&self, words: &[&str]) -> Result<Command, CheckError> {
        let mut command = self.tool("chroot")?.argument(self.root);
        command = command.variable("DEBIAN_FRONTEND", "noninteractive").variable("HOME", "/root");
        Ok(words.iter().fold(command, |command, word| command.argument(word)))
    }

    fn install_deb(&self, packages: &[Available]) -> Result<(), CheckError> {
        let [first, ..] = self.sources else {
            return Err(CheckError::Tool(
                "name the distribution's source with `--satisfy-from 'URL SUITE COMPONENT'`".into(),
            ));
        };
        let words: Vec<&str> = first.split_whitespace().filter(|word| *word != "deb").collect();
        let [_, suite, ..] = words[..] else {
            return Err(CheckError::Tool(format!("`{first}` is not an apt source with a suite")));
        };
        let mut command = self.tool("mmdebstrap")?.argument("--variant=apt").argument(suite);
        command = command.argument(self.root);
        for source in self.sources {
            let source = source.trim().trim_start_matches("deb ").trim();
            command = command.argument(format!("deb {source}"));
        }
        self.run(&command)?;
        self.copy()?;
        let list = self.root.join("etc/apt/sources.list.d/collection.list");
        let source = apt_source(self.folder);
        fs::write(&list, format!("deb [trusted=yes] file:{INSIDE} {source}\n")).map_err(tool)?;
        self.run(&self.inside(&["apt-get", "update", "-q"])?)?;
        let command = self.inside(&["apt-get", "install", "-q", "-y"])?;
        let command = command.argument("--no-install-recommends");
        self.run(&with_names(command, packages)).map(drop)
    }

    fn install_rpm(&self, packages: &[Available]) -> Result<(), CheckError> {
        let folder = fs::canonicalize(self.folder).map_err(tool)?;
        let mut command = self
            .tool("dnf")?
            .argument("--assumeyes")
            .argument(format!("--installroot={}", self.root.display()))
            .argument("--setopt=reposdir=/nonexistent")
            .argument("--setopt=install_weak_deps=False")
            // One of its own: dnf would take what it kept of another collection for this one's.
            .argument(format!("--setopt=cachedir={}.cache", self.root.display()))
            .argument("--releasever=1")
            .argument("--nogpgcheck")
            .argument(format!("--forcearch={}", self.target.architecture.package))
            .argument(format!("--repofrompath=collection,file://{}", folder.display()));
        for (number, source) in self.sources.iter().enumerate() {
            command = command.argument(format!("--repofrompath=distribution{number},{source}"));
        }
        self.run(&with_names(command.argument("install"), packages)).map(drop)
    }

    /// The versions of installed packages by their names.
    fn versions(&self) -> Result<BTreeMap<String, String>, CheckError> {
        let command = match self.manifest.format.as_str() {
            "deb" => {
                self.inside(&["dpkg-query", "--show", "--showformat=${Package} ${Version}\\n"])?
            }
            _ => self
                .tool("rpm")?
                .argument(format!("--root={}", self.root.display()))
                .argument("--query")
                .argument("--all")
                .argument("--queryformat=%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\n"),
        };
        let output = self.run(&command)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let pairs = text.lines().filter_map(|line| line.split_once(' '));
        Ok(pairs.map(|(name, version)| (name.to_owned(), version.to_owned())).collect())
    }

    /// Copies the collection into the root.
    fn copy(&self) -> Result<(), CheckError> {
        let target = self.root.join(INSIDE.trim_start_matches('/'));
        for entry in WalkDir::new(self.folder) {
            let entry = entry.map_err(|error| tool(error.into()))?;
            let inside = entry.path().strip_prefix(self.folder).unwrap_or(entry.path());
            if entry.file_type().is_dir() {
                fs::create_dir_all(target.join(inside)).map_err(tool)?
            } else {
                fs::copy(entry.path(), target.join(inside)).map(drop).map_err(tool)?
            }
        }
        Ok(())
    }

    fn start(&self, paths: &[String]) -> Result<Installed, CheckError> {
        let python = &self.target.python;
        let mut installed = Installed::default();
        for module in modules(paths, &[&python.purelib, &python.platlib]) {
            let code =
                format!("import site; site.addsitedir({:?}); import {module}", python.purelib);
            let command = self.inside(&[&python.interpreter, "-c", &code])?;
            let output = self.runner.run(&command.timeout(START_LIMIT));
            match output {
                Ok(output) if output.status == 0 => installed.imported.push(module),
                Ok(output) => {
                    installed.problems.push(format!("import {module}: {}", output.reason(1)));
                }
                Err(error) => installed.problems.push(format!("import {module}: {error}")),
            }
        }
        let commands = format!("{}/", python.scripts);
        for path in paths.iter().filter(|path| path.starts_with(&commands)) {
            let command = self.inside(&[path, "--help"])?;
            let output = self.runner.run(&command.timeout(START_LIMIT));
            match output {
                Ok(output) if output.status == 0 => installed.started.push(path.clone()),
                // Not every command knows the option; what cannot find its modules does fail.
                Ok(output) if !output.reason(20).contains("ModuleNotFoundError") => {}
                Ok(output) => installed.problems.push(format!("{path}: {}", output.reason(1))),
                Err(error) => installed.problems.push(format!("{path}: {error}")),
            }
        }
        Ok(installed)
    }
}

/// Packages by their names, as people install them.
fn with_names(command: Command, packages: &[Available]) -> Command {
    packages.iter().fold(command, |command, package| command.argument(&package.package))
}

/// What was installed in place of a package.
fn instead(package: &Available, versions: &BTreeMap<String, String>) -> Option<String> {
    let version = versions.get(&package.package).map(String::as_str);
    let problem =
        |version: &str| format!("installed by its name, it is {version}, not {}", package.version);
    (version != Some(package.version.as_str())).then(|| problem(version.unwrap_or("missing")))
}

fn tool(error: io::Error) -> CheckError {
    CheckError::Tool(error.to_string())
}

/// The top-level modules among installed paths: packages, modules and extension modules.
fn modules(paths: &[String], sites: &[&str]) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for path in paths {
        let inside = sites.iter().find_map(|site| path.strip_prefix(*site)?.strip_prefix('/'));
        let Some(inside) = inside else { continue };
        let name = match inside.split_once('/') {
            Some((top, "__init__.py")) => top,
            Some(_) => continue,
            None => match inside.split_once('.') {
                Some((name, ending)) if ending == "py" || ending.ends_with("so") => name,
                _ => continue,
            },
        };
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name && !name.starts_with(|c: char| c.is_ascii_digit()) {
            modules.insert(name.to_owned());
        }
    }
    modules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_installed_in_place_of_a_package_is_told() {
        let package = Available {
            package: "python3-one".to_owned(),
            version: "1.4-1".to_owned(),
            ..Available::default()
        };
        let found = |version: &str| {
            let versions = BTreeMap::from([("python3-one".to_owned(), version.to_owned())]);
            instead(&package, &versions)
        };
        assert_eq!(found("1.4-1"), None);
        let told = "installed by its name, it is 1:1.2-1, not 1.4-1";
        assert_eq!(found("1:1.2-1").as_deref(), Some(told));
        let told = "installed by its name, it is missing, not 1.4-1";
        assert_eq!(instead(&package, &BTreeMap::new()).as_deref(), Some(told));
    }

    #[test]
    fn top_level_modules_are_found() {
        let site = "/usr/lib/python3/dist-packages";
        let paths = [
            "a/__init__.py",
            "a/b.py",
            "c.py",
            "_d.cpython-311-x86_64-linux-gnu.so",
            "e.pth",
            "f-1.dist-info/METADATA",
            "g/h/__init__.py",
            "1x.py",
        ];
        let paths: Vec<String> = paths.iter().map(|path| format!("{site}/{path}")).collect();
        let found = modules(&paths, &[site]);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["_d", "a", "c"]);
    }
}
