//! Conversion of target files to a [`Target`].

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use super::error::TargetError;
use super::file::{ArchitectureRow, Profile, PythonRow, Spread};
use super::{Architecture, Naming, Python, Target};
use crate::base::text::unknown_key as reason;
use crate::plan::{Shebang, is_path};
use crate::python::artifact::ProjectName;

impl Profile {
    /// Returns the profile of merged files. `target` is its name for the error.
    pub(super) fn from_table(target: &str, table: Table) -> Result<Profile, TargetError> {
        table.try_into().map_err(|error: toml::de::Error| TargetError::Syntax {
            file: target.to_owned(),
            line: 1,
            reason: reason(error.message()),
        })
    }

    /// Returns the name of the name map that the profile starts from.
    pub(super) fn names(&self) -> Option<&str> {
        self.naming.names.as_deref()
    }

    /// Returns the versions of the target's Pythons, oldest first.
    pub(super) fn pythons(&self) -> Vec<&str> {
        let mut versions: Vec<&str> = self.pythons.keys().map(String::as_str).collect();
        versions.sort_by_key(|version| pair(version));
        versions
    }

    /// Returns the architectures in the spelling of machines; the first is the default.
    pub(super) fn architectures(&self) -> &[String] {
        &self.architectures
    }
}

/// The contents of a name map.
#[derive(Debug, Default)]
pub(super) struct NameMap {
    /// Projects and their packages.
    pub map: BTreeMap<ProjectName, String>,
    /// Packages that do not belong to the projects of the convention.
    pub taken: BTreeSet<String>,
    /// Packages and their versions.
    pub versions: BTreeMap<String, String>,
}

/// A profile with the chosen target, Python and architecture.
pub(super) struct ChosenProfile<'a> {
    target: &'a str,
    profile: &'a Profile,
    version: (u32, u32),
    row: &'a PythonRow,
    machine: &'a str,
    architecture: &'a ArchitectureRow,
    is_default: bool,
    /// Returns the full version of the target's default Python.
    default_version: String,
}

