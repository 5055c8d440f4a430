//! `pdm.lock`. Source: PDM 2, lock version 4: the fields that it writes.

use std::collections::BTreeSet;

use pep508_rs::MarkerTree;
use serde::Deserialize;
use toml::Spanned;

use super::{Lock, LockFormat, LockedFile, Read, last_part};
use crate::{
    artifact::{ExtraName, extra_name},
    metadata::{parse_marker, parse_specifiers},
    requirements::{
        Marker, RequirementsError, Written,
        document::Document,
        project::{Wanted, canonical},
    },
};

/// The group of what every installation needs.
const DEFAULT: &str = "default";

#[derive(Deserialize)]
struct File {
    metadata: Metadata,
    #[serde(default, rename = "package")]
    packages: Vec<Spanned<Package>>,
}

#[derive(Deserialize)]
struct Metadata {
    lock_version: String,
    /// The dependency groups and extras that were locked.
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    requires_python: Option<String>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
    requires_python: Option<String>,
    groups: Option<Vec<String>>,
    marker: Option<String>,
    #[serde(default)]
    extras: Vec<String>,
    url: Option<String>,
    path: Option<String>,
    git: Option<String>,
    revision: Option<String>,
    subdirectory: Option<String>,
    #[serde(default)]
    files: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    file: Option<String>,
    url: Option<String>,
    hash: Option<String>,
}

pub fn read(document: &Document<'_>, wanted: &mut Wanted) -> Result<Read, RequirementsError> {
    let file: File = document.toml()?;
    let version = &file.metadata.lock_version;
    if !version.starts_with("4.") {
        let problem = format!("its lock_version is `{version}`, of which nothing is known");
        return Err(document.error(None, problem));
    }
    let mut lock = Lock::new(document.path, LockFormat::Pdm);
    if let [Target { requires_python: Some(text) }] = file.metadata.targets.as_slice() {
        let parsed = parse_specifiers(text).map_err(|problem| document.error(None, problem))?;
        lock.requires_python = Some(parsed);
    }
    let known = &file.metadata.groups;
    let extras: Vec<ExtraName> = known.iter().filter_map(|name| extra_name(name)).collect();
    // A project's extras are groups of the lock like any other.
    let (asked, mut groups) = wanted.of_lock(&extras, known);
    groups.extend(asked.iter().map(|extra| canonical(extra.as_ref())));
    groups.insert(DEFAULT.to_owned());
    let mut packages: Vec<Written> = Vec::new();
    for package in &file.packages {
        let at = package.span().start;
        let package = package.get_ref();
        if !is_wanted(document, at, package, &groups)? {
            continue;
        }
        let written = read_package(document, at, package)?;
        // A package that is needed with extras has a second entry for these.
        let same = |known: &&mut Written| {
            known.name == written.name && known.specifiers == written.specifiers
        };
        match packages.iter_mut().find(same) {
            Some(known) => {
                let extras = written.extras.into_iter().filter(|e| !known.extras.contains(e));
                known.extras.extend(extras.collect::<Vec<_>>());
                let tree = |written: Option<Marker>| written.map_or(MarkerTree::TRUE, |m| m.tree);
                let mut either = tree(known.marker.take());
                either.or(tree(written.marker));
                known.marker = Marker::of(either);
            }
            None => packages.push(written),
        }
    }
    Ok((lock, packages, Vec::new()))
}

/// Whether a package is in one of the wanted groups.
fn is_wanted(
    document: &Document<'_>,
    at: usize,
    package: &Package,
    wanted: &BTreeSet<String>,
) -> Result<bool, RequirementsError> {
    let Some(groups) = &package.groups else {
        let problem = "it states no groups: lock with the strategy `inherit_metadata`";
        return Err(document.error(Some(at), problem.to_owned()));
    };
    Ok(groups.iter().any(|group| wanted.contains(&canonical(group))))
}

fn read_package(
    document: &Document<'_>,
    at: usize,
    package: &Package,
) -> Result<Written, RequirementsError> {
    let marker = package.marker.as_deref().map(parse_marker).transpose();
    let marker = marker.map_err(|problem| document.error(Some(at), problem))?;
    let mut written = Written {
        name: Some(document.name(at, &package.name)?),
        extras: package.extras.iter().filter_map(|name| extra_name(name)).collect(),
        marker: marker.and_then(Marker::of),
        origin: document.origin(at),
        requires_python: package.requires_python.as_deref().and_then(|t| parse_specifiers(t).ok()),
        ..Written::default()
    };
    if let Some(version) = &package.version {
        written.specifiers = document.version(at, version)?;
    }
    let subdirectory = package.subdirectory.as_ref();
    let fragment = subdirectory.map(|path| format!("#subdirectory={path}")).unwrap_or_default();
    let url = match package {
        Package { git: Some(git), revision, .. } => {
            let commit = revision.as_ref().map(|commit| format!("@{commit}")).unwrap_or_default();
            Some(format!("git+{git}{commit}{fragment}"))
        }
        Package { url: Some(url), .. } => Some(format!("{url}{fragment}")),
        Package { path: Some(path), .. } => {
            Some(format!("{}{fragment}", document.path_url(at, path)?))
        }
        _ => None,
    };
    if let Some(url) = url {
        written.place = Some(document.place(at, &url)?);
        let stated = package.files.iter().filter_map(|file| file.hash.as_deref());
        written.hashes = stated.map(|hash| document.hash(at, hash)).collect::<Result<_, _>>()?;
        return Ok(written);
    }
    for file in &package.files {
        let url = file.url.as_deref().map(|url| document.url(at, url)).transpose()?;
        let from_url = || url.as_ref().map(last_part);
        let filename = file.file.clone().or_else(from_url).unwrap_or_default();
        let hashes = file.hash.as_deref().map(|hash| document.hash(at, hash)).transpose()?;
        let hashes = hashes.unwrap_or_default();
        written.files.push(LockedFile { filename, url, hashes, size: None, upload_time: None });
    }
    Ok(written)
}
