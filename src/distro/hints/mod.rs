//! What projects need from the system, in the names of a target's packages.
//!
//! A hint is a text such as `libpng (>=1.5)`, `dep:generic/openssl` or `pkgconfig(libpq)`. It is
//! never guessed at: what neither the user nor a table knows is told with what comes near it.

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
    /// Several are all needed.
    pub packages: Vec<CapabilityName>,
    /// For the reviewer.
    pub origin: String,
}

/// What became of a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// Empty where nothing has to be installed.
    Packages(Vec<CapabilityName>),
    /// Unknown; similar names.
    Unknown { candidates: Vec<String> },
}

impl Resolved {
    /// The packages of these names; unknown where one of them is not a name.
    fn named(names: impl IntoIterator<Item = String>) -> Self {
        let parsed = names.into_iter().map(|name| CapabilityName::parse(&name));
        match parsed.collect() {
            Ok(packages) => Self::Packages(packages),
            Err(_) => Self::Unknown { candidates: Vec::new() },
        }
    }
}

/// How the origins of needs begin that the tables know.
const TABLE_ORIGIN: &str = "hint table: ";

/// Whether a need is one that the tables know, by its origin.
pub fn is_of_table(origin: &str) -> bool {
    origin.starts_with(TABLE_ORIGIN)
}

/// What the tables and the user say that a project needs.
pub fn of_project(project: &ProjectName, target: &Target, user: &UserHints) -> Vec<Need> {
    if let Some(needs) = user.project(project) {
        return needs;
    }
    let Some(names) = Names::of(target) else { return Vec::new() };
    let rows = projects().iter().filter(|row| row.project == *project);
    rows.map(|row| Need {
        when: row.when,
        packages: names.split(if names == Names::Debian { &row.debian } else { &row.rpm }),
        origin: format!("{TABLE_ORIGIN}{} ({})", row.why, row.source),
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
        return Some(match Names::of(target) {
            Some(Names::Rpm) => Resolved::named([format!("pkgconfig({config})")]),
            _ => match by_table(&format!("pkgconfig({config})"), When::Build, target) {
                Resolved::Unknown { .. } => by_table(config, When::Build, target),
                known => known,
            },
        });
    }
    if name.contains(".so") && !name.contains('/') {
        // rpm writes it with marks behind it.
        return Some(by_soname(name.split('(').next().unwrap_or(name), target));
    }
    // A header is called as its library is, or is in a folder that is.
    if let Some(header) = name.strip_suffix(".h") {
        return Some(by_table(header.split('/').next().unwrap_or(header), When::Build, target));
    }
    if name.starts_with('/') && Names::of(target) == Some(Names::Rpm) {
        return Some(Resolved::named([name.to_owned()]));
    }
    let program = if when == When::Build { None } else { program(name, target) };
    Some(program.unwrap_or_else(|| by_table(name, when, target)))
}

/// The package of a program, by a plain name that could be a library's, too.
fn program(name: &str, target: &Target) -> Option<Resolved> {
    let row = programs().iter().find(|row| row.name == name)?;
    let names = Names::of(target)?;
    Some(Resolved::Packages(names.split(match names {
        Names::Debian => &row.debian,
        Names::Rpm => &row.rpm,
    })))
}

/// Whose names the tables have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Debian,
    /// Capabilities that the distributions with rpm share.
    Rpm,
}

impl Names {
    /// Those of a target; nothing for formats that the tables do not know.
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

    /// The relations of a table's cell, in the words of the format.
    fn split(self, cell: &str) -> Vec<CapabilityName> {
        let parts = cell.split(", ").filter(|part| !part.is_empty());
        let written = parts.map(|part| {
            if part.contains(" or ") && self == Self::Rpm {
                format!("({part})")
            } else {
                part.to_owned()
            }
        });
        // A test reads all of the tables.
        written.filter_map(|text| CapabilityName::parse(&text).ok()).collect()
    }
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
    let Some(names) = Names::of(target) else {
        return Resolved::Unknown { candidates: Vec::new() };
    };
    let key = stem(name);
    let found = libraries().iter().find(|library| library.key == key || library.key == name);
    if let Some(library) = found {
        let is_build = when == When::Build || name.ends_with("-dev") || name.ends_with("-devel");
        return Resolved::Packages(names.split(names.column(library, is_build)));
    }
    // The very name that this family of distributions has, or another one.
    if row_with(name, names).is_some() {
        return Resolved::named([name.to_owned()]);
    }
    if let Some((library, is_build)) = row_with(name, names.other()) {
        let is_build = is_build || when == When::Build;
        return Resolved::Packages(names.split(names.column(library, is_build)));
    }
    let keys = || libraries().iter().map(|library| library.key.as_str());
    let mut candidates: Vec<String> =
        keys().filter(|known| key.len() > 2 && known.contains(&key)).map(str::to_owned).collect();
    candidates.extend(nearest(&key, keys()).map(str::to_owned));
    candidates.sort();
    candidates.dedup();
    Resolved::Unknown { candidates }
}

