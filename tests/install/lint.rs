//! What rpmlint and lintian say of the packages: nothing but findings that are inherent, each
//! listed with its reason.

use std::{path::Path, process::Command};

use super::{BUILDERS, build, can_run, packages};

/// The tags of a list: lines `TAG REASON`, `#` begins a comment.
fn inherent(list: &str) -> Vec<&str> {
    let lines = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.filter_map(|line| line.split_whitespace().next()).collect()
}

/// The error lines of a linter's output that are not inherent.
fn errors(output: &[u8], mark: &str, inherent: &[&str]) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    let is_error = |line: &&str| line.contains(mark);
    let is_new = |line: &&str| !line.split_whitespace().any(|word| inherent.contains(&word));
    text.lines().filter(is_error).filter(is_new).map(str::to_owned).collect()
}

fn lint(program: &str, folder: &Path, extension: &str) -> Vec<u8> {
    let files = packages(folder, extension);
    assert_eq!(files.len(), 5);
    Command::new(program).args(files).output().unwrap().stdout
}

#[test]
fn rpmlint_finds_no_errors() {
    if !can_run(&["rpmlint", "rpmbuild", "unzip"]) {
        return;
    }
    let inherent = inherent(include_str!("../data/lint/rpmlint.txt"));
    for builder in BUILDERS {
        let folder = tempfile::tempdir().unwrap();
        build("fedora-43", builder, folder.path());
        let output = lint("rpmlint", folder.path(), "rpm");
        assert_eq!(errors(&output, ": E: ", &inherent), [""; 0], "{builder}");
    }
}

#[test]
fn lintian_finds_no_errors() {
    if !can_run(&["lintian", "dpkg-deb"]) {
        return;
    }
    let inherent = inherent(include_str!("../data/lint/lintian.txt"));
    for builder in BUILDERS {
        let folder = tempfile::tempdir().unwrap();
        build("debian-12", builder, folder.path());
        let output = lint("lintian", folder.path(), "deb");
        assert_eq!(errors(&output, "E: ", &inherent), [""; 0], "{builder}");
    }
}
