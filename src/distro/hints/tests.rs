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
        |names: &[&str]| Some(ResolvedHint::named(names.iter().map(|name| (*name).to_owned())));
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
        Some(ResolvedHint::Unknown { candidates })
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
        for (names, cell) in [(HintColumn::Debian, debian), (HintColumn::Rpm, rpm)] {
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
        Some(ResolvedHint::Packages(packages)) => packages,
        other => panic!("{other:?}"),
    };
    assert_eq!(packages("libxml-dev"), ["libxml2-dev"]);
    assert!(packages("nothing").is_empty());
    let error = UserHints::parse("x = 1", std::path::Path::new("hints.toml")).unwrap_err();
    assert!(error.to_string().starts_with("hints.toml:1: unknown key `x`"), "{error}");
}
