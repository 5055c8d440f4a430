//! `Pipfile.lock`. Source: Pipenv, lock specification 6.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{LockFile, LockFormat, LockReader};
use crate::python::{
    artifact::extra_name,
    metadata::{parse_marker, parse_specifiers},
    requirements::{
        Marker, RequirementOrigin, RequirementsError, Written,
        document::InputDocument,
        project::{SelectedParts, canonical},
    },
};

/// The category of what every installation needs, and that which `--dev` adds.
const DEFAULT: &str = "default";
const META: &str = "_meta";
/// The version of what Pipenv did not lock, because it is not for the system that it ran on.
const UNLOCKED: &str = "*";

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "pipfile-spec")]
    version: u32,
    #[serde(default)]
    sources: Vec<PipfileSource>,
    #[serde(default)]
    requires: Requires,
}

#[derive(Deserialize)]
struct PipfileSource {
    name: String,
    url: String,
}

#[derive(Default, Deserialize)]
struct Requires {
    python_version: Option<String>,
}

#[derive(Deserialize)]
struct PipfilePackage {
    version: Option<String>,
    #[serde(default)]
    hashes: Vec<String>,
    markers: Option<String>,
    index: Option<String>,
    #[serde(default)]
    extras: Vec<String>,
    git: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    file: Option<String>,
    path: Option<String>,
    subdirectory: Option<String>,
}

impl PipfilePackage {
    /// Whether neither a version nor a place of it was locked.
    fn is_unlocked(&self) -> bool {
        let has_place = self.git.is_some() || self.file.is_some() || self.path.is_some();
        self.version.as_deref().is_none_or(|version| version == UNLOCKED) && !has_place
    }
}

pub(super) fn read(
    document: &InputDocument<'_>,
    wanted: &mut SelectedParts,
) -> Result<LockReader, RequirementsError> {
    let fail = |problem: String| document.error(None, problem);
    let mut file: Map<String, Value> = serde_json::from_str(document.text).map_err(|error| {
        let line = (error.line() > 0).then_some(error.line());
        RequirementsError::File { path: document.path.to_owned(), line, problem: error.to_string() }
    })?;
    let meta = file.remove(META).ok_or_else(|| fail(format!("it has no `{META}`")))?;
    let meta: Meta = serde_json::from_value(meta).map_err(|error| fail(error.to_string()))?;
    if meta.version != 6 {
        return Err(fail(format!(
            "its pipfile-spec is {}, of which nothing is known",
            meta.version
        )));
    }
    let mut lock = LockFile::new(document.path, LockFormat::Pipfile);
    if let Some(version) = meta.requires.python_version {
        let text = format!("=={version}.*");
        lock.requires_python = Some(parse_specifiers(&text).map_err(fail)?);
    }
    let categories: Vec<String> = file.keys().cloned().collect();
    let (_, mut groups) = wanted.of_lock(&[], &categories);
    groups.insert(DEFAULT.to_owned());
    let mut packages = BTreeMap::new();
    let mut notes = Vec::new();
    for (category, list) in file.into_iter().filter(|(name, _)| groups.contains(&canonical(name))) {
        let list: BTreeMap<String, PipfilePackage> =
            serde_json::from_value(list).map_err(|error| fail(format!("{category}: {error}")))?;
        for (name, package) in list {
            let part = format!("{category}.{name}");
            let fail = |problem: String| fail(format!("{part}: {problem}"));
            let is_unlocked = package.is_unlocked();
            let written = read_package(document, &name, package, &meta.sources, &fail)?;
            if is_unlocked && written.marker.is_none() {
                let path = document.path.display();
                notes.push(format!("{path}: {part}: it is left out: no version of it is locked"));
                continue;
            }
            let origin = RequirementOrigin::Part { path: document.path.to_owned(), part };
            packages.entry(name).or_insert(Written { origin, ..written });
        }
    }
    Ok(LockReader { packages: packages.into_values().collect(), notes, ..LockReader::of(lock) })
}

fn read_package(
    document: &InputDocument<'_>,
    name: &str,
    package: PipfilePackage,
    sources: &[PipfileSource],
    fail: &dyn Fn(String) -> RequirementsError,
) -> Result<Written, RequirementsError> {
    let marker = package.markers.as_deref().map(parse_marker).transpose().map_err(fail)?;
    let hash = |text: &String| {
        crate::python::artifact::Hashes::parse(text).map_err(|error| fail(error.to_string()))
    };
    let index = sources.iter().find(|source| Some(&source.name) == package.index.as_ref());
    let mut written = Written {
        name: Some(document.name(0, name)?),
        extras: package.extras.iter().filter_map(|name| extra_name(name)).collect(),
        marker: marker.and_then(Marker::of),
        hashes: package.hashes.iter().map(hash).collect::<Result<_, _>>()?,
        index: index.or(sources.first()).map(|source| source.url.clone()),
        ..Written::default()
    };
    if let Some(version) = package.version.as_ref().filter(|version| *version != UNLOCKED) {
        written.specifiers = parse_specifiers(version).map_err(fail)?;
    }
    let fragment = package.subdirectory.map(|p| format!("#subdirectory={p}")).unwrap_or_default();
    let url = match (package.git, package.file, package.path) {
        (Some(git), ..) => {
            let commit = package.reference.map(|commit| format!("@{commit}")).unwrap_or_default();
            let prefix = if git.starts_with("git+") { "" } else { "git+" };
            Some(format!("{prefix}{git}{commit}{fragment}"))
        }
        (None, Some(file), _) => Some(format!("{file}{fragment}")),
        (None, None, Some(path)) => Some(format!("{}{fragment}", document.path_url(0, &path)?)),
        (None, None, None) => None,
    };
    if let Some(url) = url {
        written.place = Some(document.place(0, &url)?);
    }
    Ok(written)
}
