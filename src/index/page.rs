//! A project's page in a simple repository: PEP 503, 592, 658, 691, 700, 714, 792.

use std::{collections::BTreeMap, collections::HashSet, str};

use html5gum::{StartTag, Token, Tokenizer};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use url::Url;

use crate::python::{
    artifact::{FileKind, Hashes, ProjectName, ReleaseFile, without_credentials},
    metadata::parse_specifiers,
};

/// The newest supported major version of the repository API.
const API_MAJOR: &str = "1";

/// The format of a page, by its content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageFormat {
    Html,
    Json,
}

/// Why a page was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PageError {
    Quarantined,
    Unusable(String),
}

impl From<String> for PageError {
    fn from(problem: String) -> Self {
        Self::Unusable(problem)
    }
}

/// Returns the usable files that the page lists, each name once, in the page's order.
///
/// Skipped are files that are not wheels or sdists of `project`, those with a malformed hash, and
/// links to anything but HTTP (from a local page: to anything but local files).
pub(crate) fn parse(
    bytes: &[u8],
    format: PageFormat,
    address: &Url,
    project: &ProjectName,
) -> Result<Vec<ReleaseFile>, PageError> {
    let mut collector = Collector {
        project,
        base: address.clone(),
        is_local: address.scheme() == "file",
        seen: HashSet::new(),
        files: Vec::new(),
    };
    match format {
        PageFormat::Html => parse_html(bytes, &mut collector)?,
        PageFormat::Json => parse_json(bytes, &mut collector)?,
    }
    Ok(collector.files)
}

/// A file entry of a page.
#[derive(Default)]
struct PageEntry<'a> {
    href: &'a str,
    filename: Option<&'a str>,
    hashes: Option<Hashes>,
    size: Option<u64>,
    requires_python: Option<&'a str>,
    yanked: Option<String>,
    metadata: Option<Hashes>,
    upload_time: Option<i64>,
}

struct Collector<'a> {
    project: &'a ProjectName,
    base: Url,
    is_local: bool,
    seen: HashSet<String>,
    files: Vec<ReleaseFile>,
}

impl Collector<'_> {
    /// Adds the file if it is usable.
    fn add(&mut self, entry: PageEntry<'_>) {
        let Ok(mut url) = self.base.join(entry.href.trim()) else {
            return;
        };
        let is_usable = if self.is_local {
            url.scheme() == "file"
        } else {
            matches!(url.scheme(), "http" | "https")
        };
        let from_url = || {
            let last = url.path_segments()?.next_back()?;
            Some(percent_decode_str(last).decode_utf8().ok()?.into_owned())
        };
        let Some(filename) = entry.filename.map(str::to_owned).or_else(from_url) else {
            return;
        };
        let fragment = Hashes::from_fragment(url.fragment().unwrap_or_default());
        let (Ok(fragment), Ok(kind)) = (fragment, FileKind::parse(&filename, Some(self.project)))
        else {
            return;
        };
        url.set_fragment(None);
        let url = without_credentials(&url);
        if !is_usable || !self.seen.insert(filename.clone()) {
            return;
        }
        self.files.push(ReleaseFile {
            filename,
            url,
            kind,
            hashes: entry.hashes.unwrap_or(fragment),
            size: entry.size,
            // As in pip, an unparsable bound excludes nothing.
            requires_python: entry.requires_python.and_then(|text| parse_specifiers(text).ok()),
            yanked: entry.yanked,
            metadata: entry.metadata,
            upload_time: entry.upload_time,
        });
    }
}

fn check_version(version: &str) -> Result<(), String> {
    match version.split('.').next() {
        Some(API_MAJOR) => Ok(()),
        _ => Err(format!("its repository version `{version}` is not supported")),
    }
}

fn parse_html(bytes: &[u8], collector: &mut Collector<'_>) -> Result<(), PageError> {
    let mut has_base = false;
    for Ok(token) in Tokenizer::new(bytes) {
        let Token::StartTag(tag) = token else {
            continue;
        };
        match tag.name.as_slice() {
            b"a" => {
                if let Some(entry) = anchor(&tag) {
                    collector.add(entry);
                }
            }
            b"base" if !has_base => {
                has_base = true;
                let base = attribute(&tag, "href").and_then(|href| collector.base.join(href).ok());
                collector.base = base.unwrap_or_else(|| collector.base.clone());
            }
            b"meta" => match (attribute(&tag, "name"), attribute(&tag, "content")) {
                (Some("pypi:repository-version"), Some(version)) => check_version(version)?,
                (Some("pypi:project-status"), Some("quarantined")) => {
                    return Err(PageError::Quarantined);
                }
                _ => {}
            },
            _ => {}
        }
    }
    Ok(())
}

