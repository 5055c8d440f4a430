//! Projects' system dependencies, by the names of a target's packages.
//!
//! A hint is a text such as `libpng (>=1.5)`, `dep:generic/openssl` or `pkgconfig(libpq)`. It is
//! never guessed: for one that neither the user nor a table has, similar names are reported.

mod role;
mod table;
mod user;

pub use self::role::{is_compiler, is_development};
use self::table::{Library, libraries, programs, projects};
pub use self::user::{HintError, UserHints};
use crate::{
    base::text::nearest,
    distro::targets::Target,
    plan::relation::{CapabilityName, LibraryName},
    python::{
        artifact::ProjectName,
        metadata::{evaluate, parse_marker},
    },
};

/// When a dependency is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// To build the project's sdist.
    Build,
    /// Always.
    Run,
    /// For a part of the project.
    Recommend,
}

/// A system dependency, by the names of the target's packages or capabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub when: When,
    /// All of them are needed.
    pub packages: Vec<CapabilityName>,
    /// For the reviewer.
    pub origin: String,
}

/// The resolution of a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolvedHint {
    /// Empty if nothing has to be installed.
    Packages(Vec<CapabilityName>),
    /// Unknown; similar names.
    Unknown { candidates: Vec<String> },
}

impl ResolvedHint {
    /// Returns the packages of these names; unknown if one of them is not a name.
    fn named(names: impl IntoIterator<Item = String>) -> Self {
        let parsed = names.into_iter().map(|name| CapabilityName::parse(&name));
        match parsed.collect() {
            Ok(packages) => Self::Packages(packages),
            Err(_) => Self::Unknown { candidates: Vec::new() },
        }
    }
}

/// The prefix of origins of needs from the tables.
const TABLE_ORIGIN: &str = "hint table: ";

/// Returns whether a need comes from the tables, by its origin.
pub fn is_of_table(origin: &str) -> bool {
    origin.starts_with(TABLE_ORIGIN)
}

/// Returns a project's needs from the tables and the user.
pub fn of_project(project: &ProjectName, target: &Target, user: &UserHints) -> Vec<Need> {
    if let Some(needs) = user.project(project) {
        return needs;
    }
    let Some(names) = HintColumn::of(target) else { return Vec::new() };
    let rows = projects().iter().filter(|row| row.project == *project);
    rows.map(|row| Need {
        when: row.when,
        packages: names.split(if names == HintColumn::Debian { &row.debian } else { &row.rpm }),
        origin: format!("{TABLE_ORIGIN}{} ({})", row.why, row.source),
    })
    .collect()
}

/// Returns the packages for a hint on a target; `None` if its marker does not hold there.
pub fn resolve(text: &str, when: When, target: &Target, user: &UserHints) -> Option<ResolvedHint> {
    let (hint, marker) = text.split_once(';').unwrap_or((text, ""));
    let hint = hint.trim();
    if let Some(packages) = user.name(hint) {
        return Some(ResolvedHint::Packages(packages));
    }
    if !marker.trim().is_empty()
        && parse_marker(marker).is_ok_and(|tree| !evaluate(&tree, &target.markers(), &[]))
    {
        return None;
    }
    let name = without_version(hint);
    if let Some(packages) = user.name(name) {
        return Some(ResolvedHint::Packages(packages));
    }
    if let Some(rest) = name.strip_prefix("dep:").or_else(|| name.strip_prefix("pkg:")) {
        // A Python project is stated as a requirement like any other.
        if rest.starts_with("pypi/") {
            return Some(ResolvedHint::Packages(Vec::new()));
        }
        let key = rest.rsplit('/').next().unwrap_or(rest);
        return Some(by_table(key, when, target));
    }
    let config = name.strip_prefix("pkgconfig(").and_then(|rest| rest.strip_suffix(')'));
    if let Some(config) = config.or_else(|| name.strip_suffix(".pc")) {
        return Some(match HintColumn::of(target) {
            Some(HintColumn::Rpm) => ResolvedHint::named([format!("pkgconfig({config})")]),
            _ => match by_table(&format!("pkgconfig({config})"), When::Build, target) {
                ResolvedHint::Unknown { .. } => by_table(config, When::Build, target),
                known => known,
            },
        });
    }
    if name.contains(".so") && !name.contains('/') {
        // rpm adds marks to it.
        return Some(by_soname(name.split('(').next().unwrap_or(name), target));
    }
    // A header has the name of its library, or is in a folder of that name.
    if let Some(header) = name.strip_suffix(".h") {
        return Some(by_table(header.split('/').next().unwrap_or(header), When::Build, target));
    }
    if name.starts_with('/') && HintColumn::of(target) == Some(HintColumn::Rpm) {
        return Some(ResolvedHint::named([name.to_owned()]));
    }
    let program = if when == When::Build { None } else { program(name, target) };
    Some(program.unwrap_or_else(|| by_table(name, when, target)))
}

/// Returns the package of a program, by a plain name that could also be a library.
fn program(name: &str, target: &Target) -> Option<ResolvedHint> {
    let row = programs().iter().find(|row| row.name == name)?;
    let names = HintColumn::of(target)?;
    Some(ResolvedHint::Packages(names.split(match names {
        HintColumn::Debian => &row.debian,
        HintColumn::Rpm => &row.rpm,
    })))
}

/// The naming column of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HintColumn {
    Debian,
    /// Capabilities common to the distributions with rpm.
    Rpm,
}

