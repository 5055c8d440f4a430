//! Needs from the system in names of another distribution, or of no one's.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{Run, run, support::wheel::Wheel};

/// An application that needs these packages, and the plans of what it asks for.
fn plan(at: &Path, target: &str, needs: &str, more: &[&str]) -> Run {
    Wheel::default().write(&at.join("index"));
    fs::create_dir_all(at.join("app")).unwrap();
    fs::write(at.join("app/dependencies.txt"), "one\n").unwrap();
    fs::write(at.join("app/external-dependencies.txt"), needs).unwrap();
    run(at, &[&["plan", "app", "-q", "-t", target, "-i", "index", "--json"], more].concat())
}

/// The packages that the one plan requires, and the questions that are open.
fn found(run: &Run) -> (Vec<String>, Vec<String>) {
    assert_eq!(run.status, 0, "{}", run.stderr);
    let plans: Value = serde_json::from_str(&run.stdout).unwrap();
    let plan = if plans.is_array() { &plans[0] } else { &plans };
    let relations = plan["relations"].as_array().unwrap().iter();
    let required = relations.filter(|relation| relation["strength"] == "requires");
    let names = required.filter_map(|r| r["capability"]["package"]["name"].as_str());
    let open = plan["open"].as_array().into_iter().flatten();
    let open = open.map(|open| open["question"].as_str().unwrap().to_owned());
    (names.map(str::to_owned).collect(), open.collect())
}

#[test]
fn names_of_another_family_are_mapped_or_asked_for() {
    for (target, need, expected) in [
        ("fedora-43", "libpq5", Some("libpq.so.5()(64bit)")),
        ("el9", "libmagic1t64", Some("libmagic.so.1()(64bit)")),
        ("opensuse-tumbleweed", "git", Some("/usr/bin/git")),
        ("debian-12", "/usr/bin/git", Some("git")),
        ("ubuntu-24.04", "libpq.so.5()(64bit)", Some("libpq5")),
        // No distribution has the one; which have the other is not known.
        ("fedora-43", "libxml-dev", None),
        ("debian-12", "libxml-dev", None),
        ("fedora-43", "frobnicated", None),
        ("debian-12", "frobnicated", None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let planned = plan(folder.path(), target, need, &[]);
        let (names, open) = found(&planned);
        assert_eq!(names, Vec::from_iter(expected.map(str::to_owned)), "{target} {need}");
        assert_eq!(open.len(), usize::from(expected.is_none()), "{target} {need}: {open:?}");
        let strict = plan(folder.path(), target, need, &["--strict-hints"]);
        assert_eq!(strict.status, i32::from(expected.is_none()), "{target} {need}");
    }
}

#[test]
fn what_the_distributions_lists_have_is_a_package() {
    for target in ["debian-12", "fedora-43"] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        // A collection stands for the distribution.
        Wheel { project: "other", ..Wheel::default() }.write(&at.join("index"));
        let shared = ["-q", "-t", target, "-i", "index", "--builder", "embedded"];
        let named = ["build", "other", "--name", "frobnicated", "-o", "distro"];
        let built = run(at, &[&named[..], &shared].concat());
        assert_eq!(built.status, 0, "{}", built.stderr);
        let more = ["--satisfy-from", "distro", "--strict-hints"];
        let (names, open) = found(&plan(at, target, "frobnicated (>= 1)", &more));
        assert_eq!((names, open), (vec!["frobnicated".to_owned()], Vec::new()), "{target}");
    }
}

#[test]
fn what_there_is_to_build_with_is_not_required_to_run() {
    for (target, need) in [
        ("debian-12", "libyaml-dev"),
        ("fedora-43", "libyaml-devel"),
        ("fedora-43", "libyaml-dev"),
        ("debian-12", "pkgconfig(yaml-0.1)"),
        ("el9", "yaml.h"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (names, open) = found(&plan(folder.path(), target, need, &["--strict-hints"]));
        assert!(names.is_empty() && open.is_empty(), "{target} {need}: {names:?} {open:?}");
        // Where a person says that it is another package, that counts.
        let hints = format!("[names]\n'{need}' = 'libyaml'\n");
        fs::write(folder.path().join("hints.toml"), hints).unwrap();
        let mapped = plan(folder.path(), target, need, &["--hints", "hints.toml"]);
        assert_eq!(found(&mapped).0, ["libyaml"], "{target} {need}");
    }
}

#[test]
fn compilers_among_what_runs_are_warned_of() {
    for (target, need, name) in [
        ("debian-12", "g++", "g++"),
        ("fedora-43", "gcc", "/usr/bin/gcc"),
        ("el9", "cmake", "/usr/bin/cmake"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let planned = plan(folder.path(), target, need, &[]);
        let warning = format!(
            "warning: `python3-one` requires `{name}`, a compiler or build tool, to run \
             (app/external-dependencies.txt:1): state it as a build need if it is one\n"
        );
        assert_eq!((planned.status, planned.stderr), (0, warning), "{target}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(plan(folder.path(), "debian-12", "git", &[]).stderr, "");
}
