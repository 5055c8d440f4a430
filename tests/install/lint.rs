//! What the linters of the distributions say.

use std::collections::BTreeSet;
use std::process::Command;

use crate::tools::{BUILDERS, build, files, have, output};

/// The error-level findings in a linter's output that its list of accepted tags does not name.
/// A list has a tag and the reason for accepting it on every line.
fn unexpected<'a>(report: &'a str, accepted: &str) -> Vec<&'a str> {
    let accepted: Vec<&str> = accepted
        .lines()
        .map(|line| {
            let (tag, reason) = line.split_once(' ').unwrap_or((line, ""));
            assert!(!reason.trim().is_empty(), "`{tag}` is accepted without a reason");
            tag
        })
        .collect();
    report
        .lines()
        .filter(|line| error_tag(line).is_some_and(|tag| !accepted.contains(&tag)))
        .collect()
}

/// The tag of an error-level finding: rpmlint writes `package.arch: E: tag`, lintian
/// `E: package: tag`.
fn error_tag(line: &str) -> Option<&str> {
    let rest = match line.strip_prefix("E: ") {
        Some(finding) => finding.split_once(": ")?.1,
        None => line.split_once(": E: ")?.1,
    };
    rest.split_whitespace().next()
}

/// All findings of a report, whatever their level: lines with `E: `, `W: ` or `I: ` behind what
/// stands before it.
fn all(report: &str, before: &str) -> BTreeSet<String> {
    let is_finding = |line: &&str| {
        ["E", "W", "I"].iter().any(|level| match before {
            "" => line.starts_with(&format!("{level}: ")),
            _ => line.contains(&format!("{before}{level}: ")),
        })
    };
    report.lines().filter(is_finding).map(str::to_owned).collect()
}

#[test]
fn findings_are_read_from_both_linters() {
    let report = "python3-x.noarch: E: no-signature\n\
                  python3-x.noarch: E: zero-length /usr/x\n\
                  python3-x.noarch: W: no-documentation\n\
                  E: python3-x: no-changelog usr/share\n\
                  W: python3-x: E-like\n";
    assert_eq!(
        unexpected(report, "no-signature for a reason\n"),
        ["python3-x.noarch: E: zero-length /usr/x", "E: python3-x: no-changelog usr/share"]
    );
}

#[test]
fn rpmlint_finds_no_errors() {
    if !have(&["rpmlint", "rpmbuild", "createrepo_c"]) {
        return;
    }
    let mut findings = Vec::new();
    for builder in BUILDERS {
        let work = tempfile::tempdir().expect("the temporary folder is writable");
        let packages = files(&build(work.path(), "fedora-43", builder), "rpm");
        let checked = output(Command::new("rpmlint").args(&packages).env("HOME", work.path()));
        let report = String::from_utf8_lossy(&checked.stdout);
        let summary = format!("{} packages and 0 specfiles checked", packages.len());
        assert!(report.contains(&summary), "rpmlint did not finish: {report}");
        let found = unexpected(&report, include_str!("../data/lint/rpmlint.txt"));
        assert!(found.is_empty(), "{builder}: {found:#?}");
        findings.push(all(&report, ": "));
    }
    assert_eq!(findings[0], findings[1]);
}

#[test]
fn lintian_finds_no_errors() {
    if !have(&["lintian", "dpkg-deb"]) {
        return;
    }
    let mut findings = Vec::new();
    for builder in BUILDERS {
        let work = tempfile::tempdir().expect("the temporary folder is writable");
        let packages = files(&build(work.path(), "debian-12", builder), "deb");
        let checked = output(
            Command::new("lintian")
                .args(["--allow-root", "--tag-display-limit", "0", "--fail-on", "error"])
                .args(&packages),
        );
        let report = String::from_utf8_lossy(&checked.stdout);
        let said = String::from_utf8_lossy(&checked.stderr);
        // 2 is lintian's status for findings, 1 for not having got through.
        assert!(matches!(checked.status.code(), Some(0 | 2)), "{report}{said}");
        let found = unexpected(&report, include_str!("../data/lint/lintian.txt"));
        assert!(found.is_empty(), "{builder}: {found:#?}");
        findings.push(all(&report, ""));
    }
    assert_eq!(findings[0], findings[1]);
}
