//! One bad line of a list does not end a run.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;

use crate::{
    hostile_wheel::writers, project::project, run, support::tools::have, support::wheel::Wheel,
};

/// An index of which some projects cannot be had, and a list that asks for all of them.
fn index(at: &Path) {
    fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
    let index = at.join("index");
    Wheel { fields: "Requires-Dist: base\n", ..Wheel::default() }.write(&index);
    for (name, requires) in [
        ("base", ""),
        ("only", ""),
        ("haunted", "Requires-Dist: ghost>=1\nRequires-Dist: only\n"),
        ("above", "Requires-Dist: haunted\n"),
        ("user", "Requires-Dist: broken ; sys_platform == 'linux'\n"),
        ("elsewhere", "Requires-Dist: broken ; sys_platform == 'win32'\n"),
    ] {
        Wheel { project: name, fields: requires, ..Wheel::default() }.write(&index);
    }
    let source = at.join("source");
    project(&source, "broken", &[]);
    let backend = fs::read_to_string(source.join("backend.py")).unwrap();
    fs::write(source.join("backend.py"), format!("{backend}\nraise SystemExit('no compiler')\n"))
        .unwrap();
    let file = fs::File::create(index.join("broken-1.0.tar.gz")).unwrap();
    let packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    let mut archive = tar::Builder::new(packed);
    archive.append_dir_all("broken-1.0", &source).unwrap();
    archive.into_inner().unwrap().finish().unwrap();
    let bad = at.join("bad");
    project(&bad, "bad", &[]);
    fs::write(bad.join("backend.py"), "raise SystemExit('no compiler')\n").unwrap();
    let gone = format!("gone @ file://{}/gone-1.0-py3-none-any.whl", at.display());
    let list = "one\nnothing\nabove\nbroken\nuser\nelsewhere";
    let bad = format!("bad @ file://{}", bad.display());
    fs::write(at.join("list.txt"), format!("{list}\n{gone}\n{bad}\n")).unwrap();
}

/// What failed: the project, the stage, and the cause up to the end of its line.
fn failures(json: &Value) -> Vec<String> {
    let list = json["failures"].as_array().unwrap().iter();
    let line = |failure: &Value| {
        let text = |key: &str| failure[key].as_str().unwrap().to_owned();
        format!("{}, {}: {}", text("project"), text("stage"), text("cause").lines().next().unwrap())
    };
    list.map(line).collect()
}

#[test]
fn what_can_be_built_is_built() {
    if !have(&["python3", "bwrap"]) {
        return;
    }
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        index(at);
        let common = ["build", "-q", "--builder", builder, "-t", target, "-i", "index"];
        let build = |more: &[&str]| run(at, &[&common[..], &["-r", "list.txt"], more].concat());
        let built = build(&["--json"]);
        assert_eq!(built.status, 1, "{target} {builder}: {}", built.stderr);
        let json: Value = serde_json::from_str(&built.stdout).unwrap();
        let packages = json["packages"].as_array().unwrap().iter();
        let projects: Vec<_> = packages.map(|p| p["project"].as_str().unwrap()).collect();
        assert_eq!(projects, ["base", "elsewhere", "one"], "{target} {builder}");
        let failures = failures(&json);
        for (found, expected) in failures.iter().zip([
            "above, resolve: it requires `haunted`, which failed",
            "bad, build: list.txt:8: `bad @ ",
            "broken, build: `broken-1.0.tar.gz` cannot be built into a wheel: ",
            "ghost, resolve: `ghost` is required (haunted 1.0), but is not in the index",
            "gone, fetch: list.txt:7: `gone @ file://",
            "haunted, resolve: it requires `ghost>=1`, which failed",
            "nothing, resolve: `nothing` is required (list.txt:2), but is not in the index",
            "user, resolve: it requires `broken ; sys_platform == 'linux'`, which failed",
        ]) {
            assert!(found.starts_with(expected), "{found}\n{expected}");
        }
        assert_eq!(failures.len(), 8, "{failures:?}");
        let summary = build(&[]).stderr;
        assert!(summary.starts_with("error: 8 of 11 projects failed:\n"), "{summary}");
        assert!(summary.contains("hint: check the spelling"), "{summary}");
        let check = run(at, &["check", "dist"]);
        assert!(!check.stderr.contains("which nothing in the collection"), "{}", check.stderr);

        let strict = build(&["--no-keep-going", "-o", "other"]);
        assert_eq!((strict.status, strict.stdout.as_str()), (1, ""));
        assert!(strict.stderr.starts_with("error: list.txt:7: `gone"), "{}", strict.stderr);
        assert!(!at.join("other/collection.json").exists());
    }
}

