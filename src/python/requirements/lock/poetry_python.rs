//! Poetry's own form of version ranges. Source: Poetry 2, "Dependency specification".

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::MarkerTree;

use super::python_specifiers_marker;

/// The marker that holds for the Pythons of a range such as `^3.9`, `~2.7 || >=3.6,<4` or `*`.
///
/// # Errors
/// What is not a range.
pub(super) fn python_marker(text: &str) -> Result<MarkerTree, String> {
    let wrong = || format!("`{text}` is not a valid range of Python versions");
    let mut any = MarkerTree::FALSE;
    for alternative in text.split("||") {
        let mut all = MarkerTree::TRUE;
        for clause in clauses(alternative) {
            all.and(clause_marker(&clause).ok_or_else(wrong)?);
        }
        any.or(all);
    }
    Ok(any)
}

/// The clauses of an alternative, which commas or blanks separate; an operator may have blanks
/// behind it.
fn clauses(text: &str) -> Vec<String> {
    let mut clauses: Vec<String> = Vec::new();
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        match clauses.last_mut() {
            Some(last) if !last.contains(|c: char| c.is_ascii_digit() || c == '*') => {
                last.push_str(word);
            }
            _ => clauses.push(word.to_owned()),
        }
    }
    clauses
}

fn clause_marker(clause: &str) -> Option<MarkerTree> {
    if clause == "*" {
        return Some(MarkerTree::TRUE);
    }
    let specifiers = if let Some(version) = clause.strip_prefix('^') {
        range(version, |release| {
            // What stands before the first part that is not zero must not change.
            release.iter().position(|part| *part > 0).unwrap_or(release.len() - 1)
        })?
    } else if let Some(version) = clause.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        range(version, |release| usize::from(release.len() > 1))?
    } else if clause.starts_with(|c: char| c.is_ascii_digit()) {
        // A bare version of a Python means all of its patch releases.
        let is_whole = clause.ends_with(".*") || clause.matches('.').count() > 1;
        format!("=={clause}{}", if is_whole { "" } else { ".*" })
    } else {
        clause.to_owned()
    };
    let specifiers: VersionSpecifiers = specifiers.parse().ok()?;
    python_specifiers_marker(&specifiers).ok()
}

/// `>=VERSION` below the next version of the part at the position that `fixed` tells.
fn range(version: &str, fixed: impl Fn(&[u64]) -> usize) -> Option<String> {
    let version: Version = version.parse().ok()?;
    let release = version.release();
    let mut next: Vec<u64> = release.iter().take(fixed(release) + 1).copied().collect();
    *next.last_mut()? += 1;
    let next: Vec<String> = next.iter().map(u64::to_string).collect();
    Some(format!(">={version},<{}", next.join(".")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::metadata::parse_marker;

    #[test]
    fn ranges_are_understood() {
        for (text, expected) in [
            ("^3.9", "python_full_version >= '3.9' and python_full_version < '4'"),
            ("^3.9.2", "python_full_version >= '3.9.2' and python_full_version < '4'"),
            ("~3.9", "python_full_version >= '3.9' and python_full_version < '3.10'"),
            ("~3.9.2", "python_full_version >= '3.9.2' and python_full_version < '3.10'"),
            ("~3", "python_full_version >= '3' and python_full_version < '4'"),
            ("~=3.9.2", "python_full_version >= '3.9.2' and python_full_version < '3.10'"),
            (">=3.8,<4.0", "python_full_version >= '3.8' and python_full_version < '4.0'"),
            (">= 3.8 < 4.0", "python_full_version >= '3.8' and python_full_version < '4.0'"),
            ("3.11", "python_full_version >= '3.11' and python_full_version < '3.12'"),
            ("3.11.*", "python_full_version >= '3.11' and python_full_version < '3.12'"),
            (
                "~2.7 || ^3.6",
                "(python_full_version >= '2.7' and python_full_version < '2.8') or \
                              (python_full_version >= '3.6' and python_full_version < '4')",
            ),
        ] {
            let found = python_marker(text).unwrap().try_to_string();
            assert_eq!(found, parse_marker(expected).unwrap().try_to_string(), "{text}");
        }
        assert!(python_marker("*").unwrap().is_true());
        for text in ["x", "^", "3.x", ">>3", "^3.9 and y"] {
            assert!(python_marker(text).is_err(), "{text}");
        }
    }
}
