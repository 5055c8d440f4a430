//! Running programs, and what to do where one is missing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use walkdir::WalkDir;

/// Both ways to make a package: by the distribution's tools, and by this program alone.
pub const BUILDERS: [&str; 2] = ["system", "embedded"];

/// The packages of `requests` and all that it needs, as every target here names them.
pub const CLOSURE: [&str; 5] = [
    "python3-certifi",
    "python3-charset-normalizer",
    "python3-idna",
    "python3-requests",
    "python3-urllib3",
];

pub use crate::support::{have, skip};

/// Whether the test may install into a root of its own; see [`skip`] for what happens if not.
pub fn privileged() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip("installing into a root needs to run as root");
    }
    root
}

/// Runs a command to its end, whatever its status.
pub fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("could not start {command:?}: {error}"))
}

/// The standard output of a command that must succeed.
pub fn run(command: &mut Command) -> String {
    let output = output(command);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{stdout}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    stdout
}

/// Builds the closure of `requests` from the recorded index; returns the collection's folder,
/// an absolute path below `work`.
pub fn build(work: &Path, target: &str, builder: &str) -> PathBuf {
    build_with(work, target, builder, &[])
}

/// The same with further options.
pub fn build_with(work: &Path, target: &str, builder: &str, options: &[&str]) -> PathBuf {
    let collection = work.join("collection");
    let printed = run(Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
        .args(["build", "requests==2.32.3", "--target", target])
        .args(["--builder", builder])
        .args(options)
        .args(["--index-url", "tests/data/index", "--cache-dir"])
        .arg(work.join("cache"))
        .arg("-o")
        .arg(&collection)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("HOME", work)
        .env("GNUPGHOME", work.join("gnupg")));
    assert_eq!(printed.lines().count(), CLOSURE.len(), "{printed}");
    collection
}

/// The files in a folder with this extension, sorted.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is readable")
        .map(|entry| entry.expect("the entry is readable").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    found
}

/// Every path below a folder, relative to it; nothing for a folder that does not exist.
pub fn tree(folder: &Path) -> BTreeSet<PathBuf> {
    WalkDir::new(folder)
        .min_depth(1)
        .into_iter()
        .filter_map(Result::ok)
        .map(|entry| {
            entry.path().strip_prefix(folder).expect("a walk stays below its start").to_path_buf()
        })
        .collect()
}
