//! Hostile wheels: what runs, is obeyed or is read in two ways is refused or left out, for every format
//! and whoever writes the packages.

use std::{fs, path::Path, process::Command};

use crate::{run, support::tools::have, support::wheel::Wheel};

/// Targets, who writes their packages, and the tool that this takes.
const WRITERS: [(&str, &str, Option<&str>); 5] = [
    ("fedora-43", "system", Some("rpmbuild")),
    ("fedora-43", "embedded", None),
    ("debian-12", "system", Some("dpkg-deb")),
    ("debian-12", "embedded", None),
    ("archlinux", "embedded", Some("python3")),
];

pub fn writers() -> impl Iterator<Item = (&'static str, &'static str)> {
    let there = WRITERS.into_iter().filter(|(.., tool)| tool.is_none_or(|tool| have(&[tool])));
    there.map(|(target, builder, _)| (target, builder))
}

fn build(folder: &Path, target: &str, builder: &str, project: &str) -> crate::Run {
    let options = ["--target", target, "--builder", builder, "-i", "index", "--no-deps"];
    run(folder, &[&["build", project, "--packager", "A <a@example.org>"], &options[..]].concat())
}

/// A wheel of the project `one` with further members is refused with all of these words.
#[track_caller]
fn is_refused(members: &[(&str, Vec<u8>)], words: &[&str]) {
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        Wheel { binaries: members, ..Wheel::default() }.write(&folder.path().join("index"));
        let found = build(folder.path(), target, builder, "one");
        assert_eq!(found.status, 1, "{target} {builder} {members:?}\n{}", found.stderr);
        for word in words {
            assert!(found.stderr.contains(word), "{word}\n{}", found.stderr);
        }
    }
}

