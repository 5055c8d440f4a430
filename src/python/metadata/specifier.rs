//! Version specifiers, strictly and as older releases write them.
//! Source: PyPA version specifiers (PEP 440).

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier, VersionSpecifiers};

/// Whether forms that were once written, but never allowed, are taken for what was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// What `packaging` accepts.
    Strict,
    /// What published releases hold: `>=1.0.*`, `!=3.0*`, `>=1.0<2`, `!=~1.0`, stray quotes.
    Lenient,
}

/// Parses specifiers such as `>=1.0,<2`; empty clauses are left out, an empty text has none.
///
/// With the forms that published releases hold, as [`super::CoreMetadata`] reads them.
///
/// # Errors
/// The clause that cannot be read, and why.
pub fn parse_specifiers(text: &str) -> Result<VersionSpecifiers, String> {
    parse(text, Mode::Lenient)
}

/// Parses specifiers; see [`parse_specifiers`].
pub(super) fn parse(text: &str, mode: Mode) -> Result<VersionSpecifiers, String> {
    let unquoted;
    let text = if mode == Mode::Lenient {
        unquoted = text.replace(['\'', '"'], "");
        unquoted.as_str()
    } else {
        text
    };
    let mut specifiers = Vec::new();
    for clause in text.split(',').map(str::trim).filter(|clause| !clause.is_empty()) {
        match parse_clause(clause) {
            Ok(specifier) => specifiers.push(specifier),
            Err(problem) if mode == Mode::Strict => return Err(problem),
            Err(problem) => {
                for part in split_clause(clause) {
                    specifiers.push(parse_clause(&mend(part)).map_err(|_| problem.clone())?);
                }
            }
        }
    }
    Ok(specifiers.into_iter().collect())
}

fn parse_clause(clause: &str) -> Result<VersionSpecifier, String> {
    let arbitrary = clause.strip_prefix("===").map(str::trim);
    if let Some(text) = arbitrary.filter(|text| Version::from_str(text).is_err()) {
        return Err(format!("`==={text}` names no version, so no release can match it"));
    }
    VersionSpecifier::from_str(clause).map_err(|error| format!("`{clause}`: {error}"))
}

/// Cuts `>=1.0<2` before every operator.
fn split_clause(clause: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut in_operator = true;
    for (at, c) in clause.char_indices() {
        let is_operator = matches!(c, '<' | '>' | '=' | '!' | '~');
        if is_operator && !in_operator {
            parts.push(clause[start..at].trim());
            start = at;
        }
        in_operator = is_operator || (in_operator && c.is_whitespace());
    }
    parts.push(clause[start..].trim());
    parts
}

/// Writes a clause as its author meant it.
fn mend(clause: &str) -> String {
    let end = clause.find(|c| !matches!(c, '<' | '>' | '=' | '!' | '~')).unwrap_or(clause.len());
    let (operator, version) = (&clause[..end], clause[end..].trim());
    let operator = if operator == "!=~" { "!=" } else { operator };
    let Some(prefix) = version.strip_suffix('*') else {
        return format!("{operator}{version}");
    };
    let prefix = prefix.trim_end_matches('.');
    match operator {
        "==" | "!=" => format!("{operator}{prefix}.*"),
        // A star after an ordering operator says nothing more than the number before it.
        _ => format!("{operator}{prefix}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_forms_are_read_as_meant() {
        for (written, meant) in [
            (">=1.0,", ">=1.0"),
            (",>=1.0,,<2", ">=1.0, <2"),
            (">=1.0.*", ">=1.0"),
            ("<2.*", "<2"),
            ("!=3.0*", "!=3.0.*"),
            (">=1.0<2", ">=1.0, <2"),
            (">= 1.0 < 2", ">=1.0, <2"),
            ("!=~1.0", "!=1.0"),
            (">='2.7'", ">=2.7"),
            ("", ""),
        ] {
            let parsed = parse_specifiers(written).map(|specifiers| specifiers.to_string());
            assert_eq!(parsed.as_deref(), Ok(meant), "{written}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for text in ["1.0", "=1.0", ">=", "*", "==", ">=x", "===any-thing", "~=1"] {
            assert!(parse_specifiers(text).is_err(), "{text}");
        }
        assert!(parse(">=1.0.*", Mode::Strict).is_err());
    }
}