/// The row in which a family has a name, and whether to build with.
fn row_with(name: &str, names: Names) -> Option<(&'static Library, bool)> {
    let has = |cell: &str| {
        let parts = cell.split([',', '|']).flat_map(|part| part.split(" or "));
        parts.map(str::trim).any(|known| known == name)
    };
    libraries().iter().find_map(|library| {
        let is_build = [false, true].into_iter().find(|build| has(names.column(library, *build)));
        is_build.map(|is_build| (library, is_build))
    })
}

/// How rpm's capabilities write a library.
fn capability(soname: &str) -> String {
    format!("{soname}()(64bit)")
}

/// The row of a shared library.
fn row(soname: &str) -> Option<&'static Library> {
    let capability = capability(soname);
    libraries().iter().find(|library| library.rpm.split(" or ").any(|name| name == capability))
}

fn by_soname(soname: &str, target: &Target) -> Resolved {
    let package = match Names::of(target) {
        Some(Names::Rpm) => {
            return match LibraryName::parse(soname) {
                Ok(name) => Resolved::named([capability(&name)]),
                Err(_) => Resolved::Unknown { candidates: Vec::new() },
            };
        }
        Some(Names::Debian) => {
            let in_table = || row(soname).map(|library| library.debian.clone());
            target.libraries.get(soname).cloned().or_else(in_table)
        }
        None => target.libraries.get(soname).cloned(),
    };
    match package {
        Some(package) => Resolved::named([package]),
        None => Resolved::Unknown { candidates: Vec::new() },
    }
}

/// The one package in which a target has a library, as far as its own list and the tables know;
/// nothing where it differs between releases, and where packages require libraries by their sonames.
pub fn library_package(soname: &str, target: &Target) -> Option<CapabilityName> {
    match by_soname(soname, target) {
        Resolved::Packages(names) if Names::of(target) != Some(Names::Rpm) => {
            names.into_iter().next().filter(|name| !name.contains('|'))
        }
        _ => None,
    }
}

/// What has to be installed to build with a shared library; nothing where no table has it.
pub fn development(soname: &str, target: &Target) -> Vec<CapabilityName> {
    let found = Names::of(target).zip(row(soname));
    found.map(|(names, row)| names.split(names.column(row, true))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{distro::targets::Targets, python::artifact::project_name};

    fn target(name: &str) -> Target {
        Targets::embedded().load(name, None, None).unwrap()
    }

    #[test]
    fn every_class_of_hints_is_resolved() {
        let (deb, rpm) = (target("debian-12"), target("fedora-43"));
        let user = UserHints::default();
        let packages =
            |names: &[&str]| Some(Resolved::named(names.iter().map(|name| (*name).to_owned())));
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
            // Programs that libraries are called as.
            ("curl", When::Run, "curl", "/usr/bin/curl"),
            ("openssl (>= 3)", When::Run, "openssl", "/usr/bin/openssl"),
            ("sqlite3", When::Run, "sqlite3", "/usr/bin/sqlite3"),
            ("openssl", When::Build, "libssl-dev", "pkgconfig(openssl)"),
            ("libcurl", When::Run, "libcurl4 | libcurl4t64", "libcurl.so.4()(64bit)"),
            ("dep:generic/curl", When::Run, "libcurl4 | libcurl4t64", "libcurl.so.4()(64bit)"),
            // Names of the one family on the other.
            ("libpq5", When::Run, "libpq5", "libpq.so.5()(64bit)"),
            ("pkgconfig(yaml-0.1)", When::Run, "libyaml-dev", "pkgconfig(yaml-0.1)"),
            ("libpq5", When::Build, "libpq5", "pkgconfig(libpq)"),
            ("zlib1g-dev", When::Run, "zlib1g-dev", "pkgconfig(zlib)"),
            ("libmagic1t64", When::Run, "libmagic1t64", "libmagic.so.1()(64bit)"),
            ("/usr/bin/git", When::Run, "git", "/usr/bin/git"),
            ("libpq.so.5()(64bit)", When::Run, "libpq5", "libpq.so.5()(64bit)"),
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
        let of_projects = projects().iter().map(|row| (&row.debian, &row.rpm));
        let of_libraries = libraries()
            .iter()
            .flat_map(|row| [(&row.debian, &row.rpm), (&row.debian_build, &row.rpm_build)]);
        for (debian, rpm) in of_projects.chain(of_libraries) {
            for (names, cell) in [(Names::Debian, debian), (Names::Rpm, rpm)] {
                let parts = cell.split(", ").filter(|part| !part.is_empty()).count();
                assert_eq!(names.split(cell).len(), parts, "{cell}");
            }
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
