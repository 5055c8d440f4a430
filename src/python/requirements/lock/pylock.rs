//! `pylock.toml`. Source: PyPA pylock.toml specification (PEP 751).

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, value::Datetime};

use super::{LockFile, LockFormat, LockReader, LockedFile, last_part};
use crate::python::{
    artifact::{ExtraName, Hashes, extra_name},
    metadata::{group_as_extra, parse_lock_marker, parse_specifiers},
    requirements::{
        ExternalRequirement, Marker, RequirementsError, Written, document::InputDocument,
        project::SelectedParts,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PylockFile {
    lock_version: String,
    requires_python: Option<String>,
    #[serde(default)]
    environments: Vec<Spanned<String>>,
    #[serde(default)]
    extras: Vec<String>,
    #[serde(default)]
    dependency_groups: Vec<String>,
    #[serde(default)]
    default_groups: Vec<String>,
    packages: Vec<Spanned<PylockPackage>>,
    #[serde(default)]
    tool: Tools,
}

#[derive(Default, Deserialize)]
struct Tools {
    #[serde(default)]
    pypi2pkg: PylockTool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PylockTool {
    /// What was resolved.
    #[serde(default)]
    roots: Vec<Spanned<String>>,
    #[serde(default)]
    no_deps: bool,
    #[serde(default)]
    excluded: Vec<Spanned<String>>,
    #[serde(default)]
    external: Vec<Spanned<String>>,
    /// For each project, the settings of its build.
    #[serde(default)]
    config_settings: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PylockPackage {
    name: String,
    version: Option<String>,
    marker: Option<String>,
    requires_python: Option<String>,
    index: Option<String>,
    vcs: Option<Vcs>,
    directory: Option<PylockDirectory>,
    archive: Option<Archive>,
    sdist: Option<PylockSource>,
    #[serde(default)]
    wheels: Vec<PylockSource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Vcs {
    #[serde(rename = "type")]
    kind: String,
    url: Option<String>,
    path: Option<String>,
    commit_id: String,
    subdirectory: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PylockDirectory {
    path: String,
    subdirectory: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Archive {
    #[serde(flatten)]
    source: PylockSource,
    subdirectory: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PylockSource {
    name: Option<String>,
    url: Option<String>,
    path: Option<String>,
    size: Option<u64>,
    upload_time: Option<Datetime>,
    hashes: BTreeMap<String, String>,
}

pub(super) fn read(
    document: &InputDocument<'_>,
    wanted: &mut SelectedParts,
) -> Result<LockReader, RequirementsError> {
    let file: PylockFile = document.toml()?;
    if file.lock_version.split('.').next() != Some("1") {
        let problem =
            format!("its lock-version is `{}`, of which nothing is known", file.lock_version);
        return Err(document.error(None, problem));
    }
    let mut lock = LockFile::new(document.path, LockFormat::Pylock);
    let extras: Vec<ExtraName> = file.extras.iter().filter_map(|name| extra_name(name)).collect();
    let (asked, mut groups) = wanted.of_lock(&extras, &file.dependency_groups);
    if groups.is_empty() {
        groups.extend(file.default_groups);
    }
    lock.asked = asked;
    lock.asked.extend(groups.iter().filter_map(|group| group_as_extra(group)));
    if let Some(text) = file.requires_python {
        let parsed = parse_specifiers(&text).map_err(|problem| document.error(None, problem))?;
        lock.requires_python = Some(parsed);
    }
    for text in &file.environments {
        lock.environments.push(marker(document, text.span().start, text.get_ref())?);
    }
    for root in &file.tool.pypi2pkg.roots {
        lock.roots.push(document.requirement(root.span().start, root.get_ref())?);
    }
    let tool = file.tool.pypi2pkg;
    lock.no_deps = tool.no_deps;
    for name in &tool.excluded {
        lock.excluded.push(document.name(name.span().start, name.get_ref())?);
    }
    let external = tool.external.into_iter().map(|text| {
        let origin = document.origin(text.span().start);
        ExternalRequirement { text: text.into_inner(), origin }
    });
    let mut packages = Vec::new();
    for package in file.packages {
        let (at, package) = (package.span().start, package.into_inner());
        let settings = tool.config_settings.get(&package.name).cloned();
        let written = read_package(document, at, package)?;
        packages.push(Written { config_settings: settings.unwrap_or_default(), ..written });
    }
    Ok(LockReader { packages, external: external.collect(), ..LockReader::of(lock) })
}

fn marker(
    document: &InputDocument<'_>,
    at: usize,
    text: &str,
) -> Result<Marker, RequirementsError> {
    let tree = parse_lock_marker(text).map_err(|problem| document.error(Some(at), problem))?;
    Ok(Marker { text: text.to_owned(), tree })
}

fn read_package(
    document: &InputDocument<'_>,
    at: usize,
    package: PylockPackage,
) -> Result<Written, RequirementsError> {
    let mut written = Written {
        name: Some(document.name(at, &package.name)?),
        origin: document.origin(at),
        index: package.index,
        ..Written::default()
    };
    if let Some(version) = &package.version {
        written.specifiers = document.version(at, version)?;
    }
    if let Some(text) = &package.marker {
        written.marker = Some(marker(document, at, text)?);
    }
    if let Some(text) = &package.requires_python {
        let parsed = parse_specifiers(text).map_err(|problem| document.error(Some(at), problem))?;
        written.requires_python = Some(parsed);
    }
    let fragment = |subdirectory: Option<String>| {
        subdirectory.map(|path| format!("#subdirectory={path}")).unwrap_or_default()
    };
    if let Some(vcs) = package.vcs {
        let repository = match (vcs.url, vcs.path) {
            (Some(url), _) => url,
            (None, Some(path)) => document.path_url(at, &path)?.into(),
            (None, None) => {
                return Err(document.error(Some(at), "its `vcs` has no place".to_owned()));
            }
        };
        let (kind, commit) = (vcs.kind, vcs.commit_id);
        let url = format!("{kind}+{repository}@{commit}{}", fragment(vcs.subdirectory));
        written.place = Some(document.place(at, &url)?);
    } else if let Some(directory) = package.directory {
        let url = document.path_url(at, &directory.path)?;
        let url = format!("{url}{}", fragment(directory.subdirectory));
        written.place = Some(document.place(at, &url)?);
    } else if let Some(archive) = package.archive {
        let file = locked(document, at, archive.source)?;
        let url = file.url.map(String::from).unwrap_or_default();
        let url = format!("{url}{}", fragment(archive.subdirectory));
        written.place = Some(document.place(at, &url)?);
        written.hashes = vec![file.hashes];
    } else {
        for source in package.wheels.into_iter().chain(package.sdist) {
            written.files.push(locked(document, at, source)?);
        }
    }
    Ok(written)
}

fn locked(
    document: &InputDocument<'_>,
    at: usize,
    source: PylockSource,
) -> Result<LockedFile, RequirementsError> {
    let url = match (&source.url, &source.path) {
        (Some(url), _) => document.url(at, url)?,
        (None, Some(path)) => document.path_url(at, path)?,
        (None, None) => {
            return Err(
                document.error(Some(at), "a file of it has neither url nor path".to_owned())
            );
        }
    };
    let pairs = source.hashes.iter().map(|(name, digest)| (name.as_str(), digest.as_str()));
    let hashes =
        Hashes::from_pairs(pairs).map_err(|error| document.error(Some(at), error.to_string()))?;
    let time = source.upload_time.map(|time| document.time(at, &time.to_string())).transpose()?;
    Ok(LockedFile {
        filename: source.name.unwrap_or_else(|| last_part(&url)),
        url: Some(url),
        hashes,
        size: source.size,
        upload_time: time,
    })
}
