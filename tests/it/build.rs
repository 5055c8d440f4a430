//! Builds that work, and those that work in part.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::{run, support::wheel::Wheel};

/// Every file below a folder with its bytes.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry.path().strip_prefix(folder).unwrap().display().to_string();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("collection.json")).unwrap()).unwrap()
}

#[test]
fn a_closure_becomes_a_collection() {
    for (target, file) in [
        ("debian-12", "python3-one_1.0-1_all.deb"),
        ("fedora-43", "python3-one-1.0-1.fc43.noarch.rpm"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel::default().write(&at.join("index"));
        Wheel { version: "2.0", ..Wheel::default() }.write(&at.join("index"));
        Wheel { project: "two", fields: "Requires-Dist: one<2\n", ..Wheel::default() }
            .write(&at.join("index"));
        let arguments =
            ["build", "two", "-q", "-t", target, "-i", "index", "--builder", "embedded"];
        let first = run(at, &[&arguments[..], &["-o", "first"]].concat());
        assert_eq!((first.status, first.stderr.as_str()), (0, ""), "{target}");
        assert!(first.stdout.contains(&format!("first/{file}\n")), "{}", first.stdout);
        let second = run(at, &[&arguments[..], &["-o", "second", "-j", "1"]].concat());
        assert_eq!(second.status, 0);
        assert_eq!(contents(&at.join("first")), contents(&at.join("second")), "{target}");

        let manifest = manifest(&at.join("first"));
        let packages = manifest["packages"].as_array().unwrap();
        assert_eq!(packages.len(), 2);
        assert_eq!(packages[0]["project"], "one");
        assert_eq!(packages[0]["file"], file);
        assert_eq!(packages[0]["why"]["required-by"][0], "two");
        assert_eq!(packages[1]["why"]["requested"][0]["origin"], "command line");
    }
}

#[test]
fn a_failed_project_does_not_sink_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    Wheel { project: "lies", honest: false, ..Wheel::default() }.write(&at.join("index"));
    let found = run(at, &["build", "one", "lies", "-q", "-t", "debian-12", "-i", "index"]);
    assert_eq!(found.status, 1);
    assert_eq!(found.stdout, "dist/python3-one_1.0-1_all.deb\n");
    assert_eq!(
        found.stderr,
        "error: 1 of 2 projects failed:\n  lies 1.0, inspect: `lies-1.0-py3-none-any.whl` member \
         `lies-1.0.dist-info/WHEEL` does not have the hash that `RECORD` states\n"
    );
    let manifest = manifest(&at.join("dist"));
    assert_eq!(manifest["failures"][0]["project"], "lies");
    let packages = fs::read_to_string(at.join("dist/Packages")).unwrap();
    assert!(packages.contains("Package: python3-one\n") && !packages.contains("lies"));
}

