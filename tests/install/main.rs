//! From a recorded index to packages that real package managers install and real Pythons import.
//!
//! A missing tool skips with a visible line; `REQUIRE_TOOLS=1` makes that a failure.

mod deb;
mod lint;
mod rpm;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Both ways to build.
const BUILDERS: [&str; 2] = ["system", "embedded"];

/// Whether all tools are here and the user may change roots.
fn can_run(tools: &[&str]) -> bool {
    let missing = tools.iter().find(|tool| {
        let script = format!("command -v {tool}");
        !Command::new("sh").args(["-c", &script]).output().unwrap().status.success()
    });
    let user = Command::new("id").arg("-u").output().unwrap().stdout;
    let problem = match missing {
        Some(tool) => format!("`{tool}` is missing"),
        None if user != b"0\n" => "only root may change roots".to_owned(),
        None => return true,
    };
    assert!(std::env::var_os("REQUIRE_TOOLS").is_none(), "{problem}");
    eprintln!("skipped: {problem}");
    false
}

/// Builds the closure of `requests` from the recorded index into `folder`.
fn build(target: &str, builder: &str, folder: &Path) {
    let cache = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
        .args(["build", "requests", "--quiet", "--target", target, "--builder", builder])
        .args(["--index-url", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/index")])
        .arg("--cache-dir")
        .arg(cache.path())
        .arg("--output")
        .arg(folder)
        .current_dir(cache.path())
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .output()
        .unwrap();
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{target}, {builder}: {problems}");
}

/// The packages in a folder, sorted.
fn packages(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut packages: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    packages.sort();
    packages
}

/// Runs a shell script that must succeed; its standard output.
fn shell(script: &str) -> String {
    let output =
        Command::new("sh").args(["-ec", script]).env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(
        output.status.success(),
        "{script}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
