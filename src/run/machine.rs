//! What builds need from this machine's distribution: what of it is missing, and how it is installed.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    base::{
        process::{Command, which},
        report::Event,
    },
    distro::{
        hints::{self, ResolvedHint, When},
        targets::Target,
    },
    format::{
        self,
        host::{HostPackages, SystemTools},
    },
    index,
    wheels::{Interpreter, stated_needs},
};

use super::{
    Context,
    complaint::{Complaint, complaint},
    sdists::{SdistSource, pyproject, text_of},
};

/// How long a package manager may take.
const INSTALL_LIMIT: Duration = Duration::from_secs(30 * 60);
/// Sources that a C or C++ compiler makes an extension module of.
const COMPILED: [&str; 6] = [".c", ".cc", ".cpp", ".cxx", ".pyx", ".pxd"];
/// Folders whose files are not part of what is built.
const ASIDE: [&str; 8] =
    ["bench", "benchmarks", "doc", "docs", "examples", "test", "testing", "tests"];

/// This machine's distribution, and access to its packages.
pub(super) struct Machine<'a> {
    run: &'a Context,
    system: &'a Target,
    host: &'static dyn HostPackages,
    path: Vec<PathBuf>,
}

impl<'a> Machine<'a> {
    /// Nothing where the distribution is not one of the targets.
    pub(super) fn of(run: &'a Context) -> Option<Self> {
        let system = run.machine()?;
        let host = format::named(&system.format).ok()?.host()?;
        Some(Self { run, system, host, path: run.settings().environment.path() })
    }

