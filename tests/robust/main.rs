//! Runs that are killed, interrupted, or not alone.

// Nothing of a test is public.
#![allow(unreachable_pub)]
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

#[path = "../support/robust.rs"]
mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};

use support::{runner::run, wheel::Wheel};

/// Starts the program in `folder`; further folders for programs go before the system's.
fn start(folder: &Path, programs: &str, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{programs}/usr/bin:/bin"))
        .env("PYPI2PKG_CACHE_DIR", folder.join("cache"))
        .env("TMPDIR", folder.join("tmp"))
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// An index of a few projects.
fn index(folder: &Path) {
    fs::create_dir(folder.join("tmp")).unwrap();
    for project in ["one", "two", "three", "four", "five"] {
        let noise: Vec<u8> = (0..200_000u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
        let name = format!("{project}_data/noise.bin");
        let binaries = [(name.as_str(), noise)];
        Wheel { project, binaries: &binaries, ..Wheel::default() }.write(&folder.join("index"));
    }
}

fn sum(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    hex::encode(Sha256::digest(bytes))
}

/// Reads a collection as apt does, and answers with the number of its packages; each must be what
/// the metadata say.
fn packages(folder: &Path) -> usize {
    let Ok(release) = fs::read_to_string(folder.join("Release")) else { return 0 };
    let line = release.lines().find(|line| line.ends_with(" Packages")).unwrap();
    let stated = line.split_whitespace().next().unwrap();
    let index = folder.join("by-hash/SHA256").join(stated);
    assert_eq!(sum(&index), stated);
    let text = fs::read_to_string(&index).unwrap();
    let values = |name: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix(name)).map(str::to_owned).collect()
    };
    let (files, sums) = (values("Filename: "), values("SHA256: "));
    for (file, stated) in files.iter().zip(&sums) {
        assert_eq!(sum(&folder.join(file)), *stated, "{file}");
    }
    assert_eq!(files.len(), sums.len());
    files.len()
}

const BUILD: [&str; 13] = [
    "build",
    "one",
    "two",
    "three",
    "four",
    "five",
    "-q",
    "-t",
    "debian-12",
    "-i",
    "index",
    "--builder",
    "embedded",
];

#[test]
fn a_run_that_is_killed_at_any_point_leaves_a_whole_collection() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    let fresh = Instant::now();
    assert!(start(at, "", &[&BUILD[..], &["-o", "other"]].concat()).wait().unwrap().success());
    let length = fresh.elapsed().as_micros() as u64;
    let (mut seed, mut killed) = (7_u64, 0);
    for round in 1..=100 {
        // Each release is other contents, so that there is always something to do.
        let release = round.to_string();
        let more = ["--release", &release, "--compression", "gzip:1", "--keep", "2"];
        let mut child = start(at, "", &[&BUILD[..], &more].concat());
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        thread::sleep(Duration::from_micros((seed >> 33) % (length + length / 4)));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        let before = packages(&at.join("dist"));
        if round % 10 == 0 {
            let again = start(at, "", &[&BUILD[..], &more].concat()).wait().unwrap();
            assert!(again.success(), "round {round}");
            assert!(packages(&at.join("dist")) >= before.max(5), "round {round}");
        }
    }
    assert!(killed >= 30, "only {killed} runs were killed before their end");
    let entries = fs::read_dir(at.join("dist")).unwrap();
    let names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let hidden: Vec<&String> = names.iter().filter(|name| name.starts_with('.')).collect();
    assert_eq!(hidden.len(), 2, "{hidden:?}");
    assert_eq!(names.iter().filter(|name| name.ends_with(".deb")).count(), 10, "{names:?}");
}