impl HintColumn {
    /// Returns the column of a target; `None` for formats without one.
    fn of(target: &Target) -> Option<Self> {
        match target.format.as_str() {
            "deb" => Some(Self::Debian),
            "rpm" => Some(Self::Rpm),
            _ => None,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Debian => Self::Rpm,
            Self::Rpm => Self::Debian,
        }
    }

    fn column(self, library: &Library, is_build: bool) -> &str {
        match (self, is_build) {
            (Self::Debian, false) => &library.debian,
            (Self::Debian, true) => &library.debian_build,
            (Self::Rpm, false) => &library.rpm,
            (Self::Rpm, true) => &library.rpm_build,
        }
    }

    /// Returns the relations in a table's cell, in the format's syntax.
    fn split(self, cell: &str) -> Vec<CapabilityName> {
        let parts = cell.split(", ").filter(|part| !part.is_empty());
        let written = parts.map(|part| {
            if part.contains(" or ") && self == Self::Rpm {
                format!("({part})")
            } else {
                part.to_owned()
            }
        });
        // A test parses all tables.
        written.filter_map(|text| CapabilityName::parse(&text).ok()).collect()
    }
}

/// Returns the name in `libpng (>=1.5)` or `openssl@>=3`.
fn without_version(hint: &str) -> &str {
    let end = hint.find([' ', '\t', '@', '<', '>', '=']).unwrap_or(hint.len());
    let name = hint[..end].trim();
    // A capability such as `pkgconfig(x)` keeps its parentheses, a version in them does not.
    match name.split_once('(') {
        Some((name, version)) if version.starts_with(['<', '>', '=']) => name,
        _ => name,
    }
}

/// Strips a name of the distributions' prefixes and suffixes.
fn stem(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let base = ["-devel", "-dev", "-headers"].iter().find_map(|ending| lower.strip_suffix(ending));
    let base = base.unwrap_or(&lower);
    base.strip_prefix("lib").unwrap_or(base).to_owned()
}

fn by_table(name: &str, when: When, target: &Target) -> ResolvedHint {
    let Some(names) = HintColumn::of(target) else {
        return ResolvedHint::Unknown { candidates: Vec::new() };
    };
    let key = stem(name);
    let found = libraries().iter().find(|library| library.key == key || library.key == name);
    if let Some(library) = found {
        let is_build = when == When::Build || name.ends_with("-dev") || name.ends_with("-devel");
        return ResolvedHint::Packages(names.split(names.column(library, is_build)));
    }
    // The exact name in this family of distributions, or another one.
    if row_with(name, names).is_some() {
        return ResolvedHint::named([name.to_owned()]);
    }
    if let Some((library, is_build)) = row_with(name, names.other()) {
        let is_build = is_build || when == When::Build;
        return ResolvedHint::Packages(names.split(names.column(library, is_build)));
    }
    let keys = || libraries().iter().map(|library| library.key.as_str());
    let mut candidates: Vec<String> =
        keys().filter(|known| key.len() > 2 && known.contains(&key)).map(str::to_owned).collect();
    candidates.extend(nearest(&key, keys()).map(str::to_owned));
    candidates.sort();
    candidates.dedup();
    ResolvedHint::Unknown { candidates }
}

/// Returns the row with a name of the family, and whether that is for building.
fn row_with(name: &str, names: HintColumn) -> Option<(&'static Library, bool)> {
    let has = |cell: &str| {
        let parts = cell.split([',', '|']).flat_map(|part| part.split(" or "));
        parts.map(str::trim).any(|known| known == name)
    };
    libraries().iter().find_map(|library| {
        let is_build = [false, true].into_iter().find(|build| has(names.column(library, *build)));
        is_build.map(|is_build| (library, is_build))
    })
}

/// Returns a library as rpm's capabilities write it.
fn capability(soname: &str) -> String {
    format!("{soname}()(64bit)")
}

/// Returns the row of a shared library.
fn row(soname: &str) -> Option<&'static Library> {
    let capability = capability(soname);
    libraries().iter().find(|library| library.rpm.split(" or ").any(|name| name == capability))
}

fn by_soname(soname: &str, target: &Target) -> ResolvedHint {
    let package = match HintColumn::of(target) {
        Some(HintColumn::Rpm) => {
            return match LibraryName::parse(soname) {
                Ok(name) => ResolvedHint::named([capability(&name)]),
                Err(_) => ResolvedHint::Unknown { candidates: Vec::new() },
            };
        }
        Some(HintColumn::Debian) => {
            let in_table = || row(soname).map(|library| library.debian.clone());
            target.libraries.get(soname).cloned().or_else(in_table)
        }
        None => target.libraries.get(soname).cloned(),
    };
    match package {
        Some(package) => ResolvedHint::named([package]),
        None => ResolvedHint::Unknown { candidates: Vec::new() },
    }
}

/// Returns the only package with a library on a target, by the target's list and the tables;
/// `None` if it differs between releases, or if packages require libraries by their sonames.
pub fn library_package(soname: &str, target: &Target) -> Option<CapabilityName> {
    match by_soname(soname, target) {
        ResolvedHint::Packages(names) if HintColumn::of(target) != Some(HintColumn::Rpm) => {
            names.into_iter().next().filter(|name| !name.contains('|'))
        }
        _ => None,
    }
}

/// Returns the packages needed to build with a shared library; `None` if no table has it.
pub fn development(soname: &str, target: &Target) -> Vec<CapabilityName> {
    let found = HintColumn::of(target).zip(row(soname));
    found.map(|(names, row)| names.split(names.column(row, true))).unwrap_or_default()
}

#[cfg(test)]
mod tests;
