//! Files that several packages of a collection have.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use crate::{
    hostile_wheel::writers, run, spec_commands, support::tools::have, support::wheel::Wheel,
};

/// The files of every package in a folder that are neither documents nor metadata, by the package's
/// file name.
fn contents(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut contents = BTreeMap::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let program: &[&str] = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "deb" => &["dpkg-deb", "-c"],
            "rpm" => &["rpm", "-qpl"],
            _ if name.contains(".pkg.tar.") && !name.ends_with(".sig") => &["bsdtar", "-tf"],
            _ => continue,
        };
        let output = Command::new(program[0]).args(&program[1..]).arg(&file).output().unwrap();
        assert!(output.status.success(), "{name}");
        contents.insert(name, String::from_utf8(output.stdout).unwrap());
    }
    contents
}

/// What a package requires, as its own tool shows it.
fn requirements(folder: &Path, part: &str) -> String {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = files
        .into_iter()
        .find(|file| {
            let name = file.file_name().unwrap().to_string_lossy();
            name.contains(part)
                && (name.ends_with(".deb") || name.ends_with(".rpm") || name.contains(".pkg.tar."))
        })
        .unwrap();
    let name = file.display().to_string();
    let arguments: &[&str] = match name.rsplit('.').next() {
        Some("deb") => &["dpkg-deb", "-f", &name, "Depends"],
        Some("rpm") => &["rpm", "-qpR", &name],
        _ => &["bsdtar", "-xOf", &name, ".PKGINFO"],
    };
    let output = Command::new(arguments[0]).args(&arguments[1..]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn build(at: &Path, target: &str, builder: &str, more: &[&str]) -> crate::Run {
    let shared = ["build", "one", "two", "-t", target, "-i", "index", "--builder", builder];
    run(
        at,
        &[&shared[..], &["--packager", "A <a@example.org>", "--bytecode", "none"], more].concat(),
    )
}

/// Two projects, of which `two` requires `one` where that is said, with a file each at one path.
fn index(at: &Path, member: &str, texts: [&str; 2], requires: bool) {
    for (project, text) in ["one", "two"].into_iter().zip(texts) {
        let member = member.replace("{data}", &format!("{project}-1.0.data"));
        let binaries = [(member.as_str(), text.as_bytes().to_vec())];
        // The first by name requires the second: the second has to own what both have.
        let fields = if requires && project == "one" { "Requires-Dist: two\n" } else { "" };
        Wheel { project, binaries: &binaries, fields, ..Wheel::default() }.write(&at.join("index"));
    }
}

fn have_tools() -> bool {
    have(&["rpm", "dpkg-deb", "bsdtar"])
}

#[test]
fn identical_files_are_shared_or_left_to_the_first_owner() {
    if !have_tools() {
        return;
    }
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let member = "{data}/data/share/man/man1/common.1.gz";
        index(at, member, ["same", "same"], false);
        let built = build(at, target, builder, &[]);
        assert_eq!(built.status, 0, "{target} {builder}\n{}", built.stderr);
        let has_file: Vec<bool> = contents(&at.join("dist"))
            .values()
            .map(|files| files.contains("usr/share/man/man1/common.1.gz"))
            .collect();
        let required = requirements(&at.join("dist"), "two");
        let is_shared = target.starts_with("fedora");
        assert_eq!(has_file, [true, is_shared], "{target} {builder}");
        let names_owner = required.lines().any(|line| {
            let bound = ["dist(one) >= 1", "python3-one (>= 1.0)", "python-one>=1.0"];
            bound.iter().any(|text| line.contains(text))
        });
        assert_eq!(names_owner, !is_shared, "{target} {builder}\n{required}");
        let checked = run(at, &["check", "dist"]);
        assert_eq!(checked.status, 0, "{target} {builder}\n{}", checked.stderr);
    }
}

#[test]
fn the_owner_is_never_a_package_that_requires_the_other() {
    if !have(&["dpkg-deb"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at, "space/__init__.py", ["# same\n", "# same\n"], true);
    let built = build(at, "debian-12", "embedded", &[]);
    assert_eq!(built.status, 0, "{}", built.stderr);
    let has_file: Vec<bool> = contents(&at.join("dist"))
        .values()
        .map(|files| files.contains("space/__init__.py"))
        .collect();
    assert_eq!(has_file, [false, true]);
    let required = requirements(&at.join("dist"), "two");
    assert!(!required.contains("python3-one"), "{required}");
}

#[test]
fn different_files_are_an_error_and_the_first_keeps_them_where_that_is_said() {
    if !have_tools() {
        return;
    }
    for (target, builder) in writers() {
        for member in ["space/part.py", "{data}/scripts/common", "{data}/data/share/man/man1/x.1"] {
            let folder = tempfile::tempdir().unwrap();
            let at = folder.path();
            index(at, member, ["#!/bin/sh\n# one\n", "#!/bin/sh\n# two\n"], false);
            let refused = build(at, target, builder, &[]);
            assert_eq!(refused.status, 1, "{target} {builder} {member}");
            let dropped = build(at, target, builder, &["--on-conflict", "drop"]);
            assert_eq!(dropped.status, 0, "{target} {builder} {member}\n{}", dropped.stderr);
            let end = member.rsplit('/').next().unwrap();
            let has_file: Vec<bool> = contents(&at.join("dist"))
                .values()
                .map(|files| files.lines().any(|line| line.contains(&format!("/{end}"))))
                .collect();
            assert_eq!(has_file, [true, false], "{target} {builder} {member}");
            for entry in walkdir::WalkDir::new(at.join("dist/recipes")).into_iter().flatten() {
                if entry.path().extension().is_some_and(|ending| ending == "spec") {
                    let spec = fs::read_to_string(entry.path()).unwrap();
                    assert_eq!(spec_commands::outside(&spec), Vec::<String>::new());
                }
            }
        }
    }
}

#[test]
fn a_launcher_that_another_package_has_is_left_out() {
    if !have_tools() {
        return;
    }
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for project in ["one", "two"] {
            let points = format!("[console_scripts]\ncommon = {project}:main\n");
            let member = format!("{project}-1.0.dist-info/entry_points.txt");
            let binaries = [(member.as_str(), points.into_bytes())];
            Wheel { project, entry_points: false, binaries: &binaries, ..Wheel::default() }
                .write(&at.join("index"));
        }
        let dropped = build(at, target, builder, &["--on-conflict", "drop"]);
        assert_eq!(dropped.status, 0, "{target} {builder}\n{}", dropped.stderr);
        let has_file: Vec<bool> = contents(&at.join("dist"))
            .values()
            .map(|files| files.contains("usr/bin/common"))
            .collect();
        assert_eq!(has_file, [true, false], "{target} {builder}");
    }
}

#[test]
fn a_file_where_another_project_has_a_folder_is_a_conflict() {
    for (target, builder) in
        [("debian-12", "embedded"), ("fedora-43", "embedded"), ("archlinux", "auto")]
    {
        // Whichever of the two comes first.
        for members in [["both", "both/__init__.py"], ["both/__init__.py", "both"]] {
            let folder = tempfile::tempdir().unwrap();
            let at = folder.path();
            for (project, member) in ["one", "two"].into_iter().zip(members) {
                let binaries = [(member, b"".to_vec())];
                Wheel { project, binaries: &binaries, ..Wheel::default() }.write(&at.join("index"));
            }
            let refused = build(at, target, builder, &["-q"]);
            assert_eq!(refused.status, 1, "{target}: {}", refused.stderr);
            assert!(refused.stderr.contains("/both` of `"), "{}", refused.stderr);
            let kept = build(at, target, builder, &["-q", "--on-conflict", "drop"]);
            assert_eq!(kept.status, 0, "{target}: {}", kept.stderr);
            let found = contents(&at.join("dist"));
            let having: Vec<&String> =
                found.values().filter(|text| text.contains("packages/both")).collect();
            assert_eq!(having.len(), 1, "{found:?}");
            assert!(having[0].contains("packages/both/__init__.py"), "{having:?}");
        }
    }
}

#[test]
fn a_check_finds_a_file_where_another_package_has_a_folder() {
    for (target, builder) in
        [("debian-12", "embedded"), ("fedora-43", "embedded"), ("archlinux", "auto")]
    {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for (project, member) in [("one", "both"), ("two", "both/__init__.py")] {
            let binaries = [(member, b"".to_vec())];
            Wheel { project, binaries: &binaries, ..Wheel::default() }.write(&at.join("index"));
            let common = ["-t", target, "-i", "index", "--builder", builder, "-q"];
            let built = run(at, &[&["build", project], &common[..]].concat());
            assert_eq!(built.status, 0, "{target}: {}", built.stderr);
        }
        let checked = run(at, &["check", "dist"]);
        assert_eq!(checked.status, 1, "{target}: {}", checked.stdout);
        let text = checked.stdout + &checked.stderr;
        assert!(text.contains("/both`, a folder of "), "{target}: {text}");
    }
}
