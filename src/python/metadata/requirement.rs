//! Dependency specifiers. Source: PyPA dependency specifiers (PEP 508).
//!
//! They are taken apart here and put together from parsed parts: the requirement type's own
//! parser expands environment variables and panics on some inputs.

use pep508_rs::{MarkerTree, VersionOrUrl};
use url::Url;

use super::{
    core::Requirement,
    marker::parse_marker,
    specifier::{self, Mode},
};
use crate::{
    base::text::is_hidden,
    python::artifact::{ExtraName, ProjectName, extra_name, mend_scp, project_name},
};

/// The longest requirement, in bytes.
const LENGTH_LIMIT: usize = 32_768;

/// Parses a requirement such as `requests[socks]>=2.0 ; python_version < '3.10'`.
///
/// # Errors
/// What cannot be read, with the requirement.
pub fn parse_requirement(text: &str) -> Result<Requirement, RequirementError> {
    parse(text, Mode::Strict)
}

/// As [`parse_requirement`], with the forms that published releases hold: `foo (>=1.0.*)`.
///
/// # Errors
/// As [`parse_requirement`].
pub fn parse_published_requirement(text: &str) -> Result<Requirement, RequirementError> {
    parse(text, Mode::Lenient)
}

/// Why a requirement was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{requirement}` is not a requirement: {problem}")]
pub struct RequirementError {
    pub requirement: String,
    pub problem: String,
}

fn parse(text: &str, mode: Mode) -> Result<Requirement, RequirementError> {
    parse_parts(text, mode).map_err(|problem| RequirementError {
        requirement: text.chars().take(200).collect(),
        problem,
    })
}

fn parse_parts(text: &str, mode: Mode) -> Result<Requirement, String> {
    if text.len() > LENGTH_LIMIT {
        return Err(format!("it is longer than {LENGTH_LIMIT} bytes"));
    }
    if text.chars().any(|c| is_hidden(c) && c != '\t') {
        return Err("it has a control or an invisible character".to_owned());
    }
    let (name, rest) = take_name(text.trim())?;
    let (extras, rest) = take_extras(rest)?;
    let (version_or_url, rest) = match rest.strip_prefix('@') {
        Some(rest) => take_url(rest.trim_start())?,
        None => take_specifiers(rest, mode)?,
    };
    let marker = match rest.strip_prefix(';') {
        Some(marker) => parse_marker(marker)?,
        None if rest.is_empty() => MarkerTree::TRUE,
        None => return Err(format!("`{rest}` is unexpected at its end")),
    };
    Ok(Requirement { name, extras, version_or_url, marker, origin: None })
}

fn take_name(text: &str) -> Result<(ProjectName, &str), String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let name = project_name(&text[..end])
        .ok_or_else(|| "it does not begin with a project's name".to_owned())?;
    Ok((name, text[end..].trim_start()))
}

fn take_extras(text: &str) -> Result<(Vec<ExtraName>, &str), String> {
    let Some(rest) = text.strip_prefix('[') else {
        return Ok((Vec::new(), text));
    };
    let (list, rest) = rest.split_once(']').ok_or("its `[` has no `]`")?;
    if list.trim().is_empty() {
        return Ok((Vec::new(), rest.trim_start()));
    }
    let extras = list
        .split(',')
        .map(|name| {
            let name = name.trim();
            extra_name(name).ok_or_else(|| format!("`{name}` is not a valid extra name"))
        })
        .collect::<Result<_, _>>()?;
    Ok((extras, rest.trim_start()))
}

type UrlOrVersion = Option<VersionOrUrl<Url>>;

/// Takes a URL, which ends at a blank.
fn take_url(text: &str) -> Result<(UrlOrVersion, &str), String> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (written, rest) = text.split_at(end);
    let parsed = Url::parse(written).or_else(|error| match mend_scp(written) {
        Some(mended) => Url::parse(&mended),
        None => Err(error),
    });
    match parsed {
        Ok(url) => Ok((Some(VersionOrUrl::Url(url)), rest.trim_start())),
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            Err("what follows `@` is a path, not a URL with a scheme".to_owned())
        }
        Err(error) => Err(format!("its URL cannot be read: {error}")),
    }
}

/// Takes specifiers, which may be in parentheses and end before a marker.
fn take_specifiers(text: &str, mode: Mode) -> Result<(UrlOrVersion, &str), String> {
    let (list, rest) = match text.strip_prefix('(') {
        Some(inner) => inner.split_once(')').ok_or("its `(` has no `)`")?,
        None => text.split_at(text.find(';').unwrap_or(text.len())),
    };
    let specifiers = specifier::parse(list, mode)?;
    let target = (!specifiers.is_empty()).then_some(VersionOrUrl::VersionSpecifier(specifiers));
    Ok((target, rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_forms_are_read_as_meant() {
        for (written, meant) in [
            ("foo (>=1.0)", "foo>=1.0"),
            ("foo (>=1.0.*)", "foo>=1.0"),
            ("foo >=1.0,", "foo>=1.0"),
            ("foo>=1.0<2", "foo>=1.0,<2"),
            (
                "foo (>=1.0) ; extra=='x'and(os_name=='nt')",
                "foo>=1.0 ; os_name == 'nt' and extra == 'x'",
            ),
        ] {
            assert_eq!(
                parse_published_requirement(written).unwrap().to_string(),
                meant,
                "{written}"
            );
        }
        assert!(parse_requirement("foo>=1.0.*").is_err());
    }

    #[test]
    fn variables_are_never_expanded() {
        let parsed = parse_requirement("foo @ https://index.example/${HOME}/$HOME.zip").unwrap();
        assert!(parsed.to_string().contains("/$%7BHOME%7D/$HOME.zip"), "{parsed}");
    }

    #[test]
    fn errors_name_requirement_and_cause() {
        let problem = |text: &str| parse_requirement(text).unwrap_err().to_string();
        assert_eq!(
            problem("foo; 'x' ~= os_name"),
            "`foo; 'x' ~= os_name` is not a requirement: `~=` is not defined for `os_name` and `x`"
        );
        assert_eq!(
            problem("foo ===any-thing"),
            "`foo ===any-thing` is not a requirement: \
             `===any-thing` names no version, so no release can match it"
        );
        assert_eq!(
            problem("foo @ ../x"),
            "`foo @ ../x` is not a requirement: what follows `@` is a path, not a URL with a scheme"
        );
    }
}