/// The package that was built, and the paths of its files.
pub fn package(folder: &Path) -> (String, String) {
    let files = walkdir::WalkDir::new(folder.join("dist")).into_iter().flatten();
    let is_package = |name: &str| {
        let is_archive = name.ends_with(".pkg.tar.zst") || name.ends_with(".pkg.tar.xz");
        name.ends_with(".deb") || name.ends_with(".rpm") || is_archive
    };
    let paths = files.map(|file| file.path().display().to_string());
    let package = paths.into_iter().find(|path| is_package(path)).unwrap();
    let arguments: &[&str] = match package.rsplit('.').next() {
        Some("deb") => &["dpkg-deb", "-c"],
        Some("rpm") => &["rpm", "-qpl"],
        _ => &["bsdtar", "-tf"],
    };
    let output = Command::new(arguments[0]).args(&arguments[1..]).arg(&package).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (package, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn start_up_code_is_refused() {
    if !have(&["rpm", "dpkg-deb", "bsdtar"]) {
        return;
    }
    let site = "one-1.0.data/data/lib/python3/dist-packages";
    for (member, text) in [
        ("one.pth".to_owned(), "# x\rimport os; open('canary', 'w')\n"),
        ("one-1.0.data/purelib/x.pth".to_owned(), "\u{feff}import os\n"),
        ("one-1.0.data/platlib/usercustomize/__init__.py".to_owned(), "open('canary', 'w')\n"),
        ("sitecustomize.cpython-311-x86_64-linux-gnu.so".to_owned(), ""),
        (format!("{site}/x.pth"), "import os\n"),
    ] {
        let members = [(member.as_str(), text.as_bytes().to_vec())];
        let words: &[&str] = if member.starts_with(site) {
            // It is a folder of modules only on Debian.
            &["one-1.0.data/data/lib"]
        } else {
            &["every Python process", "allow-startup-code = true"]
        };
        is_refused(&members, words);
    }
}

#[test]
fn files_that_the_system_obeys_are_refused() {
    for path in
        ["etc/apt/apt.conf.d/one", "etc/udev/rules.d/one.rules", "share/polkit-1/actions/one"]
    {
        let member = format!("one-1.0.data/data/{path}");
        let folder = Path::new(path).parent().unwrap().display().to_string();
        let allowed = format!("{folder}\"]");
        is_refused(
            &[(member.as_str(), b"x".to_vec())],
            &[&member, path, "allow-paths = [", &allowed],
        );
    }
    let info = [("one-1.0.data/purelib/other-2.0.dist-info/METADATA", b"Name: other".to_vec())];
    is_refused(&info, &["would describe an installed project"]);
}

#[test]
fn names_that_do_not_show_what_they_are_are_refused() {
    for (name, shown) in [
        ("one/a\\b.py", "one/a\\\\b.py"),
        ("one/a\u{200b}.py", "one/a\\u{200b}.py"),
        ("one/\u{202e}yp.a", "one/\\u{202e}yp.a"),
        ("one/a\u{fe0f}.py", "one/a\\u{fe0f}.py"),
    ] {
        is_refused(&[(name, b"x".to_vec())], &[shown]);
    }
}

#[test]
fn commands_of_the_system_are_left_out() {
    if !have(&["rpm", "dpkg-deb", "bsdtar"]) {
        return;
    }
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        let members = [
            ("sed-1.0.data/data/bin/grep", b"#!/bin/sh\n".to_vec()),
            ("sed-1.0.data/scripts/date", b"#!/bin/sh\n".to_vec()),
            ("sed-1.0.data/scripts/Sud0", b"#!/bin/sh\n".to_vec()),
            ("sed-1.0.data/data/bin/sed-files", b"#!/bin/sh\n".to_vec()),
        ];
        Wheel { project: "sed", module: "sedmod", binaries: &members, ..Wheel::default() }
            .write(&folder.path().join("index"));
        let found = build(folder.path(), target, builder, "sed");
        assert_eq!(found.status, 0, "{target} {builder}\n{}", found.stderr);
        let (_, files) = package(folder.path());
        let commands: Vec<&str> =
            files.lines().filter_map(|line| line.split("usr/bin/").nth(1)).collect();
        let commands: Vec<&str> = commands.into_iter().filter(|name| !name.is_empty()).collect();
        assert_eq!(commands, ["sed-files"], "{target} {builder}");
    }
}

#[test]
fn a_summary_without_words_is_replaced() {
    if !have(&["rpm", "dpkg-deb", "bsdtar"]) {
        return;
    }
    for (target, builder) in writers() {
        for summary in ["-", "...", "%", "\u{3164}"] {
            let folder = tempfile::tempdir().unwrap();
            let fields = format!("Summary: {summary}\n");
            Wheel { fields: &fields, summary: "", ..Wheel::default() }
                .write(&folder.path().join("index"));
            let found = build(folder.path(), target, builder, "one");
            assert_eq!(found.status, 0, "{target} {builder} {summary:?}\n{}", found.stderr);
            let (package, _) = package(folder.path());
            let arguments: &[&str] = match package.rsplit('.').next() {
                Some("deb") => &["dpkg-deb", "-f", &package, "Description"],
                Some("rpm") => &["rpm", "-qp", "--qf", "%{SUMMARY}", &package],
                _ => &["bsdtar", "-xOf", &package, ".PKGINFO"],
            };
            let output = Command::new(arguments[0]).args(&arguments[1..]).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(text.contains("Python project one"), "{target} {builder} {summary:?}: {text}");
        }
    }
}

#[test]
fn archives_that_two_readers_would_read_differently_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("index");
    Wheel::default().write(&index);
    let path = index.join("one-1.0-py3-none-any.whl");
    let plain = fs::read(&path).unwrap();
    let mut commented = plain.clone();
    let end = commented.len() - 2;
    commented[end..].copy_from_slice(&22_u16.to_le_bytes());
    let commented = [&commented[..], &plain[plain.len() - 22..]].concat();
    for (bytes, problem) in [
        ([&plain[..], b"more"].concat(), "bytes stand behind its end"),
        ([b"more", &plain[..]].concat(), "bytes stand before it"),
        (commented, "bytes stand before it"),
        ([&plain[..], &plain[..]].concat(), "bytes stand before it"),
    ] {
        fs::write(&path, bytes).unwrap();
        let found = build(folder.path(), "debian-12", "embedded", "one");
        assert_eq!(found.status, 1, "{problem}");
        assert!(found.stderr.contains(problem), "{problem}\n{}", found.stderr);
    }
}

