//! Bad input: the exact words on standard error, the status, and that nothing was touched.

use std::{fs, io, path::Path};

use crate::{command, run, support::wheel::Wheel};

/// An index of a few releases.
fn index(folder: &Path) {
    let index = folder.join("index");
    Wheel::default().write(&index);
    Wheel { version: "2.0", ..Wheel::default() }.write(&index);
    Wheel { project: "needs_old", fields: "Requires-Dist: one<2\n", ..Wheel::default() }
        .write(&index);
    Wheel { project: "foreign", tags: "cp311-cp311-win_amd64", ..Wheel::default() }.write(&index);
}

#[track_caller]
fn fails(arguments: &[&str], status: i32, stderr: &str) {
    let folder = tempfile::tempdir().unwrap();
    index(folder.path());
    fs::write(folder.path().join("file"), "").unwrap();
    fs::write(folder.path().join("bad.toml"), "target = \"debian-12\"\ntarge = 1\n").unwrap();
    fs::write(folder.path().join("bad.txt"), "one\n--indx-url x\n").unwrap();
    let wrong = format!("one==1.0 --hash=sha256:{}\n", "0".repeat(64));
    fs::write(folder.path().join("hash.txt"), wrong).unwrap();
    let found = run(folder.path(), arguments);
    assert_eq!((found.status, found.stderr.as_str()), (status, stderr));
    assert_eq!(found.stdout, "");
    assert!(!folder.path().join("dist/collection.json").exists());
}

const BUILD: [&str; 6] = ["build", "--quiet", "--target", "debian-12", "-i", "index"];

fn build<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&BUILD[..], more].concat()
}

#[test]
fn an_unknown_project() {
    fails(
        &build(&["nothing"]),
        1,
        "error: `nothing` is required (command line), but is not in the index\nhint: check the spelling, or use another index with `--index-url`\n",
    );
}

#[test]
fn an_unknown_version() {
    fails(
        &build(&["one==9"]),
        1,
        "error: the requirements cannot be met together\n`one==9` is required (command line), but no usable release of `one` satisfies it\nhint: the newest usable release is `one 2.0`\n",
    );
}

#[test]
fn an_unknown_target() {
    fails(
        &["build", "one", "--target", "debain-12", "-i", "index"],
        2,
        "error: unknown target `debain-12` (did you mean `debian-12`?); the targets are amazonlinux-2023, archlinux, centos-stream-9, centos-stream-10, debian-12, debian-13, el8, el9, el10, fedora-42, fedora-43, fedora-44, opensuse-leap-15.6, opensuse-leap-16.0, opensuse-tumbleweed, ubuntu-22.04, ubuntu-24.04, ubuntu-26.04\nhint: `pypi2pkg target list` shows the targets and their Pythons\n",
    );
}

#[test]
fn an_unknown_python() {
    fails(
        &build(&["one", "--python", "2.7"]),
        2,
        "error: target `debian-12` has no Python `2.7`; it has 3.11\nhint: `pypi2pkg target list` shows the targets and their Pythons\n",
    );
}

#[test]
fn a_missing_file() {
    fails(
        &build(&["-r", "nowhere.txt"]),
        2,
        "error: cannot read the requirements file `nowhere.txt`: No such file or directory (os error 2)\nhint: check the path after `-r` or `-c`\n",
    );
}

#[test]
fn an_unknown_option_in_a_file() {
    fails(
        &build(&["-r", "bad.txt"]),
        2,
        "error: bad.txt:2: the option `--indx-url` is unknown\nhint: options are those of pip's requirements files; correct the line or remove it\n",
    );
}

#[test]
fn an_unknown_key() {
    fails(
        &build(&["one", "--config", "bad.toml"]),
        2,
        "error: bad.toml:2: unknown key `targe` (did you mean `target`?)\nhint: correct that line; docs/configuration.md lists all keys\n",
    );
}

#[test]
fn requirements_that_exclude_each_other() {
    fails(
        &build(&["needs_old", "one>=2"]),
        1,
        "error: the requirements cannot be met together\nbecause `needs-old 1.0` requires `one<2` and `needs-old` is required (command line), `one 1.0` is needed\nand because `one>=2` is required (command line), the requirements cannot be met\nhint: relax or remove one of these requirements\n",
    );
}

#[test]
fn no_compatible_file() {
    fails(
        &build(&["foreign"]),
        1,
        "error: the requirements cannot be met together\n`foreign` is required (command line), but no usable release of `foreign` satisfies it\nhint: `foreign 1.0` has no wheel for the target and no sdist\n",
    );
}

#[test]
fn no_network() {
    let arguments =
        ["build", "one", "--quiet", "--target", "debian-12", "-i", "http://127.0.0.1:9/simple"];
    fails(
        &arguments,
        1,
        "error: cannot resolve `one`: cannot reach `http://127.0.0.1:9/simple/one/`: client error (Connect): tcp connect error: Connection refused (os error 111)\nhint: check the network, `HTTPS_PROXY` and `--index-url`; `--offline` uses the cache\n",
    );
}

#[test]
fn a_hash_that_does_not_match() {
    fails(
        &build(&["-r", "hash.txt"]),
        1,
        "error: the lock does not fit:\n  hash.txt:1: `one 1.0` has no file with a matching hash\nhint: lock again for the target, or exclude a project with `--exclude`\n",
    );
}

#[test]
fn an_unwritable_folder() {
    fails(
        &build(&["one", "-o", "file"]),
        1,
        "error: cannot read `file/collection.json`: Not a directory (os error 20)\nhint: choose another folder with `-o`\n",
    );
}

#[test]
fn nothing_asked_for() {
    fails(
        &["build", "--target", "debian-12"],
        2,
        "error: no requirements were given\nhint: name a project, or a requirements file with `-r FILE`\n",
    );
}

#[test]
fn an_output_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    index(folder.path());
    let program = Path::new(env!("CARGO_BIN_EXE_pypi2pkg"));
    for arguments in [
        &["plan", "one", "--target", "debian-12", "-i", "index", "--json"][..],
        &["target", "list"],
        &["completions", "bash"],
        &["build", "--help"],
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let found = command(program, folder.path(), arguments).stdout(full).output().unwrap();
        let stderr = String::from_utf8_lossy(&found.stderr).into_owned();
        assert_eq!(found.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("error: cannot write to standard output: "), "{stderr}");
        // Who reads no further wants no more.
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let found = command(program, folder.path(), arguments).stdout(writer).output().unwrap();
        assert_eq!(found.status.code(), Some(0), "{arguments:?}");
    }
}
