//! Core metadata (`METADATA`, `PKG-INFO`). Source: PyPA core metadata specification 2.4.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

use super::{
    header::{Headers, split_headers},
    requirement::parse_published_requirement,
    specifier::parse_specifiers,
};
use crate::python::artifact::{ExtraName, ProjectName, extra_name, project_name};

/// The largest metadata file read, in bytes.
const SIZE_LIMIT: usize = 4 * 1024 * 1024;

/// A dependency specifier (PEP 508) whose URLs are never expanded from the environment.
pub type Requirement = pep508_rs::Requirement<url::Url>;

/// The core metadata of one release, parsed; every text is as it came and must pass through
/// [`crate::base::text`] before it reaches a recipe or a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreMetadata {
    pub metadata_version: String,
    pub name: ProjectName,
    /// The name as the project writes it.
    pub raw_name: String,
    pub version: Version,
    pub summary: Option<String>,
    pub description: Option<String>,
    pub description_content_type: Option<String>,
    pub author: Option<String>,
    pub author_email: Option<String>,
    pub maintainer: Option<String>,
    pub maintainer_email: Option<String>,
    pub home_page: Option<String>,
    /// `Project-URL`: label and address, in file order.
    pub project_urls: Vec<(String, String)>,
    pub license: Option<String>,
    pub license_expression: Option<String>,
    pub license_files: Vec<String>,
    pub classifiers: Vec<String>,
    pub requires_python: Option<VersionSpecifiers>,
    pub requires_dist: Vec<Requirement>,
    pub requires_external: Vec<String>,
    pub provides_extra: Vec<ExtraName>,
    /// The names of fields that metadata 2.2 declares dynamic, lower case.
    pub dynamic: Vec<String>,
}

/// Why a metadata file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct MetadataError {
    pub problem: String,
}

impl CoreMetadata {
    /// Parses a `METADATA` or `PKG-INFO` file: headers, and after an empty line the description.
    ///
    /// Bytes that are no UTF-8 are read as Latin-1, as old tools wrote them. The value `UNKNOWN`,
    /// which old tools wrote for nothing, is none. Requirements may have the forms that published
    /// releases hold, such as `foo (>=1.0.*)`.
    ///
    /// # Errors
    /// Too large a file, a missing or repeated field that must be there once, and fields that
    /// cannot be read: name, version, `Requires-Python`, `Requires-Dist`.
    pub fn parse(text: &[u8]) -> Result<Self, MetadataError> {
        if text.len() > SIZE_LIMIT {
            return Err(MetadataError::new(format!("it is larger than {SIZE_LIMIT} bytes")));
        }
        let text = match std::str::from_utf8(text) {
            Ok(text) => text.into(),
            Err(_) => text.iter().map(|byte| char::from(*byte)).collect::<String>(),
        };
        let (headers, body) = split_headers(&text);
        headers.check_single()?;
        let metadata_version = required(&headers, "metadata-version")?;
        if !metadata_version.starts_with("1.") && !metadata_version.starts_with("2.") {
            return Err(MetadataError::new(format!(
                "its metadata version `{metadata_version}` is unknown"
            )));
        }
        let raw_name = required(&headers, "name")?;
        let version = required(&headers, "version")?;
        Ok(Self {
            metadata_version,
            name: project_name(&raw_name)
                .ok_or_else(|| invalid("Name", &raw_name, "no project can be called so"))?,
            raw_name,
            version: Version::from_str(&version)
                .map_err(|error| invalid("Version", &version, &error.to_string()))?,
            summary: headers.one("summary"),
            description: description(&headers, body),
            description_content_type: headers.one("description-content-type"),
            author: headers.one("author"),
            author_email: headers.one("author-email"),
            maintainer: headers.one("maintainer"),
            maintainer_email: headers.one("maintainer-email"),
            home_page: headers.one("home-page"),
            project_urls: headers.all("project-url").filter_map(|url| labelled(&url)).collect(),
            license: headers.block("license"),
            license_expression: headers.one("license-expression"),
            license_files: headers.all("license-file").collect(),
            classifiers: headers.all("classifier").collect(),
            requires_python: requires_python(&headers)?,
            requires_dist: requires_dist(&headers)?,
            requires_external: headers.all("requires-external").collect(),
            provides_extra: provides_extra(&headers),
            dynamic: headers.all("dynamic").map(|name| name.to_ascii_lowercase()).collect(),
        })
    }

    /// Whether an sdist's requirements are those of every wheel built from it: since metadata 2.2
    /// a field not declared dynamic is.
    pub fn has_static_requirements(&self) -> bool {
        let (major, minor) = self.metadata_version.split_once('.').unwrap_or_default();
        let is_new = major == "2" && minor.parse::<u32>().is_ok_and(|minor| minor >= 2);
        let changing = ["requires-dist", "provides-extra", "requires-python"];
        is_new && !self.dynamic.iter().any(|name| changing.contains(&name.as_str()))
    }
}

impl MetadataError {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into() }
    }
}

fn invalid(field: &str, value: &str, reason: &str) -> MetadataError {
    MetadataError::new(format!("its field `{field}: {value}` is invalid: {reason}"))
}

fn required(headers: &Headers, name: &str) -> Result<String, MetadataError> {
    headers.one(name).ok_or_else(|| MetadataError::new(format!("it has no field `{name}`")))
}

