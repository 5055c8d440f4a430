//! What projects need from the system, in the names of a target's packages.
//!
//! A hint is a text such as `libpng (>=1.5)`, `dep:generic/openssl` or `pkgconfig(libpq)`. It is
//! never guessed at: what neither the user nor a table knows is told with what comes near it.

mod table;
mod user;

use self::table::{Library, libraries, projects};
pub use self::user::{HintError, UserHints};
use crate::{
    artifact::ProjectName,
    metadata::{evaluate, parse_marker},
    target::Target,
    text::nearest,
};

/// When something is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// To build the project's sdist.
    Build,
    /// Always.
    Run,
    /// For a part of the project.
    Recommend,
}

/// Something that is needed, by the names of the target's packages or capabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub when: When,
    /// Ready to be written into a relation; several are all needed.
    pub packages: Vec<String>,
    /// For the reviewer.
    pub origin: String,
}

/// What became of a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// Empty where nothing has to be installed.
    Packages(Vec<String>),
    /// Nobody knows it; what comes near.
    Unknown { candidates: Vec<String> },
}

/// What the tables and the user say that a project needs.
pub fn of_project(project: &ProjectName, target: &Target, user: &UserHints) -> Vec<Need> {
    if let Some(needs) = user.project(project) {
        return needs;
    }
    let rows = projects().iter().filter(|row| row.project == *project);
    rows.map(|row| Need {
        when: row.when,
        packages: split(if is_debian(target) { &row.debian } else { &row.rpm }, target),
        origin: format!("hint table: {} ({})", row.why, row.source),
    })
    .collect()
}

/// The packages that a hint stands for on a target; `None` where its marker does not hold there.
pub fn resolve(text: &str, when: When, target: &Target, user: &UserHints) -> Option<Resolved> {
    let (hint, marker) = text.split_once(';').unwrap_or((text, ""));
    let hint = hint.trim();
    if let Some(packages) = user.name(hint) {
        return Some(Resolved::Packages(packages));
    }
    if !marker.trim().is_empty()
        && parse_marker(marker).is_ok_and(|tree| !evaluate(&tree, &target.markers(), &[]))
    {
        return None;
    }
    let name = without_version(hint);
    if let Some(packages) = user.name(name) {
        return Some(Resolved::Packages(packages));
    }
    if let Some(rest) = name.strip_prefix("dep:").or_else(|| name.strip_prefix("pkg:")) {
        // A Python project is a requirement like others, and stated as such.
        if rest.starts_with("pypi/") {
            return Some(Resolved::Packages(Vec::new()));
        }
        let key = rest.rsplit('/').next().unwrap_or(rest);
        return Some(by_table(key, when, target));
    }
    let config = name.strip_prefix("pkgconfig(").and_then(|rest| rest.strip_suffix(')'));
    if let Some(config) = config.or_else(|| name.strip_suffix(".pc")) {
        return Some(match is_debian(target) {
            true => by_table(config, When::Build, target),
            false => Resolved::Packages(vec![format!("pkgconfig({config})")]),
        });
    }
    if name.contains(".so") && !name.contains('/') {
        return Some(by_soname(name, target));
    }
    // A header is called as its library is, or lies in a folder that is.
    if let Some(header) = name.strip_suffix(".h") {
        return Some(by_table(header.split('/').next().unwrap_or(header), When::Build, target));
    }
    if name.starts_with('/') && !is_debian(target) {
        return Some(Resolved::Packages(vec![name.to_owned()]));
    }
    Some(by_table(name, when, target))
}

fn is_debian(target: &Target) -> bool {
    target.format == "deb"
}

/// `libpng (>=1.5)` and `openssl@>=3` without what follows the name.
fn without_version(hint: &str) -> &str {
    let end = hint.find([' ', '\t', '@', '<', '>', '=']).unwrap_or(hint.len());
    let name = hint[..end].trim();
    // A capability such as `pkgconfig(x)` keeps its parentheses, a version in them does not.
    match name.split_once('(') {
        Some((name, version)) if version.starts_with(['<', '>', '=']) => name,
        _ => name,
    }
}

/// A name without what the distributions put around it.
fn stem(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let base = ["-devel", "-dev", "-headers"].iter().find_map(|ending| lower.strip_suffix(ending));
    let base = base.unwrap_or(&lower);
    base.strip_prefix("lib").unwrap_or(base).to_owned()
}

fn by_table(name: &str, when: When, target: &Target) -> Resolved {
    let key = stem(name);
    let found = libraries().iter().find(|library| library.key == key || library.key == name);
    if let Some(library) = found {
        let is_build = when == When::Build || name.ends_with("-dev") || name.ends_with("-devel");
        return Resolved::Packages(split(column(library, is_build, target), target));
    }
    // The very name that this family of distributions has.
    let is_known = |library: &Library| {
        [false, true].iter().any(|is_build| {
            column(library, *is_build, target).split([',', '|']).any(|known| known.trim() == name)
        })
    };
    if libraries().iter().any(is_known) {
        return Resolved::Packages(vec![name.to_owned()]);
    }
    let keys = || libraries().iter().map(|library| library.key.as_str());
    let mut candidates: Vec<String> =
        keys().filter(|known| key.len() > 2 && known.contains(&key)).map(str::to_owned).collect();
    candidates.extend(nearest(&key, keys()).map(str::to_owned));
    candidates.sort();
    candidates.dedup();
    Resolved::Unknown { candidates }
}

fn by_soname(soname: &str, target: &Target) -> Resolved {
    let capability = format!("{soname}()(64bit)");
    if !is_debian(target) {
        return Resolved::Packages(vec![capability]);
    }
    let in_table = || {
        let mut found = libraries().iter();
        let row = found.find(|library| library.rpm.split(" or ").any(|name| name == capability))?;
        Some(row.debian.clone())
    };
    match target.libraries.get(soname).cloned().or_else(in_table) {
        Some(package) => Resolved::Packages(vec![package]),
        None => Resolved::Unknown { candidates: Vec::new() },
    }
}

