//! `uv.lock`. Source: uv 0.9, which documents no specification: the fields that it writes.

mod conflicts;
mod metadata;
mod walk;

use std::collections::BTreeMap;

use pep508_rs::MarkerTree;
use serde::Deserialize;
use toml::Spanned;

use self::{
    conflicts::ExtraConflict,
    metadata::UvMetadata,
    walk::{Chosen, Graph},
};
use super::{LockFile, LockFormat, LockReader, LockedFile, graph::needed, last_part};
use crate::python::{
    artifact::{ExtraName, Hashes, ProjectName, extra_name},
    metadata::{parse_marker, parse_specifiers},
    requirements::{
        Marker, RequirementsError, Written, document::InputDocument, project::SelectedParts,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct UvLock {
    version: u32,
    requires_python: Option<String>,
    /// The systems that were locked for; every one where there are none.
    #[serde(default)]
    supported_markers: Vec<String>,
    /// What excludes each other, a list each.
    #[serde(default)]
    conflicts: Vec<Vec<ExtraConflict>>,
    #[serde(default)]
    manifest: UvManifest,
    #[serde(default, rename = "package")]
    packages: Vec<Spanned<UvPackage>>,
}

#[derive(Default, Deserialize)]
struct UvManifest {
    /// The projects of a workspace.
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct UvPackage {
    name: String,
    version: Option<String>,
    source: UvSource,
    /// Where this one of several versions counts.
    #[serde(default)]
    resolution_markers: Vec<String>,
    #[serde(default)]
    dependencies: Vec<UvDependency>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<UvDependency>>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Vec<UvDependency>>,
    sdist: Option<UvFile>,
    #[serde(default)]
    wheels: Vec<UvFile>,
    /// What a project that the lock was made for states itself.
    metadata: Option<UvMetadata>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct UvSource {
    registry: Option<String>,
    git: Option<String>,
    url: Option<String>,
    path: Option<String>,
    directory: Option<String>,
    editable: Option<String>,
    #[serde(rename = "virtual")]
    workspace: Option<String>,
    subdirectory: Option<String>,
}

impl UvSource {
    /// The folder of a project that the lock was made for.
    fn member(&self) -> Option<&str> {
        self.workspace.as_deref().or(self.editable.as_deref()).or(self.directory.as_deref())
    }
}

#[derive(Deserialize)]
struct UvDependency {
    name: String,
    version: Option<String>,
    source: Option<UvSource>,
    marker: Option<String>,
    #[serde(default)]
    extra: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct UvFile {
    url: Option<String>,
    path: Option<String>,
    filename: Option<String>,
    hash: Option<String>,
    size: Option<u64>,
    upload_time: Option<String>,
}

pub(super) fn read(
    document: &InputDocument<'_>,
    wanted: &mut SelectedParts,
) -> Result<LockReader, RequirementsError> {
    let file: UvLock = document.toml()?;
    if file.version != 1 {
        let problem = format!("its version is {}, of which nothing is known", file.version);
        return Err(document.error(None, problem));
    }
    let mut lock = LockFile::new(document.path, LockFormat::Uv);
    if let Some(text) = &file.requires_python {
        let parsed = parse_specifiers(text).map_err(|problem| document.error(None, problem))?;
        lock.requires_python = Some(parsed);
    }
    let mut names: BTreeMap<ProjectName, Vec<usize>> = BTreeMap::new();
    for (position, package) in file.packages.iter().enumerate() {
        let name = document.name(package.span().start, &package.get_ref().name)?;
        names.entry(name).or_default().push(position);
    }
    for text in &file.supported_markers {
        let tree = parse_marker(text).map_err(|problem| document.error(None, problem))?;
        lock.environments.push(Marker { text: text.clone(), tree });
    }
    let graph = Graph { document, packages: &file.packages, names };
    let members = graph.members(&file.manifest);
    let optional = members.iter().flat_map(|at| graph.package(*at).optional_dependencies.keys());
    let extras: Vec<ExtraName> = optional.filter_map(|name| extra_name(name)).collect();
    let groups = members.iter().flat_map(|at| graph.package(*at).dev_dependencies.keys());
    let groups: Vec<String> = groups.cloned().collect();
    let (extras, groups) = wanted.of_lock(&extras, &groups);
    let chosen = Chosen { members, extras, groups };
    let reached = graph.reached(&chosen, &file.conflicts)?;
    lock.roots = graph.stated(&chosen)?;
    let unstated = graph.unstated(&reached.roots);
    let mut packages = Vec::new();
    for (position, tree) in needed(reached.nodes) {
        if chosen.members.contains(&position) {
            continue;
        }
        let package = graph.written(position, tree)?;
        if let Some(extras) = unstated.get(&position) {
            let (name, extras) = (package.name.clone(), extras.clone());
            let (origin, marker) = (package.origin.clone(), package.marker.clone());
            lock.roots.push(Written { name, extras, origin, marker, ..Written::default() });
        }
        packages.push(package);
    }
    Ok(LockReader { packages, ..LockReader::of(lock) })
}

impl Graph<'_> {
    /// A package that is needed where the marker holds.
    fn written(&self, position: usize, tree: MarkerTree) -> Result<Written, RequirementsError> {
        let (document, package) = (self.document, self.package(position));
        let at = self.packages[position].span().start;
        let mut written = Written {
            name: Some(document.name(at, &package.name)?),
            origin: document.origin(at),
            index: package.source.registry.clone(),
            marker: Marker::of(tree),
            ..Written::default()
        };
        if let Some(version) = &package.version {
            written.specifiers = document.version(at, version)?;
        }
        let source = &package.source;
        let files = package.wheels.iter().chain(&package.sdist);
        if source.registry.is_some() {
            for file in files {
                written.files.push(self.locked(at, file)?);
            }
            return Ok(written);
        }
        let subdirectory = source.subdirectory.as_ref();
        let fragment = subdirectory.map(|path| format!("#subdirectory={path}")).unwrap_or_default();
        let url = match source {
            UvSource { git: Some(git), .. } => git_url(git),
            UvSource { url: Some(url), .. } => format!("{url}{fragment}"),
            UvSource { path: Some(path), .. } => document.path_url(at, path)?.into(),
            _ => document.path_url(at, source.member().unwrap_or("."))?.into(),
        };
        written.place = Some(document.place(at, &url)?);
        let hashes = files.filter_map(|file| file.hash.as_deref());
        written.hashes = hashes.map(|hash| document.hash(at, hash)).collect::<Result<_, _>>()?;
        Ok(written)
    }

    fn locked(&self, at: usize, file: &UvFile) -> Result<LockedFile, RequirementsError> {
        let document = self.document;
        let url = match (&file.url, &file.path) {
            (Some(url), _) => Some(document.url(at, url)?),
            (None, Some(path)) => Some(document.path_url(at, path)?),
            (None, None) => None,
        };
        let from_url = || url.as_ref().map(last_part).unwrap_or_default();
        let hashes = file.hash.as_deref().map(|hash| document.hash(at, hash)).transpose()?;
        let time = file.upload_time.as_deref().map(|time| document.time(at, time)).transpose()?;
        Ok(LockedFile {
            filename: file.filename.clone().unwrap_or_else(from_url),
            url,
            hashes: hashes.unwrap_or_else(Hashes::default),
            size: file.size,
            upload_time: time,
        })
    }
}

/// `REPOSITORY?subdirectory=PATH&rev=NAME#COMMIT` as requirements write it.
fn git_url(text: &str) -> String {
    let (address, commit) = text.split_once('#').unwrap_or((text, ""));
    let (repository, query) = address.split_once('?').unwrap_or((address, ""));
    let mut parts = query.split('&').filter_map(|part| part.split_once('='));
    let subdirectory = parts.find(|(key, _)| *key == "subdirectory");
    let fragment =
        subdirectory.map(|(_, path)| format!("#subdirectory={path}")).unwrap_or_default();
    let revision = if commit.is_empty() { String::new() } else { format!("@{commit}") };
    format!("git+{repository}{revision}{fragment}")
}