impl<'a> ChosenProfile<'a> {
    /// Looks up the Python (`3.11`) and the architecture (`aarch64`, or `arm64` in the spelling of
    /// packages); the target's defaults if none is named.
    pub(super) fn new(
        target: &'a str,
        profile: &'a Profile,
        python: Option<&str>,
        architecture: Option<&str>,
    ) -> Result<ChosenProfile<'a>, TargetError> {
        let default =
            profile.default_python.as_deref().ok_or_else(|| missing(target, "default-python"))?;
        let python = python.unwrap_or(default);
        let (key, row) =
            profile.pythons.get_key_value(python).ok_or_else(|| TargetError::UnknownPython {
                target: target.to_owned(),
                python: python.to_owned(),
                known: profile.pythons().join(", "),
            })?;
        let version = pair(key).ok_or_else(|| TargetError::Value {
            target: target.to_owned(),
            key: "pythons".to_owned(),
            value: key.clone(),
            expected: "a major and a minor version such as `3.11`",
        })?;
        let (machine, row_of_machine) = machine(target, profile, architecture)?;
        Ok(ChosenProfile {
            target,
            profile,
            version,
            row,
            machine,
            architecture: row_of_machine,
            is_default: python == default,
            default_version: profile
                .pythons
                .get(default)
                .and_then(|row| row.full_version.clone())
                .unwrap_or_else(|| default.to_owned()),
        })
    }

    /// Returns the target; `map` is the name map from [`Profile::names`].
    pub(super) fn target(&self, names: NameMap) -> Result<Target, TargetError> {
        let NameMap { mut map, mut taken, versions } = names;
        let profile = self.profile;
        let naming = &profile.naming;
        let python = self.python()?;
        let source_recipe = profile.source_recipe.filled(&python.package_prefix);
        let filled = |(project, name): (&ProjectName, &String)| {
            (project.clone(), name.replace("{prefix}", &python.package_prefix))
        };
        map.extend(naming.map.iter().map(filled));
        let owners: BTreeMap<ProjectName, String> = naming.owners.iter().map(filled).collect();
        let aliases = self.aliases()?;
        for name in &naming.taken {
            taken.insert(format!("{}{name}", python.package_prefix));
            taken.extend(aliases.iter().map(|alias| alias.replace("{name}", name)));
        }
        // A package of one project belongs to no other.
        taken.extend(map.values().chain(owners.values()).cloned());
        Ok(Target {
            name: self.target.to_owned(),
            description: self.required(&profile.description, "description")?,
            format: self.required(&profile.format, "format")?,
            family: self.required(&profile.family, "family")?,
            dist_tag: self.required(&profile.dist_tag, "dist-tag")?,
            glibc: self.glibc()?,
            compression: self.required(&profile.compression, "compression")?,
            architecture: self.architecture()?,
            python,
            naming: Naming {
                unversioned_dist: match self.value(naming.unversioned_dist, "unversioned-dist")? {
                    Spread::Always => true,
                    Spread::Default => self.is_default,
                    Spread::Never => false,
                },
                dotted_dist: self.value(naming.dotted_dist, "dotted-dist")?,
                aliases,
                fold_python_prefix: self.value(naming.fold_python_prefix, "fold-python-prefix")?,
                published_spelling: naming.published_spelling,
                rule: naming.rule,
                map,
                taken,
                versions,
                owners,
            },
            layout: self.value(profile.layout.clone(), "layout")?,
            build_flags: profile.build_flags.clone(),
            libraries: profile.libraries.clone(),
            programs: profile.programs.clone(),
            unit_scriptlets: profile.unit_scriptlets.clone(),
            source_recipe,
            isolation: None,
        })
    }

    fn glibc(&self) -> Result<(u32, u32), TargetError> {
        let text = self.required(&self.profile.glibc, "glibc")?;
        pair(&text).ok_or_else(|| self.invalid("glibc", &text, "a version such as `2.36`"))
    }

    fn architecture(&self) -> Result<Architecture, TargetError> {
        let row = self.architecture;
        let format = self.required(&self.profile.format, "format")?;
        let package = row.package.get(&format).map_or(self.machine, |name| name);
        Ok(Architecture {
            machine: self.machine.to_owned(),
            package: package.to_owned(),
            independent: self
                .required(&self.profile.independent_architecture, "independent-architecture")?,
            library_mark: self.required(&row.library_mark, "library-mark")?,
            isa: self.required(&row.isa, "isa")?,
            loader: self.required(&row.loader, "loader")?,
        })
    }

    fn python(&self) -> Result<Python, TargetError> {
        let full_version = self.filled("full-version", |row| &row.full_version)?;
        if full_version.parse::<pep440_rs::Version>().is_err() {
            return Err(self.invalid("full-version", &full_version, "a version"));
        }
        let python = Python {
            version: self.version,
            full_version,
            is_default: self.is_default,
            default_version: self.default_version.clone(),
            package_prefix: self.filled("package-prefix", |row| &row.package_prefix)?,
            interpreter_package: self
                .filled("interpreter-package", |row| &row.interpreter_package)?,
            interpreter: self.filled("interpreter", |row| &row.interpreter)?,
            shebang_options: self.filled("shebang-options", |row| &row.shebang_options)?,
            purelib: self.filled("purelib", |row| &row.purelib)?,
            platlib: self.filled("platlib", |row| &row.platlib)?,
            include: self.filled("include", |row| &row.include)?,
            scripts: self.filled("scripts", |row| &row.scripts)?,
            data: self.filled("data", |row| &row.data)?,
        };
        self.check_paths(&python)?;
        Ok(python)
    }

    /// Checks paths: recipes contain them, and scripts begin with the interpreter.
    fn check_paths(&self, python: &Python) -> Result<(), TargetError> {
        let folders = [
            ("purelib", &python.purelib),
            ("platlib", &python.platlib),
            ("include", &python.include),
            ("scripts", &python.scripts),
            ("data", &python.data),
        ];
        if let Some((key, value)) = folders.into_iter().find(|(_, path)| !is_path(path)) {
            return Err(self.invalid(key, value, "an absolute path of letters, digits and `._+-`"));
        }
        let options = &python.shebang_options;
        let separator = if options.is_empty() { "" } else { " " };
        let line = format!("#!{}{separator}{options}", python.interpreter);
        let expected = "an interpreter in a folder of programs, with one option at most";
        match Shebang::parse(&line) {
            Ok(_) => Ok(()),
            Err(_) => Err(self.invalid("interpreter", &line[2..], expected)),
        }
    }

    /// Returns further names, which the distribution's own packages of its default Python have.
    fn aliases(&self) -> Result<Vec<String>, TargetError> {
        if !self.is_default {
            return Ok(Vec::new());
        }
        let aliases = self.profile.naming.aliases.iter();
        aliases.map(|alias| self.fill(alias, "aliases", "{name}")).collect()
    }

    fn required(&self, value: &Option<String>, key: &str) -> Result<String, TargetError> {
        self.value(value.clone(), key)
    }

    fn value<T>(&self, value: Option<T>, key: &str) -> Result<T, TargetError> {
        value.ok_or_else(|| missing(self.target, key))
    }

    /// Returns a value of the Python's own row, else of the shared row.
    fn filled(
        &self,
        key: &str,
        value: impl Fn(&PythonRow) -> &Option<String>,
    ) -> Result<String, TargetError> {
        let own = value(self.row).as_ref();
        let text = own.or(value(&self.profile.python).as_ref());
        self.fill(self.value(text, key)?, key, "")
    }

    /// Replaces `{version}`, `{digits}` and `{lib}`; `kept` is the only other placeholder allowed.
    fn fill(&self, text: &str, key: &str, kept: &str) -> Result<String, TargetError> {
        let (major, minor) = self.version;
        let lib = self.required(&self.architecture.lib, "lib")?;
        let filled = text
            .replace("{version}", &format!("{major}.{minor}"))
            .replace("{digits}", &format!("{major}{minor}"))
            .replace("{lib}", &lib);
        if filled.replace(kept, "").contains(['{', '}']) {
            return Err(self.invalid(key, text, "free of unknown placeholders"));
        }
        Ok(filled)
    }

    fn invalid(&self, key: &str, value: &str, expected: &'static str) -> TargetError {
        TargetError::Value {
            target: self.target.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
            expected,
        }
    }
}

fn machine<'a>(
    target: &str,
    profile: &'a Profile,
    wanted: Option<&str>,
) -> Result<(&'a str, &'a ArchitectureRow), TargetError> {
    let row = |name: &'a String| -> Result<(&'a str, &'a ArchitectureRow), TargetError> {
        match profile.architecture.get(name) {
            Some(row) => Ok((name, row)),
            None => Err(missing(target, &format!("architecture.{name}"))),
        }
    };
    let Some(wanted) = wanted else {
        let first = profile.architectures.first();
        return row(first.ok_or_else(|| missing(target, "architectures"))?);
    };
    for name in &profile.architectures {
        let (machine, found) = row(name)?;
        let format = profile.format.as_deref().unwrap_or_default();
        if machine == wanted || found.package.get(format).is_some_and(|own| own == wanted) {
            return Ok((machine, found));
        }
    }
    Err(TargetError::UnknownArchitecture {
        target: target.to_owned(),
        architecture: wanted.to_owned(),
        known: profile.architectures.join(", "),
    })
}

fn missing(target: &str, key: &str) -> TargetError {
    TargetError::Missing { target: target.to_owned(), key: key.to_owned() }
}

/// Parses `3.11`.
fn pair(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