#[test]
fn other_contents_of_the_same_version_get_a_higher_release() {
    for (target, files) in [
        ("debian-12", ["python3-one_1.0-1_all.deb", "python3-one_1.0-2_all.deb"]),
        ("fedora-43", ["python3-one-1.0-1.fc43.noarch.rpm", "python3-one-1.0-2.fc43.noarch.rpm"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel::default().write(&at.join("index"));
        let build = |more: &[&str]| {
            let common = ["build", "one", "-t", target, "-i", "index", "--builder", "embedded"];
            let found = run(at, &[&common[..], more].concat());
            assert_eq!(found.status, 0, "{}", found.stderr);
            (found.stdout, found.stderr)
        };
        let paths = files.map(|file| format!("dist/{file}\n"));
        let other = ["--packager", "Pat <pat@one.example>"];
        assert_eq!(build(&[]).0, paths[0]);
        let before = contents(&at.join("dist"));
        let (path, said) = build(&[]);
        assert_eq!(path, paths[0]);
        assert!(said.contains("0 of 1 package built, 1 unchanged"), "{said}");
        assert_eq!(contents(&at.join("dist")), before);

        assert_eq!(build(&other).0, paths[1]);
        assert_eq!(build(&other).0, paths[1]);
        let recipe = contents(&at.join("dist/recipes"));
        let text: Vec<_> = recipe.values().map(|file| String::from_utf8_lossy(file)).collect();
        assert!(text.concat().contains("1.0-2"), "{text:?}");
        assert!(files.iter().all(|file| at.join("dist").join(file).exists()));
        // What it was made of first makes it newer again: nobody goes back by an upgrade.
        let third = build(&["--keep", "1"]).0;
        assert_eq!(third, paths[0].replace("1.0-1", "1.0-3"));
        assert!(!files.iter().any(|file| at.join("dist").join(file).exists()));
    }
}

#[test]
fn a_pool_stays_a_pool() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    let build = |more: &[&str]| {
        let common = ["build", "one", "-q", "-t", "debian-12", "-i", "index"];
        let found = run(at, &[&common[..], &["--builder", "embedded"], more].concat());
        assert_eq!((found.status, found.stderr.as_str()), (0, ""));
        found.stdout
    };
    let dist = at.join("dist");
    assert_eq!(build(&["--repo-url", "https://one.example/"]), "dist/python3-one_1.0-1_all.deb\n");
    let sources = || fs::read_to_string(dist.join("pypi2pkg.sources")).unwrap();
    assert!(sources().contains("URIs: https://one.example/\nSuites: ./\n"), "{}", sources());

    let pooled = "dist/pool/main/p/python3-one/python3-one_1.0-1_all.deb\n";
    assert_eq!(build(&["--apt-suite", "stable"]), pooled);
    assert_eq!(build(&[]), pooled);
    assert_eq!(build(&["--release", "2"]), pooled.replace("1.0-1", "1.0-2"));
    let suite = "URIs: https://one.example/\nSuites: stable\nComponents: main\n";
    assert!(sources().contains(suite), "{}", sources());
    for name in ["Packages", "Release", "by-hash", "python3-one_1.0-1_all.deb"] {
        assert!(!dist.join(name).exists(), "{name}");
    }
    let list = dist.join("dists/stable/main/binary-all/Packages");
    let list = fs::read_to_string(list).unwrap();
    assert_eq!(list.matches("Filename: pool/main/p/python3-one/").count(), 2, "{list}");
    let check = run(at, &["check", "dist"]);
    assert_eq!(check.status, 0, "{}", check.stderr);
    let wrong = run(at, &["repo", "dist", "--apt-suite", "../up"]);
    assert_eq!(wrong.status, 2, "{}", wrong.stderr);
    let missing = run(at, &["repo", "nowhere"]);
    assert_eq!(missing.status, 1);
    assert!(missing.stderr.starts_with("error: cannot read `nowhere`: "), "{}", missing.stderr);
    assert!(!at.join("nowhere").exists());
    fs::write(at.join("pypi2pkg.toml"), "apt-suite = \"a b\"\n").unwrap();
    let configured = run(at, &["repo", "dist"]);
    assert_eq!(configured.status, 2, "{}", configured.stderr);
    assert!(configured.stderr.contains("pypi2pkg.toml:1: "), "{}", configured.stderr);
}

#[test]
fn a_check_judges_the_newest_builds() {
    for (target, builder) in [
        ("fedora-43", "embedded"),
        ("fedora-43", "system"),
        ("debian-12", "embedded"),
        ("debian-12", "system"),
        ("archlinux", "auto"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let index = at.join("index");
        let moved = [("moved.py", b"x = 1".to_vec())];
        let wants = "Requires-Dist: two<2\n";
        Wheel { binaries: &moved, fields: wants, ..Wheel::default() }.write(&index);
        Wheel { project: "two", ..Wheel::default() }.write(&index);
        let build = || {
            let common = ["build", "-q", "-t", target, "--builder", builder, "-i", "index"];
            let built = run(at, &[&common[..], &["one", "two"]].concat());
            assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{target} {builder}");
        };
        build();
        // A file moves from one package to the other.
        Wheel { version: "2.0", ..Wheel::default() }.write(&index);
        Wheel { project: "two", version: "2.0", binaries: &moved, ..Wheel::default() }
            .write(&index);
        build();
        let check = run(at, &["check", "dist"]);
        assert_eq!(check.status, 0, "{target} {builder}: {}{}", check.stdout, check.stderr);
        assert!(check.stdout.contains("4 packages, every relation met"), "{}", check.stdout);
    }
}

#[test]
fn what_changed_between_collections_is_shown() {
    for (target, requires) in [("debian-12", "python3-two"), ("fedora-43", "python3.14dist(two)")] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let build = |what: &[&str], out: &str| {
            let common = ["-q", "-t", target, "-i", "index", "--builder", "embedded", "-o", out];
            let found = run(at, &[&["build"], what, &common[..]].concat());
            assert_eq!(found.status, 0, "{}", found.stderr);
        };
        Wheel { fields: "License-Expression: MIT\n", ..Wheel::default() }.write(&at.join("index"));
        Wheel { project: "two", ..Wheel::default() }.write(&at.join("index"));
        Wheel { project: "gone", ..Wheel::default() }.write(&at.join("index"));
        build(&["one", "gone"], "old");
        let script = b"#!python\nprint()\n".to_vec();
        Wheel {
            version: "2.0",
            fields: "License-Expression: BSD-3-Clause\nRequires-Dist: two\n",
            binaries: &[("one-2.0.data/scripts/one-tool", script)],
            ..Wheel::default()
        }
        .write(&at.join("index"));
        build(&["one"], "new");
        let shown = run(at, &["diff", "old", "new"]);
        assert_eq!((shown.status, shown.stderr.as_str()), (0, ""), "{target}");
        let lines: Vec<&str> = shown.stdout.lines().collect();
        assert!(lines[0].starts_with("- python3-gone 1.0-1"), "{}", shown.stdout);
        assert!(lines[1].starts_with("+ python3-two 1.0-1"), "{}", shown.stdout);
        assert!(lines[2].starts_with("python3-one 1.0-1"), "{}", shown.stdout);
        for wanted in [
            "  licence MIT -> BSD-3-Clause".to_owned(),
            format!("  + requires {requires}"),
            "  + command /usr/bin/one-tool".to_owned(),
        ] {
            assert!(lines.contains(&wanted.as_str()), "{wanted}: {}", shown.stdout);
        }
        let json = run(at, &["diff", "old", "new", "--json"]);
        let json: Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(json["changed"]["python3-one"]["licence"]["to"], "BSD-3-Clause");
        assert_eq!(run(at, &["diff", "new", "new"]).stdout, "no differences\n");
        assert_eq!(run(at, &["diff", "index", "new"]).status, 1);
    }
}

#[test]
fn a_relative_cache_serves_tools_and_plugins() {
    let folder = tempfile::tempdir().unwrap();
    Wheel::default().write(&folder.path().join("index"));
    for (target, builder) in [("debian-12", "system"), ("archlinux", "auto")] {
        let arguments =
            ["build", "one", "-q", "-i", "index", "--cache-dir", "here", "-t", target, "-o"];
        let built = run(folder.path(), &[&arguments[..], &[target, "--builder", builder]].concat());
        assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{target}");
    }
}