    fn tools(&self) -> SystemTools<'_> {
        SystemTools { runner: self.run.runner(), path: &self.path }
    }

    /// Whether this machine's packages are like the target's. What is built here for a target of
    /// another family may do without what that needs.
    pub(super) fn is_of_targets_family(&self) -> bool {
        self.system.family == self.run.target().family
    }

    /// The packages that a source is known to be built with and that are missing.
    pub(super) fn lacks(&self, source: &SdistSource<'_>, interpreter: &Interpreter) -> Vec<String> {
        let mut lacking = self.missing(build_needs(self.run, source, self.system));
        if is_compiled(source) {
            lacking.extend(self.toolchain(interpreter));
        }
        let mut seen = BTreeSet::new();
        lacking.retain(|name| seen.insert(name.clone()));
        lacking
    }

    /// The compiler and Python's headers, where they are not there.
    fn toolchain(&self, interpreter: &Interpreter) -> Vec<String> {
        let (major, minor) = interpreter.version;
        let header = format!("include/python{major}.{minor}/Python.h");
        let mut missing = Vec::new();
        if which("cc", &self.path).or_else(|| which("gcc", &self.path)).is_none() {
            missing.extend(self.host.compilers().c.iter().map(|name| (*name).to_owned()));
        }
        if !interpreter.prefix.join(header).exists() {
            missing.extend(self.headers(interpreter));
        }
        missing
    }

    /// The package with Python's headers; an interpreter from elsewhere has none.
    fn headers(&self, interpreter: &Interpreter) -> Option<String> {
        let headers = || self.host.python_headers(interpreter.version, self.system);
        (interpreter.prefix == Path::new("/usr")).then(headers)
    }

    /// The packages that a build lacked, as far as what it said tells.
    pub(super) fn lacked(&self, said: &str, interpreter: &Interpreter) -> Vec<String> {
        let mut lacking: BTreeSet<String> = BTreeSet::new();
        for line in said.lines() {
            match complaint(line) {
                Some(Complaint::Header("Python.h" | "pyconfig.h")) => {
                    lacking.extend(self.headers(interpreter));
                }
                Some(Complaint::Header(name)) => lacking.extend(self.known(name)),
                Some(Complaint::Library(name)) => lacking.extend(self.known(&format!("lib{name}"))),
                Some(Complaint::Config(name)) => {
                    lacking.extend(self.known(&format!("pkgconfig({name})")));
                }
                Some(Complaint::Compiler { plus: false }) => {
                    lacking.extend(self.host.compilers().c.first().map(|name| (*name).to_owned()));
                }
                Some(Complaint::Compiler { plus: true }) => {
                    lacking.insert(self.host.compilers().cxx.to_owned());
                }
                None => {}
            }
        }
        self.missing(lacking.into_iter().collect())
    }

    fn known(&self, text: &str) -> Vec<String> {
        let hints = &self.run.settings().policy.hints;
        match hints::resolve(text, When::Build, self.system, hints) {
            Some(ResolvedHint::Packages(names)) => names.into_iter().map(String::from).collect(),
            _ => Vec::new(),
        }
    }

    /// Those of `wanted` that are not installed: of alternatives the first. Where the machine
    /// cannot tell, nothing is known to be missing.
    fn missing(&self, mut wanted: Vec<String>) -> Vec<String> {
        if wanted.is_empty() {
            return wanted;
        }
        let names = wanted.iter().flat_map(|relation| alternatives(relation));
        let names: BTreeSet<String> = names.map(str::to_owned).collect();
        let Some(installed) = self.host.installed(&names, &self.tools()) else {
            return Vec::new();
        };
        wanted.retain(|relation| !alternatives(relation).iter().any(|n| installed.contains(*n)));
        let first = |relation: &String| alternatives(relation).first().map(|n| (*n).to_owned());
        wanted.iter().filter_map(first).filter(|name| is_of_distribution(name)).collect()
    }

    /// The words of the command that installs packages; nothing where no known program does.
    fn installer(&self, packages: &[String]) -> Option<Vec<String>> {
        let words = self.host.install_command(&self.tools());
        which(words[0], &self.path)?;
        let sudo = (!rustix::process::geteuid().is_root()).then_some("sudo");
        let words = sudo.into_iter().chain(words.iter().copied()).map(str::to_owned);
        Some(words.chain(packages.iter().cloned()).collect())
    }

    /// What to do about missing packages.
    pub(super) fn remedy(&self, packages: &[String]) -> String {
        match self.installer(packages) {
            Some(words) => {
                let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                format!(
                    "`{}` installs what is missing, as `--install-build-deps` does",
                    quoted.join(" ")
                )
            }
            None => format!("install {}", packages.join(" ")),
        }
    }

    /// Installs packages.
    ///
    /// # Errors
    /// Why they could not be: the rest of a sentence.
    pub(super) fn install(&self, packages: &[String]) -> Result<(), String> {
        let refuse = |problem: String| format!("needs {}, and {problem}", packages.join(", "));
        let words = self.installer(packages);
        let words = words.ok_or_else(|| refuse("no known program installs it".to_owned()))?;
        let program = which(&words[0], &self.path)
            .ok_or_else(|| refuse(format!("`{}` is not installed", words[0])))?;
        let mut command = Command::new(program, Path::new("/")).timeout(INSTALL_LIMIT);
        for (name, value) in self.run.settings().environment.session() {
            command = command.variable(&name, value);
        }
        command = command.variable("DEBIAN_FRONTEND", "noninteractive");
        for word in &words[1..] {
            command = command.argument(word);
        }
        let line = format!("installing {}", packages.join(", "));
        self.run.reporter().event(Event::Warning(&line));
        let output = self.run.runner().run(&command).map_err(|error| refuse(error.to_string()))?;
        match output.status {
            0 => Ok(()),
            _ => Err(refuse(format!("`{}` failed: {}", command.line(), output.reason(5)))),
        }
    }
}

/// What hints and a source say that it is built with, in the names of a system's packages.
pub(super) fn build_needs(run: &Context, source: &SdistSource<'_>, system: &Target) -> Vec<String> {
    let hints = &run.settings().policy.hints;
    let projects = source.release.iter();
    let known = projects.flat_map(|(project, _)| hints::of_project(project, system, hints));
    let known = known.filter(|need| need.when == When::Build).flat_map(|need| need.packages);
    let text = pyproject(source).ok().flatten().unwrap_or_default();
    let stated = stated_needs(&text).into_iter().filter(|(when, _)| *when == When::Build);
    let stated =
        stated.filter_map(|(when, text)| match hints::resolve(&text, when, system, hints) {
            Some(ResolvedHint::Packages(names)) => Some(names),
            _ => None,
        });
    known.chain(stated.flatten()).map(String::from).collect()
}

