//! A structured file that is being read, for errors that name their place in it.

use std::path::Path;

use pep508_rs::VersionOrUrl;
use serde::de::DeserializeOwned;

use crate::base::text::line_at;

use super::{DirectLocation, Marker, RequirementOrigin, RequirementsError, Written};
use crate::python::{
    artifact::{Direct, ProjectName, normalized, project_name},
    metadata::{Requirement, parse_requirement},
};

/// A file's text, and where it is.
pub(super) struct InputDocument<'a> {
    /// As it was named.
    pub path: &'a Path,
    pub text: &'a str,
    /// Where relative paths in it begin: absolute.
    pub folder: &'a Path,
}

impl InputDocument<'_> {
    /// Reads TOML.
    pub(super) fn toml<T: DeserializeOwned>(&self) -> Result<T, RequirementsError> {
        toml::from_str(self.text).map_err(|error| {
            let at = error.span().map(|span| span.start);
            self.error(at, error.message().trim().to_owned())
        })
    }

    fn line(&self, at: usize) -> usize {
        line_at(self.text, at)
    }

    /// The line of a byte.
    pub(super) fn origin(&self, at: usize) -> RequirementOrigin {
        RequirementOrigin::File { path: self.path.to_owned(), line: self.line(at) }
    }

    /// What is wrong at a byte, or in the file as a whole.
    pub(super) fn error(&self, at: Option<usize>, problem: String) -> RequirementsError {
        let line = at.map(|at| self.line(at));
        RequirementsError::File { path: self.path.to_owned(), line, problem }
    }

    /// A project's name.
    pub(super) fn name(&self, at: usize, text: &str) -> Result<ProjectName, RequirementsError> {
        project_name(text)
            .ok_or_else(|| self.error(Some(at), format!("`{text}` is not a valid project name")))
    }

    /// A requirement by name or URL (PEP 508).
    pub(super) fn requirement(&self, at: usize, text: &str) -> Result<Written, RequirementsError> {
        let requirement =
            parse_requirement(text).map_err(|error| self.error(Some(at), error.to_string()))?;
        written(requirement, text, self.origin(at), self.folder)
            .map_err(|problem| self.error(Some(at), format!("`{text}`: {problem}")))
    }

    /// A place by its URL or path.
    pub(super) fn place(&self, at: usize, url: &str) -> Result<DirectLocation, RequirementsError> {
        let (direct, _) = Direct::parse(url, &normalized(self.folder))
            .map_err(|problem| self.error(Some(at), problem))?;
        Ok(DirectLocation { url: url.to_owned(), direct })
    }
}

/// A parsed requirement as one that was written.
fn written(
    requirement: Requirement,
    text: &str,
    origin: RequirementOrigin,
    folder: &Path,
) -> Result<Written, String> {
    let name: Option<ProjectName> = Some(requirement.name);
    let marker = text
        .split_once(';')
        .map(|(_, marker)| Marker { text: marker.trim().to_owned(), tree: requirement.marker });
    let mut written =
        Written { name, extras: requirement.extras, marker, origin, ..Written::default() };
    match requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => written.specifiers = specifiers,
        Some(VersionOrUrl::Url(url)) => {
            let (direct, _) = Direct::parse(url.as_str(), &normalized(folder))?;
            written.place = Some(DirectLocation { url: url.into(), direct });
        }
        None => {}
    }
    Ok(written)
}