fn attribute<'a>(tag: &'a StartTag<()>, name: &str) -> Option<&'a str> {
    let value = tag.attributes.get(name.as_bytes())?;
    str::from_utf8(value.as_slice()).ok()
}

fn anchor(tag: &StartTag<()>) -> Option<PageEntry<'_>> {
    // PEP 714: the newer name takes precedence if both exist.
    let metadata = attribute(tag, "data-core-metadata")
        .or_else(|| attribute(tag, "data-dist-info-metadata"))
        .filter(|value| *value != "false")
        .map(|value| Hashes::parse(value).unwrap_or_default());
    Some(PageEntry {
        href: attribute(tag, "href")?,
        requires_python: attribute(tag, "data-requires-python"),
        yanked: attribute(tag, "data-yanked").map(str::to_owned),
        metadata,
        upload_time: attribute(tag, "data-upload-time").and_then(seconds),
        ..PageEntry::default()
    })
}

#[derive(Deserialize)]
struct JsonPage {
    meta: JsonMeta,
    name: String,
    files: Vec<JsonFile>,
    #[serde(rename = "project-status")]
    status: Option<JsonStatus>,
}

#[derive(Deserialize)]
struct JsonMeta {
    #[serde(rename = "api-version")]
    version: String,
}

#[derive(Deserialize)]
struct JsonStatus {
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct JsonFile {
    filename: String,
    url: String,
    hashes: BTreeMap<String, String>,
    size: Option<u64>,
    requires_python: Option<String>,
    yanked: Option<FlagOr<String>>,
    core_metadata: Option<FlagOr<BTreeMap<String, String>>>,
    dist_info_metadata: Option<FlagOr<BTreeMap<String, String>>>,
    upload_time: Option<String>,
}

/// A Boolean, or a value that implies true and contains details.
#[derive(Deserialize)]
#[serde(untagged)]
enum FlagOr<T> {
    Flag(bool),
    Value(T),
}

impl<T: Default> FlagOr<T> {
    fn value(self) -> Option<T> {
        match self {
            Self::Flag(flag) => flag.then(T::default),
            Self::Value(value) => Some(value),
        }
    }
}

/// Parses a time to seconds since 1970.
fn seconds(time: &str) -> Option<i64> {
    Some(time.parse::<jiff::Timestamp>().ok()?.as_second())
}

fn parse_json(bytes: &[u8], collector: &mut Collector<'_>) -> Result<(), PageError> {
    let page: JsonPage =
        serde_json::from_slice(bytes).map_err(|error| format!("it cannot be read: {error}"))?;
    check_version(&page.meta.version)?;
    if crate::python::artifact::project_name(&page.name).as_ref() != Some(collector.project) {
        return Err(format!("it is the page of `{}`", page.name).into());
    }
    if page.status.and_then(|status| status.status).as_deref() == Some("quarantined") {
        return Err(PageError::Quarantined);
    }
    for file in page.files {
        let pairs = file.hashes.iter().map(|(name, digest)| (name.as_str(), digest.as_str()));
        let Ok(hashes) = Hashes::from_pairs(pairs) else {
            continue;
        };
        let metadata = file.core_metadata.or(file.dist_info_metadata).and_then(FlagOr::value);
        collector.add(PageEntry {
            href: &file.url,
            filename: Some(&file.filename),
            hashes: Some(hashes),
            size: file.size,
            requires_python: file.requires_python.as_deref(),
            yanked: file.yanked.and_then(FlagOr::value),
            metadata: metadata.map(|map| {
                let pairs = map.iter().map(|(name, digest)| (name.as_str(), digest.as_str()));
                Hashes::from_pairs(pairs).unwrap_or_default()
            }),
            upload_time: file.upload_time.as_deref().and_then(seconds),
        });
    }
    Ok(())
}