#[test]
fn eight_runs_at_once_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    let children: Vec<Child> = (0..8)
        .map(|number| {
            // Half of them build the same, half something of their own.
            let release = (1 + number % 5).to_string();
            start(at, "", &[&BUILD[..], &["--release", &release]].concat())
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert!(packages(&at.join("dist")) >= 5);
    let check = run(at, &["check", "dist"]);
    assert_eq!(check.status, 0, "{}{}", check.stdout, check.stderr);
}

#[test]
fn an_interrupted_run_leaves_no_child_and_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    let programs = at.join("bin");
    fs::create_dir(&programs).unwrap();
    let (tool, started) = (programs.join("dpkg-deb"), at.join("started"));
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && exit\necho $$ >> {}\nsleep 100 &\nwait\n",
        started.display()
    );
    fs::write(&tool, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&tool, mode).unwrap();
    for (signal, status) in [("TERM", 143), ("INT", 130)] {
        let _ = fs::remove_file(&started);
        let path = format!("{}:", programs.display());
        let arguments = [&BUILD[..11], &["--builder", "system", "--no-sandbox"]].concat();
        let mut child = start(at, &path, &arguments);
        let begun = Instant::now();
        while fs::read_to_string(&started).unwrap_or_default().lines().next().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(20), "nothing was started");
            thread::sleep(Duration::from_millis(10));
        }
        let signalled = Instant::now();
        let kill = |number: &str, signal: &str| {
            let arguments = [format!("-{signal}"), number.to_owned()];
            Command::new("kill").args(arguments).stderr(Stdio::null()).status().unwrap().success()
        };
        assert!(kill(&child.id().to_string(), signal));
        assert_eq!(child.wait().unwrap().code(), Some(status));
        assert!(signalled.elapsed() < Duration::from_secs(4));
        for number in fs::read_to_string(&started).unwrap().lines() {
            assert!(!kill(number, "0"), "{number} lives");
        }
        assert_eq!(fs::read_dir(at.join("tmp")).unwrap().count(), 0);
        let entries = fs::read_dir(at.join("dist")).unwrap();
        let left: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        assert!(
            left.iter().all(|name| name == ".pypi2pkg.lock" || name == ".pypi2pkg"),
            "{left:?}"
        );
    }
}

/// A `dpkg-deb` that does nothing for a long time; each that is started leaves a line in a file.
fn hanging_tool(at: &Path) -> (String, std::path::PathBuf) {
    let (programs, started) = (at.join("bin"), at.join("started"));
    fs::create_dir(&programs).unwrap();
    let tool = programs.join("dpkg-deb");
    let begin = "#!/bin/sh\n[ \"$1\" = --version ] && exit\n";
    fs::write(&tool, format!("{begin}echo $$ >> {}\nexec sleep 100\n", started.display())).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&tool, mode).unwrap();
    (format!("{}:", programs.display()), started)
}

#[test]
fn the_next_run_sweeps_what_a_killed_one_left_and_nothing_of_a_living_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    let (path, started) = hanging_tool(at);
    let hang = |output: &str| {
        let _ = fs::remove_file(&started);
        let more = ["--builder", "system", "--no-sandbox", "-o", output];
        let child = start(at, &path, &[&BUILD[..11], &more].concat());
        let begun = Instant::now();
        while fs::read_to_string(&started).unwrap_or_default().lines().next().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(20), "nothing was started");
            thread::sleep(Duration::from_millis(10));
        }
        child
    };
    let left = || -> BTreeSet<String> {
        let entries = fs::read_dir(at.join("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let tools = || fs::read_to_string(&started).unwrap();
    let kill = |numbers: &str| {
        for number in numbers.lines() {
            Command::new("kill").args(["-KILL", number]).stderr(Stdio::null()).status().unwrap();
        }
    };
    fs::create_dir(at.join("tmp/pypi2pkg-of-mine")).unwrap();
    let mut dead = hang("first");
    dead.kill().unwrap();
    dead.wait().unwrap();
    kill(&tools());
    let remains = left();
    assert!(remains.len() > 1, "{remains:?}");

    let mut living = hang("second");
    let of_living = left();
    assert!(of_living.is_disjoint(&(&remains - &BTreeSet::from(["pypi2pkg-of-mine".to_owned()]))));
    assert!(of_living.len() > 1);
    assert!(start(at, "", &BUILD).wait().unwrap().success());
    let number = living.id().to_string();
    assert!(of_living.is_subset(&left()));
    let modes = |name: &String| {
        std::os::unix::fs::PermissionsExt::mode(
            &at.join("tmp").join(name).metadata().unwrap().permissions(),
        )
    };
    let own = of_living.iter().filter(|name| *name != "pypi2pkg-of-mine");
    assert!(own.map(modes).all(|mode| mode & 0o7777 == 0o700));
    Command::new("kill").args(["-TERM", &number]).status().unwrap();
    assert_eq!(living.wait().unwrap().code(), Some(143));
    assert_eq!(left(), BTreeSet::from(["pypi2pkg-of-mine".to_owned()]));
}
