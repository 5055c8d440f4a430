//! The set of targets: the embedded ones, overlaid by the user's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Table;

use super::detect::OsRelease;
use super::error::TargetError;
use super::file::{Profile, merge, parse};
use super::profile::{ChosenProfile, NameMap};
use super::{Target, embedded};
use crate::base::text::nearest;
use crate::python::artifact::ProjectName;

/// In a name map, the marker of packages without a project.
const NO_PROJECT: &str = "-";
/// In a name map, the marker of a package and its version.
const VERSION: &str = "=";

/// The targets and the name maps that they refer to, by name.
///
/// A file that is added later overrides the one of the same name. It may extend that one by
/// naming itself, and all files that extend the name see the newest.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    /// The files of each name, oldest first; no list is empty.
    files: BTreeMap<String, Vec<Table>>,
    /// The texts of the name maps.
    maps: BTreeMap<String, String>,
}

impl Targets {
    /// Returns the target of a distribution with the highest number: of `fedora`, `fedora-44`.
    pub fn newest(&self, distribution: &str) -> Option<String> {
        let number = |name: &&str| -> Option<u32> {
            name.strip_prefix(distribution)?.strip_prefix('-')?.parse().ok()
        };
        let names = self.names().into_iter().filter(|name| number(name).is_some());
        names.max_by_key(number).map(str::to_owned)
    }

    /// Returns the embedded targets.
    pub fn embedded() -> Targets {
        let mut targets = Targets::default();
        for (name, text) in embedded::TARGETS {
            targets = targets.with_text(name, text).expect("a test loads every embedded target");
        }
        for (name, text) in embedded::NAMES {
            targets = targets.with_names(name, text);
        }
        targets
    }

    /// Returns whether there is a file of that name, even one that is only extended by others.
    pub fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// Returns these targets, overlaid by a file's text for target `name`.
    ///
    /// # Errors
    /// The text is not a target file.
    pub fn with_text(mut self, name: &str, text: &str) -> Result<Targets, TargetError> {
        let table = parse(&format!("{name}.toml"), text)?;
        self.files.entry(name.to_owned()).or_default().push(table);
        Ok(self)
    }

    /// Returns these targets and a name map with lines of four forms: a project and its package; a
    /// project alone, whose package is `python3-PROJECT`; `-` and a package that does not belong to
    /// the project of the convention; `=`, a package and its version. `#` begins a comment.
    pub fn with_names(mut self, name: &str, text: &str) -> Targets {
        self.maps.insert(name.to_owned(), text.to_owned());
        self
    }

    /// Returns these targets, overlaid by a folder: `NAME.toml`, and name maps `names/NAME.txt`.
    ///
    /// # Errors
    /// A file cannot be read, or is not a target file or name map.
    pub fn with_folder(mut self, folder: &Path) -> Result<Targets, TargetError> {
        for (name, path) in listing(folder, "toml")? {
            let text = read(&path)?;
            let table = parse(&path.display().to_string(), &text)?;
            self.files.entry(name).or_default().push(table);
        }
        let names = folder.join("names");
        if names.is_dir() {
            for (name, path) in listing(&names, "txt")? {
                self.maps.insert(name, read(&path)?);
            }
        }
        Ok(self)
    }

    /// Returns the names of the targets in natural order: `el9` before `el10`.
    pub fn names(&self) -> Vec<&str> {
        let concrete = self.files.iter().filter(|(_, files)| {
            !files
                .iter()
                .any(|file| file.get("abstract").and_then(|value| value.as_bool()) == Some(true))
        });
        let mut names: Vec<&str> = concrete.map(|(name, _)| name.as_str()).collect();
        names.sort_by_cached_key(|name| natural(name));
        names
    }

    /// Returns the versions of a target's Pythons, oldest first.
    ///
    /// # Errors
    /// The target is unknown.
    pub fn pythons(&self, name: &str) -> Result<Vec<String>, TargetError> {
        let profile = self.profile(name)?;
        Ok(profile.pythons().into_iter().map(str::to_owned).collect())
    }

    /// Returns a target's architectures in the spelling of machines, its default first.
    ///
    /// # Errors
    /// The target is unknown.
    pub fn architectures(&self, name: &str) -> Result<Vec<String>, TargetError> {
        Ok(self.profile(name)?.architectures().to_vec())
    }

    /// Returns the target of that name for one of its Pythons (`3.11`) and architectures
    /// (`aarch64`, or `arm64` in the spelling of packages); by default for its `python3` and
    /// `x86_64`.
    ///
    /// # Errors
    /// The target, its Python or architecture is unknown, or its file is incomplete.
    pub fn load(
        &self,
        name: &str,
        python: Option<&str>,
        architecture: Option<&str>,
    ) -> Result<Target, TargetError> {
        let profile = self.profile(name)?;
        let map = match profile.names() {
            Some(map) => self.map(name, map)?,
            None => NameMap::default(),
        };
        ChosenProfile::new(name, &profile, python, architecture)?.target(map)
    }