#[test]
fn every_member_is_compared_with_record() {
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("index");
    Wheel { binaries: &[("one/data.bin", b"aaaa bbbb".to_vec())], ..Wheel::default() }
        .write(&index);
    let path = index.join("one-1.0-py3-none-any.whl");
    let unpacked = folder.path().join("unpacked");
    let script = "import sys, zipfile\n\
        members = zipfile.ZipFile(sys.argv[1])\n\
        files = [(name, members.read(name)) for name in members.namelist()]\n\
        with zipfile.ZipFile(sys.argv[2], 'w') as changed:\n\
        \x20   for name, data in files:\n\
        \x20       changed.writestr(name, data.replace(b'aaaa', b'cccc'))\n";
    if !have(&["python3"]) {
        return;
    }
    let changed = Command::new("python3").args(["-c", script]).args([&path, &unpacked]).status();
    assert!(changed.unwrap().success());
    fs::rename(&unpacked, &path).unwrap();
    for (target, builder) in writers() {
        let _ = fs::remove_dir_all(folder.path().join("dist"));
        let found = build(folder.path(), target, builder, "one");
        assert_eq!(found.status, 1, "{target} {builder}");
        let problem = "member `one/data.bin` does not have the hash that `RECORD` states";
        assert!(found.stderr.contains(problem), "{}", found.stderr);
    }
}

#[test]
fn sdists_with_hostile_archives_are_not_built() {
    if !have(&["python3"]) {
        return;
    }
    let script = "import io, sys, tarfile, zipfile\n\
        members = {'one-1.0/PKG-INFO': 'Metadata-Version: 2.1\\nName: one\\nVersion: 1.0\\n',\n\
        \x20   'one-1.0/setup.py': 'raise SystemExit(3)', sys.argv[2]: 'x'}\n\
        if sys.argv[1].endswith('.zip'):\n\
        \x20   with zipfile.ZipFile(sys.argv[1], 'w') as archive:\n\
        \x20       for name, text in members.items(): archive.writestr(name, text)\n\
        \x20   if sys.argv[3:] == ['more']: open(sys.argv[1], 'ab').write(b'more')\n\
        \x20   packed = open(sys.argv[1], 'rb').read()\n\
        \x20   if sys.argv[3:] == ['before']: open(sys.argv[1], 'wb').write(b'#!' + packed)\n\
        else:\n\
        \x20   with tarfile.open(sys.argv[1], 'w:gz') as archive:\n\
        \x20       for name, text in [*members.items()] * (len(sys.argv) - 2):\n\
        \x20           info = tarfile.TarInfo(name)\n\
        \x20           info.size = len(text)\n\
        \x20           archive.addfile(info, io.BytesIO(text.encode()))\n";
    for (file, arguments, problem) in [
        ("one-1.0.tar.gz", &["one-1.0/a\u{200b}.py"][..], "a\\u{200b}.py"),
        ("one-1.0.tar.gz", &["one-1.0/a\\b"], "has a backslash"),
        ("one-1.0.tar.gz", &["one-1.0/../../x"], "leaves the archive"),
        ("one-1.0.tar.gz", &["one-1.0/x", "again"], "is there twice"),
        ("one-1.0.zip", &["one-1.0/a\u{2066}.py"], "a\\u{2066}.py"),
        ("one-1.0.zip", &["one-1.0/x", "more"], "bytes stand behind its end"),
        ("one-1.0.zip", &["one-1.0/x", "before"], "bytes stand before it"),
        ("one-1.0.tar.gz", &["one-1.0/a\u{7}b"], "control or invisible characters"),
        ("one-1.0.tar.gz", &["two/pyproject.toml"], "is of a second project beside `one-1.0`"),
        ("one-1.0.zip", &["two/pyproject.toml"], "is of a second project beside `one-1.0`"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("index");
        fs::create_dir(&index).unwrap();
        let mut python = Command::new("python3");
        let made = python.args(["-c", script]).arg(index.join(file)).args(arguments).status();
        assert!(made.unwrap().success());
        let local = format!("index/{file}");
        let resolve = ["resolve", "-q", "-t", "debian-12", "-i", "index"];
        for found in [
            build(folder.path(), "debian-12", "embedded", "one"),
            run(folder.path(), &[&resolve[..], &["one"]].concat()),
            run(folder.path(), &[&resolve[..], &[&local]].concat()),
        ] {
            assert_eq!(found.status, 1, "{problem}");
            assert!(found.stderr.contains(problem), "{problem}\n{}", found.stderr);
        }
    }
}