/// The body; before metadata 2.1 a field, whose lines are indented by eight columns or by seven
/// and a bar.
fn description(headers: &Headers, body: &str) -> Option<String> {
    if !body.trim().is_empty() {
        return Some(body.to_owned());
    }
    let field = headers.block("description")?;
    let lines: Vec<&str> = field
        .split('\n')
        .map(|line| {
            line.strip_prefix("        ").or_else(|| line.strip_prefix("       |")).unwrap_or(line)
        })
        .collect();
    Some(lines.join("\n"))
}

/// `Label, https://…`
fn labelled(url: &str) -> Option<(String, String)> {
    let (label, address) = url.split_once(',')?;
    Some((label.trim().to_owned(), address.trim().to_owned()))
}

fn requires_python(headers: &Headers) -> Result<Option<VersionSpecifiers>, MetadataError> {
    let Some(text) = headers.one("requires-python") else {
        return Ok(None);
    };
    parse_specifiers(&text).map(Some).map_err(|problem| invalid("Requires-Python", &text, &problem))
}

fn requires_dist(headers: &Headers) -> Result<Vec<Requirement>, MetadataError> {
    headers
        .all("requires-dist")
        .map(|text| {
            parse_published_requirement(&text)
                .map_err(|error| invalid("Requires-Dist", &text, &error.problem))
        })
        .collect()
}

/// Extras whose names are invalid are left out: they cannot be requested.
fn provides_extra(headers: &Headers) -> Vec<ExtraName> {
    let mut extras: Vec<ExtraName> = Vec::new();
    for extra in headers.all("provides-extra").filter_map(|name| extra_name(&name)) {
        if !extras.contains(&extra) {
            extras.push(extra);
        }
    }
    extras
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0\n";

    fn parse(rest: &str) -> Result<CoreMetadata, MetadataError> {
        CoreMetadata::parse(format!("{HEAD}{rest}").as_bytes())
    }

    #[test]
    fn fields_and_body_are_read() {
        let metadata = parse(
            "Summary: one\r\n   two\nlicense: MIT\n\tand text\nAuthor: UNKNOWN\n\
             Project-URL: Source, https://index.example/a,b\n\
             Requires-Dist: idna (>=2.5,<4)\nRequires-Dist: x ; extra == 'A_b'\n\
             Provides-Extra: A_b\nProvides-Extra: a-b\nProvides-Extra: a b\n\
             Requires-Python: >=3.8,!=3.9*,\n\n# Title\n\nText\n",
        )
        .unwrap();
        assert_eq!(metadata.name.as_ref(), "foo-bar");
        assert_eq!(metadata.raw_name, "Foo_Bar");
        assert_eq!(metadata.summary.as_deref(), Some("one two"));
        assert_eq!(metadata.license.as_deref(), Some("MIT\n\tand text"));
        assert_eq!(metadata.author, None);
        assert_eq!(metadata.project_urls[0].1, "https://index.example/a,b");
        let requires: Vec<String> =
            metadata.requires_dist.iter().map(ToString::to_string).collect();
        assert_eq!(requires, ["idna>=2.5,<4", "x ; extra == 'a-b'"]);
        assert_eq!(metadata.provides_extra.len(), 1);
        assert_eq!(metadata.requires_python.unwrap().to_string(), ">=3.8, !=3.9.*");
        assert_eq!(metadata.description.as_deref(), Some("# Title\n\nText\n"));
    }

    #[test]
    fn older_descriptions_are_fields() {
        let bar = parse("Description: First\n       |second\n       |\n       |  third\n").unwrap();
        assert_eq!(bar.description.as_deref(), Some("First\nsecond\n\n  third"));
        let spaces =
            parse("Description: First\n        second\n        \n          third\n").unwrap();
        assert_eq!(spaces.description.as_deref(), Some("First\nsecond\n\n  third"));
    }

    #[test]
    fn latin_1_is_read() {
        let metadata =
            CoreMetadata::parse(&[HEAD.as_bytes(), b"Author: J\xfcrgen\n"].concat()).unwrap();
        assert_eq!(metadata.author.as_deref(), Some("J\u{fc}rgen"));
    }

    #[test]
    fn broken_files_are_refused_with_their_field() {
        let problem = |text: &str| CoreMetadata::parse(text.as_bytes()).unwrap_err().problem;
        assert_eq!(problem(""), "it has no field `metadata-version`");
        assert_eq!(problem("Metadata-Version: 2.1\nName: x"), "it has no field `version`");
        assert_eq!(
            problem("Metadata-Version: 3.0\nName: x\nVersion: 1"),
            "its metadata version `3.0` is unknown"
        );
        let repeated = parse("Name: other\n").unwrap_err().problem;
        assert_eq!(repeated, "its field `name` is there more than once");
        let requires = parse("Requires-Dist: foo ==\n").unwrap_err().problem;
        assert!(
            requires.starts_with("its field `Requires-Dist: foo ==` is invalid: "),
            "{requires}"
        );
        assert!(CoreMetadata::parse(&vec![b'x'; SIZE_LIMIT + 1]).is_err());
    }

    #[test]
    fn only_newer_metadata_is_static() {
        let is_static = |version: &str, rest: &str| {
            let text = format!("Metadata-Version: {version}\nName: x\nVersion: 1\n{rest}");
            CoreMetadata::parse(text.as_bytes()).unwrap().has_static_requirements()
        };
        assert!(is_static("2.2", ""));
        assert!(is_static("2.4", "Dynamic: Summary\n"));
        assert!(!is_static("2.4", "Dynamic: Requires-Dist\n"));
        assert!(!is_static("2.1", ""));
    }
}