    /// Returns the name of the target for a system, by the text of its os-release file.
    ///
    /// # Errors
    /// No target fits the system.
    pub fn detect(&self, os_release: &str) -> Result<String, TargetError> {
        let mut rules = Vec::new();
        for name in self.names() {
            if let Some(rule) = self.profile(name)?.os_release {
                rules.push((name, rule));
            }
        }
        let system = OsRelease::parse(os_release);
        match system.find(&rules) {
            Some(name) => Ok(name.to_owned()),
            None => {
                Err(TargetError::Unrecognised { system: system.subject(), known: self.known() })
            }
        }
    }

    fn known(&self) -> String {
        self.names().join(", ")
    }

    fn profile(&self, name: &str) -> Result<Profile, TargetError> {
        let names = self.names();
        if !names.contains(&name) {
            return Err(TargetError::Unknown {
                name: name.to_owned(),
                suggestion: nearest(name, names).map(str::to_owned),
                known: self.known(),
            });
        }
        Profile::from_table(name, self.merged(name)?)
    }

    /// Merges the files of a name and all that they extend.
    fn merged(&self, target: &str) -> Result<Table, TargetError> {
        // A name, the number of its visible files, and the newest of them.
        let mut chain: Vec<(&str, usize, &Table)> = Vec::new();
        let mut next = Some((target, usize::MAX));
        while let Some((name, below)) = next {
            let files = self.files.get(name).map_or(&[][..], Vec::as_slice);
            let seen = files.len().min(below);
            let Some(file) = files[..seen].last() else {
                return Err(TargetError::NoBase {
                    target: target.to_owned(),
                    base: name.to_owned(),
                });
            };
            if chain.iter().any(|link| (link.0, link.1) == (name, seen)) {
                return Err(TargetError::Cycle { target: name.to_owned() });
            }
            chain.push((name, seen, file));
            next = file.get("extends").and_then(|base| base.as_str()).map(|base| {
                // A file that extends its own name refers to the one that it overrides.
                (base, if base == name { seen - 1 } else { usize::MAX })
            });
        }
        let mut merged = Table::new();
        for (name, _, file) in chain.into_iter().rev() {
            let mut file = file.clone();
            if name != target {
                // The rule for matching systems is not inherited.
                file.remove("os-release");
            }
            merge(&mut merged, &file);
        }
        Ok(merged)
    }

    fn map(&self, target: &str, name: &str) -> Result<NameMap, TargetError> {
        let text = self.maps.get(name).ok_or_else(|| TargetError::Value {
            target: target.to_owned(),
            key: "names".to_owned(),
            value: name.to_owned(),
            expected: "the name of a name map",
        })?;
        let mut names = NameMap::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            let pair = match words[..] {
                [] => continue,
                [NO_PROJECT, package] => {
                    names.taken.insert(package.to_owned());
                    continue;
                }
                [VERSION, package, version] => {
                    names.versions.insert(package.to_owned(), version.to_owned());
                    continue;
                }
                // A project alone has the name of Debian's convention.
                [project] => project.parse().ok().map(|name| (name, format!("python3-{project}"))),
                [project, package] => project.parse().ok().map(|name| (name, package.to_owned())),
                _ => None,
            };
            let (project, package): (ProjectName, String) =
                pair.ok_or_else(|| TargetError::NameLine {
                    file: format!("{name}.txt"),
                    line: index + 1,
                    text: line.trim().to_owned(),
                })?;
            names.map.insert(project, package);
        }
        Ok(names)
    }
}

/// Returns the names of the files of a folder with that extension, without it, sorted.
fn listing(folder: &Path, extension: &str) -> Result<Vec<(String, PathBuf)>, TargetError> {
    let failed = |source| TargetError::Read { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if let Some(stem) = stem.filter(|_| path.extension().is_some_and(|own| own == extension)) {
            files.push((stem.to_owned(), path));
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String, TargetError> {
    std::fs::read_to_string(path)
        .map_err(|source| TargetError::Read { path: path.to_owned(), source })
}

/// Returns a sort key that compares digits by their number.
fn natural(name: &str) -> Vec<(u64, String)> {
    let mut key: Vec<(u64, String)> = Vec::new();
    for part in name.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = part.trim_end_matches(|c: char| !c.is_ascii_digit());
        let number = digits.parse().unwrap_or_default();
        key.push((number, part[digits.len()..].to_owned()));
    }
    key
}