/// The one package in which a Debian target has a library, as far as its own list and the tables
/// know; nothing where it differs between releases.
pub fn library_package(soname: &str, target: &Target) -> Option<String> {
    match by_soname(soname, target) {
        Resolved::Packages(names) if is_debian(target) => {
            names.into_iter().next().filter(|name| !name.contains('|'))
        }
        _ => None,
    }
}

/// What has to be installed to build with a shared library; nothing where no table has it.
pub fn development(soname: &str, target: &Target) -> Vec<String> {
    let capability = format!("{soname}()(64bit)");
    let is_of = |library: &&Library| library.rpm.split(" or ").any(|name| name == capability);
    let row = libraries().iter().find(is_of);
    row.map(|library| split(column(library, true, target), target)).unwrap_or_default()
}

fn column<'l>(library: &'l Library, is_build: bool, target: &Target) -> &'l str {
    match (is_debian(target), is_build) {
        (true, false) => &library.debian,
        (true, true) => &library.debian_build,
        (false, false) => &library.rpm,
        (false, true) => &library.rpm_build,
    }
}

/// The relations of a table's cell, in the words of the format.
fn split(cell: &str, target: &Target) -> Vec<String> {
    let parts = cell.split(", ").filter(|part| !part.is_empty());
    let written = parts.map(|part| match part.contains(" or ") && !is_debian(target) {
        true => format!("({part})"),
        false => part.to_owned(),
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{artifact::project_name, target::Targets};

    fn target(name: &str) -> Target {
        Targets::embedded().load(name, None, None).unwrap()
    }

    #[test]
    fn every_class_of_hints_is_resolved() {
        let (deb, rpm) = (target("debian-12"), target("fedora-43"));
        let user = UserHints::default();
        let packages = |names: &[&str]| {
            Some(Resolved::Packages(names.iter().map(|name| (*name).to_owned()).collect()))
        };
        for (text, when, on_deb, on_rpm) in [
            ("libpq (>=12)", When::Run, "libpq5", "libpq.so.5()(64bit)"),
            ("dep:generic/openssl@>=3", When::Build, "libssl-dev", "pkgconfig(openssl)"),
            ("dep:virtual/compiler/c", When::Build, "gcc", "/usr/bin/gcc"),
            ("pkgconfig(libxml-2.0)", When::Run, "libxml2-dev", "pkgconfig(libxml-2.0)"),
            ("libmagic.so.1", When::Run, "libmagic1 | libmagic1t64", "libmagic.so.1()(64bit)"),
            ("libz.so.1", When::Run, "zlib1g", "libz.so.1()(64bit)"),
            ("git", When::Run, "git", "/usr/bin/git"),
            ("zlib.h", When::Run, "zlib1g-dev", "pkgconfig(zlib)"),
            ("openssl/ssl.h", When::Run, "libssl-dev", "pkgconfig(openssl)"),
            ("libyaml-devel", When::Run, "libyaml-dev", "pkgconfig(yaml-0.1)"),
        ] {
            assert_eq!(resolve(text, when, &deb, &user), packages(&[on_deb]), "{text}");
            assert_eq!(resolve(text, when, &rpm, &user), packages(&[on_rpm]), "{text}");
        }
        assert_eq!(resolve("make; sys_platform == 'win32'", When::Run, &deb, &user), None);
        assert_eq!(resolve("dep:pypi/numpy", When::Run, &deb, &user), packages(&[]));
        let unknown = |candidates: &[&str]| {
            let candidates = candidates.iter().map(|name| (*name).to_owned()).collect();
            Some(Resolved::Unknown { candidates })
        };
        // It exists on no distribution.
        let near = unknown(&["xml-2.0", "xml2", "xmlsec1"]);
        assert_eq!(resolve("libxml-dev", When::Run, &deb, &user), near);
        assert_eq!(resolve("libxml/parser.h", When::Run, &deb, &user), near);
        assert_eq!(resolve("frobnicator", When::Run, &deb, &user), unknown(&[]));
    }

    #[test]
    fn tables_are_whole() {
        assert!(projects().len() >= 150, "{}", projects().len());
        for row in projects() {
            assert!(!row.debian.is_empty() && !row.rpm.is_empty(), "{}", row.project);
            assert!(!row.why.is_empty() && !row.source.is_empty(), "{}", row.project);
        }
        for library in libraries() {
            assert!(!library.debian.is_empty() && !library.rpm.is_empty(), "{}", library.key);
        }
    }

    #[test]
    fn users_win_over_tables() {
        let user = UserHints::parse(
            "[project.python-magic]\nrun = ['file-libs']\n[names]\n'libxml-dev' = 'libxml2-dev'\n\
             nothing = ''\n",
            std::path::Path::new("hints.toml"),
        )
        .unwrap();
        let deb = target("debian-12");
        let needs = of_project(&project_name("python_magic").unwrap(), &deb, &user);
        assert_eq!(needs[0].packages, ["file-libs"]);
        assert_eq!(needs[0].origin, "hints.toml:1");
        let packages = |text: &str| match resolve(text, When::Run, &deb, &user) {
            Some(Resolved::Packages(packages)) => packages,
            other => panic!("{other:?}"),
        };
        assert_eq!(packages("libxml-dev"), ["libxml2-dev"]);
        assert!(packages("nothing").is_empty());
        let error = UserHints::parse("x = 1", std::path::Path::new("hints.toml")).unwrap_err();
        assert!(error.to_string().starts_with("hints.toml:1: unknown key `x`"), "{error}");
    }
}
