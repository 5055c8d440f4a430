//! The tools that a test needs. Where one is missing, the test is skipped visibly; with
//! `REQUIRE_TOOLS=1` it fails. With `WITHOUT_TOOLS=1` every such test is skipped.

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Where tools are looked for: the tests' own search path is not that of the program they start.
const FOLDERS: [&str; 5] = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

/// Whether a variable is `1`.
pub fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| value == "1")
}

/// Reports on the real standard error, which the test harness does not capture, why a test is
/// skipped.
///
/// # Panics
/// `REQUIRE_TOOLS=1` is set.
pub fn skip(reason: &str) {
    assert!(!is_set("REQUIRE_TOOLS"), "{reason}");
    writeln!(io::stderr(), "skipped: {reason}").expect("standard error is writable");
}

/// Returns the path of a program, or skips.
pub fn tool(name: &str) -> Option<PathBuf> {
    let candidates = FOLDERS.iter().map(|folder| Path::new(folder).join(name));
    let found = candidates.into_iter().find(|path| path.is_file() && !is_set("WITHOUT_TOOLS"));
    if found.is_none() {
        skip(&format!("not installed: {name}"));
    }
    found
}

/// Whether all programs are installed; skips otherwise.
pub fn have(names: &[&str]) -> bool {
    names.iter().all(|name| tool(name).is_some())
}
