//! Core metadata (`METADATA`, `PKG-INFO`). Source: PyPA core metadata specification 2.4.

use pep440_rs::{Version, VersionSpecifiers};

use crate::artifact::{ExtraName, ProjectName};

/// A dependency specifier (PEP 508) whose URLs are never expanded from the environment.
pub type Requirement = pep508_rs::Requirement<url::Url>;

/// The core metadata of one release, parsed; every text is as it came and must pass through
/// [`crate::text`] before it reaches a recipe or a terminal.
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
