//! `pdm.lock`. Source: PDM 2, lock version 4: the fields that it writes.

use std::collections::BTreeSet;

use pep508_rs::MarkerTree;
use serde::Deserialize;
use toml::Spanned;

use super::{LockFile, LockFormat, LockReader, LockedFile, last_part, python_specifiers_marker};
use crate::python::{
    artifact::{ExtraName, extra_name},
    metadata::{parse_marker, parse_specifiers},
    requirements::{
        Marker, RequirementsError, Written,
        document::InputDocument,
        project::{FILE, SelectedParts, canonical, extras_beside},
    },
};

/// The group of what every installation needs.
const DEFAULT: &str = "default";

#[derive(Deserialize)]
struct PdmLock {
    metadata: PdmMetadata,
    #[serde(default, rename = "package")]
    packages: Vec<Spanned<PdmPackage>>,
}

#[derive(Deserialize)]
struct PdmMetadata {
    lock_version: String,
    /// The dependency groups and extras that were locked.
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    targets: Vec<PdmTarget>,
}

/// A system that was locked for.
#[derive(Deserialize)]
struct PdmTarget {
    requires_python: Option<String>,
    platform: Option<String>,
    implementation: Option<String>,
    #[serde(default)]
    gil_disabled: bool,
}

#[derive(Deserialize)]
struct PdmPackage {
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
    files: Vec<PdmFile>,
}

#[derive(Deserialize)]
struct PdmFile {
    file: Option<String>,
    url: Option<String>,
    hash: Option<String>,
}

pub(super) fn read(
    document: &InputDocument<'_>,
    wanted: &mut SelectedParts,
) -> Result<LockReader, RequirementsError> {
    let file: PdmLock = document.toml()?;
    let version = &file.metadata.lock_version;
    if !version.starts_with("4.") {
        let problem = format!("its lock_version is `{version}`, of which nothing is known");
        return Err(document.error(None, problem));
    }
    let mut lock = LockFile::new(document.path, LockFormat::Pdm);
    for target in &file.metadata.targets {
        let environment = target.marker().map_err(|problem| document.error(None, problem))?;
        lock.environments.push(environment);
    }
    let known = &file.metadata.groups;
    let extras = extras(document, known, wanted)?;
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
    Ok(LockReader { packages, ..LockReader::of(lock) })
}

impl PdmTarget {
    /// The marker of a system and its Pythons.
    fn marker(&self) -> Result<Marker, String> {
        let mut tree = MarkerTree::TRUE;
        let mut text = Vec::new();
        if let Some(python) = &self.requires_python {
            tree.and(python_specifiers_marker(&parse_specifiers(python)?)?);
            text.push(format!("Python {python}"));
        }
        if let Some(platform) = &self.platform {
            tree.and(parse_marker(&platform_marker(platform))?);
            text.push(platform.clone());
        }
        if let Some(implementation) = &self.implementation {
            let known = [("cpython", "CPython"), ("pypy", "PyPy"), ("pyston", "Pyston")];
            let name = known.iter().find(|(name, _)| name == implementation);
            let name = name.map_or(implementation.as_str(), |(_, name)| name);
            tree.and(parse_marker(&format!("platform_python_implementation == '{name}'"))?);
            text.push(implementation.clone());
        }
        if self.gil_disabled {
            tree = MarkerTree::FALSE;
            text.push("without GIL".to_owned());
        }
        Ok(Marker { text: text.join(", "), tree })
    }
}

/// The marker of a platform's name. Which glibc it has does not matter: the files of each release
/// tell what they need. Source: dep-logic 0.5, `tags/platform.py`.
fn platform_marker(platform: &str) -> String {
    let linux =
        |machine: &str| format!("sys_platform == 'linux' and platform_machine == '{machine}'");
    let of_manylinux = || {
        let mut parts = platform.strip_prefix("manylinux_")?.splitn(3, '_');
        let is_number = |part: Option<&str>| Some(part?.parse::<u32>().is_ok());
        (is_number(parts.next())? && is_number(parts.next())?).then(|| parts.next())?
    };
    let system = platform.split('_').next().unwrap_or_default();
    match (system, of_manylinux()) {
        (_, Some(machine)) => linux(machine),
        ("linux", None) => linux(platform.strip_prefix("linux_").unwrap_or("x86_64")),
        ("windows", None) => "sys_platform == 'win32'".to_owned(),
        ("macos", None) => "sys_platform == 'darwin'".to_owned(),
        // Such as musl, whose wheels do not run with glibc.
        _ => "python_version < '0'".to_owned(),
    }
}

/// The extras of the project, which the lock does not tell from its dependency groups: those that
/// the project's own file has, where it is beside.
fn extras(
    document: &InputDocument<'_>,
    known: &[String],
    wanted: &SelectedParts,
) -> Result<Vec<ExtraName>, RequirementsError> {
    let names = known.iter().filter(|name| *name != DEFAULT).filter_map(|name| extra_name(name));
    match extras_beside(document)? {
        Some(extras) => Ok(names.filter(|name| extras.contains(name)).collect()),
        None if wanted.takes_all_extras() => {
            let problem = format!(
                "it does not tell extras from dependency groups, and no `{FILE}` lies beside it: \
                 name extras with `--extra`"
            );
            Err(document.error(None, problem))
        }
        None => Ok(names.collect()),
    }
}

/// Whether a package is in one of the wanted groups.
fn is_wanted(
    document: &InputDocument<'_>,
    at: usize,
    package: &PdmPackage,
    wanted: &BTreeSet<String>,
) -> Result<bool, RequirementsError> {
    let Some(groups) = &package.groups else {
        let problem = "it states no groups: lock with the strategy `inherit_metadata`";
        return Err(document.error(Some(at), problem.to_owned()));
    };
    Ok(groups.iter().any(|group| wanted.contains(&canonical(group))))
}

fn read_package(
    document: &InputDocument<'_>,
    at: usize,
    package: &PdmPackage,
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
        PdmPackage { git: Some(git), revision, .. } => {
            let commit = revision.as_ref().map(|commit| format!("@{commit}")).unwrap_or_default();
            Some(format!("git+{git}{commit}{fragment}"))
        }
        PdmPackage { url: Some(url), .. } => Some(format!("{url}{fragment}")),
        PdmPackage { path: Some(path), .. } => {
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