#[test]
fn plans_and_recipes_are_made_of_the_rest() {
    if !have(&["python3", "bwrap"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    let common = ["-q", "-t", "debian-12", "-i", "index", "-r", "list.txt"];
    let plan = run(at, &[&["plan", "--json"], &common[..]].concat());
    assert_eq!(plan.status, 1, "{}", plan.stderr);
    let plans: Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(plans.as_array().unwrap().len(), 3);
    assert!(plan.stderr.starts_with("error: 8 projects failed:\n"), "{}", plan.stderr);
    let render = run(at, &[&["render"], &common[..]].concat());
    assert_eq!(render.status, 1, "{}", render.stderr);
    assert!(at.join("recipes/one").is_dir() && !at.join("recipes/user").exists());
    // What is only asked about is all or nothing.
    for verb in ["resolve", "lock", "tree"] {
        let found = run(at, &[&[verb], &common[..]].concat());
        assert_eq!((found.status, found.stdout.as_str()), (1, ""), "{verb}");
    }
    fs::write(at.join("pypi2pkg.toml"), "keep-going = false\n").unwrap();
    let plan = run(at, &[&["plan"], &common[..]].concat());
    assert_eq!((plan.status, plan.stdout.as_str()), (1, ""));
}

#[test]
fn a_set_without_a_solution_stays_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    for (arguments, expected) in [
        (&["one", "one==2"][..], "error: the requirements cannot be met together\n"),
        (&["nothing"], "error: `nothing` is required (command line), but is not in the index"),
        (
            &["nothing", "nil"],
            "error: `nothing` is required (command line), but is not in the index",
        ),
    ] {
        let common = ["build", "-q", "-t", "debian-12", "-i", "index"];
        let built = run(at, &[&common[..], arguments].concat());
        assert_eq!((built.status, built.stdout.as_str()), (1, ""), "{arguments:?}");
        assert!(built.stderr.starts_with(expected), "{}", built.stderr);
        assert!(!at.join("dist/collection.json").exists());
    }
}

#[test]
fn releases_that_cannot_be_read_are_failures_of_their_projects() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let index = at.join("index");
    for (project, fields) in [
        ("one", ""),
        ("user", "Requires-Dist: junk\n"),
        ("typo", "Requires-Dist: one>>1\n"),
        ("older", ""),
        ("cut", ""),
    ] {
        Wheel { project, fields, ..Wheel::default() }.write(&index);
    }
    let cut = index.join("cut-1.0-py3-none-any.whl");
    let bytes = fs::read(&cut).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    for file in ["junk-1.0-py3-none-any.whl", "older-2.0-py3-none-any.whl", "source-1.0.tar.gz"] {
        fs::write(index.join(file), "no archive").unwrap();
    }
    let list = ["one", "user", "typo", "older", "cut", "source"];
    let common = ["-t", "debian-12", "-i", "index", "-q"];
    let builder = ["--builder", "embedded", "--json"];
    let built = run(at, &[&["build"], &common[..], &builder, &list].concat());
    assert_eq!(built.status, 1, "{}", built.stderr);
    let json: Value = serde_json::from_str(&built.stdout).unwrap();
    let found = failures(&json);
    let damaged = |file: &str| format!("resolve: the metadata of `{file}` cannot be used: ");
    for (found, expected) in found.iter().zip([
        format!("cut, {}", damaged("cut-1.0-py3-none-any.whl")),
        format!("junk, {}", damaged("junk-1.0-py3-none-any.whl")),
        format!("source, {}", damaged("source-1.0.tar.gz")),
        format!("typo, {}", damaged("typo-1.0-py3-none-any.whl")),
        "user, resolve: it requires `junk`, which failed".to_owned(),
    ]) {
        assert!(found.starts_with(&expected), "{found}\n{expected}");
    }
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(json["packages"].as_array().unwrap().len(), 2);
    assert!(
        built.stderr.starts_with(
            "warning: `older 2.0` is passed over in favour of 1.0: the metadata of \
             `older-2.0-py3-none-any.whl` cannot be used: "
        ),
        "{}",
        built.stderr
    );
    let resolved = run(at, &[&["resolve"], &common[..], &["user", "one"]].concat());
    assert_eq!((resolved.status, resolved.stdout.as_str()), (1, ""));
    let start = "error: cannot resolve `junk`: the metadata of `junk-1.0-py3-none-any.whl` cannot";
    assert!(resolved.stderr.starts_with(start), "{}", resolved.stderr);
}

#[test]
fn sources_without_a_project_are_named() {
    if !have(&["python3", "bwrap"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
    Wheel::default().write(&at.join("index"));
    project(&at.join("tree/inner"), "inner", &[]);
    let place = format!("file://{}/tree", at.display());
    for (requirement, problem) in [
        (format!("x @ {place}"), "has neither `pyproject.toml` nor `setup.py`\n"),
        (
            format!("x @ {place}#subdirectory=outer"),
            "has neither `pyproject.toml` in `outer` nor `setup.py`\n",
        ),
    ] {
        let common = ["plan", "one", "-q", "-t", "debian-12", "-i", "index"];
        let planned = run(at, &[&common[..], &[&requirement]].concat());
        assert_eq!(planned.status, 1, "{requirement}");
        assert!(planned.stderr.contains(problem), "{requirement}: {}", planned.stderr);
    }
}