/// Whether a package manager looks a name up in the distribution's repositories: an sdist may state
/// what it likes, and the path or address of a package would be installed as it is.
fn is_of_distribution(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "+._():/-".contains(c);
    let is_command = ["/usr/bin/", "/usr/sbin/"]
        .iter()
        .any(|folder| name.strip_prefix(folder).is_some_and(|rest| !rest.contains('/')));
    name.chars().all(is_plain)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
        && (is_command || !name.contains('/'))
        && ![".rpm", ".deb", "-"].iter().any(|end| name.ends_with(end))
}

/// The names in a relation, best first: `a | b (>= 1)`, `(a or b)`.
fn alternatives(relation: &str) -> Vec<&str> {
    let bare = match relation.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(bare) if bare.contains(" or ") => bare,
        _ => relation,
    };
    let parts = bare.split(" | ").flat_map(|part| part.split(" or "));
    parts.filter_map(|part| part.split_whitespace().next()).collect()
}

fn quoted(word: &str) -> String {
    if word.contains(['(', ' ']) { format!("'{word}'") } else { word.to_owned() }
}

/// What a build that makes modules for several Pythons says in one of these files: they fit the
/// stable interface (PEP 384).
const STABLE: [&str; 3] = ["abi3", "limited_api", "limited-api"];
const BUILD_FILES: [&str; 5] =
    ["pyproject.toml", "setup.py", "setup.cfg", "Cargo.toml", "meson.build"];
const CARGO: &str = "Cargo.toml";

/// Whether a source has modules that fit only the Python that compiles them.
pub(super) fn needs_its_python(source: &SdistSource<'_>) -> bool {
    let text = |file: &str| text_of(source, file).ok().flatten();
    let is_stable =
        |file: &str| text(file).is_some_and(|text| STABLE.iter().any(|word| text.contains(word)));
    (is_compiled(source) || text(CARGO).is_some())
        && !BUILD_FILES.iter().any(|file| is_stable(file))
}

/// Whether a source has parts in C, C++ or Cython that are built.
fn is_compiled(source: &SdistSource<'_>) -> bool {
    let is_part = |path: &str| {
        COMPILED.iter().any(|ending| path.ends_with(ending))
            && !path.split('/').any(|folder| ASIDE.contains(&folder))
    };
    if source.path.is_dir() {
        walkdir::WalkDir::new(source.path).into_iter().filter_map(Result::ok).any(|entry| {
            let inner = entry.path().strip_prefix(source.path).unwrap_or(entry.path());
            inner.to_str().is_some_and(is_part)
        })
    } else {
        index::sdist_has(source.path, &source.filename, &is_part).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_distribution_are_installed() {
        for name in
            ["libpq-dev", "g++", "pkgconfig(libxml-2.0)", "/usr/bin/cargo", "libfoo.so.1()(64bit)"]
        {
            assert!(is_of_distribution(name), "{name}");
        }
        for name in [
            "/tmp/evil.rpm",
            "/usr/bin/../../tmp/x",
            "./evil.deb",
            "https://x.example/y.rpm",
            "evil.rpm",
            "--allow-untrusted",
            "bash-",
            "lib*",
            "a b",
            "",
        ] {
            assert!(!is_of_distribution(name), "{name}");
        }
    }

    #[test]
    fn relations_have_alternatives() {
        assert_eq!(alternatives("libdb-dev | libdb5.3-dev (>= 5)"), ["libdb-dev", "libdb5.3-dev"]);
        assert_eq!(alternatives("(libffi.so.8()(64bit) or x)"), ["libffi.so.8()(64bit)", "x"]);
        assert_eq!(alternatives("pkgconfig(libpq)"), ["pkgconfig(libpq)"]);
    }
}
