//! `poetry.lock`. Source: Poetry 2, whose lock version 2.1 states groups and markers of every
//! package, and Poetry 1, whose lock has to be walked for them.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::MarkerTree;
use serde::Deserialize;
use toml::Spanned;

use super::{
    LockFile, LockFormat, LockReader, LockedFile,
    graph::{Node, needed, reached},
    poetry_python::python_marker,
};
use crate::python::{
    artifact::{ExtraName, Hashes, ProjectName, extra_name, project_name},
    metadata::{parse_marker, parse_specifiers},
    requirements::{
        Marker, RequirementsError, Written,
        document::InputDocument,
        project::{SelectedParts, canonical},
    },
};

/// The group of what every installation needs.
const MAIN: &str = "main";

#[derive(Deserialize)]
struct PoetryLock {
    #[serde(default, rename = "package")]
    packages: Vec<Spanned<PoetryPackage>>,
    /// The project's extras and the projects that each needs.
    #[serde(default)]
    extras: BTreeMap<String, Vec<String>>,
    metadata: PoetryMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PoetryMetadata {
    lock_version: Option<String>,
    /// The Pythons that were locked for.
    python_versions: Option<String>,
    /// Before lock version 2.0: the files of each project.
    #[serde(default)]
    files: BTreeMap<String, Vec<PoetryFile>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PoetryPackage {
    name: String,
    version: String,
    #[serde(default)]
    optional: bool,
    /// In Poetry 1: `main` or `dev`.
    category: Option<String>,
    groups: Option<Vec<String>>,
    markers: Option<PoetryMarkers>,
    python_versions: Option<String>,
    #[serde(default)]
    files: Vec<PoetryFile>,
    #[serde(default)]
    dependencies: BTreeMap<String, OneOrMore>,
    source: Option<PoetrySource>,
}

/// One marker, or one for each group.
#[derive(Deserialize)]
#[serde(untagged)]
enum PoetryMarkers {
    One(String),
    OfGroups(BTreeMap<String, String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(PoetryDependency),
    More(Vec<PoetryDependency>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum PoetryDependency {
    Version(#[allow(dead_code, reason = "the locked version fits")] String),
    Table {
        markers: Option<String>,
        #[serde(default)]
        extras: Vec<String>,
    },
}

impl OneOrMore {
    fn list(&self) -> &[PoetryDependency] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(list) => list,
        }
    }
}

#[derive(Deserialize)]
struct PoetryFile {
    file: String,
    hash: String,
}

#[derive(Deserialize)]
struct PoetrySource {
    #[serde(rename = "type")]
    kind: String,
    url: String,
    resolved_reference: Option<String>,
    subdirectory: Option<String>,
}

pub(super) fn read(
    document: &InputDocument<'_>,
    wanted: &mut SelectedParts,
) -> Result<LockReader, RequirementsError> {
    let file: PoetryLock = document.toml()?;
    let version = file.metadata.lock_version.as_deref().unwrap_or_default();
    if !version.starts_with("1.") && !version.starts_with("2.") {
        let problem = format!("its lock-version is `{version}`, of which nothing is known");
        return Err(document.error(None, problem));
    }
    let extras: Vec<ExtraName> = file.extras.keys().filter_map(|name| extra_name(name)).collect();
    let groups = file.packages.iter().flat_map(|package| package.get_ref().groups.iter().flatten());
    let groups: Vec<String> = groups.cloned().collect();
    let (asked, mut groups) = wanted.of_lock(&extras, &groups);
    groups.insert(MAIN.to_owned());
    let has_groups = file.packages.iter().all(|package| package.get_ref().groups.is_some());
    let walked = if has_groups {
        BTreeMap::new()
    } else {
        PoetryWalk::new(document, &file, &asked)?.needed()?
    };
    let mut packages = Vec::new();
    for (position, package) in file.packages.iter().enumerate() {
        let at = package.span().start;
        let package = package.get_ref();
        let tree = match &package.groups {
            Some(own) => marker(document, at, package, own, &groups)?,
            None => walked.get(&position).cloned(),
        };
        if let Some(tree) = tree {
            packages.push(written(document, at, package, &file.metadata, tree)?);
        }
    }
    let mut lock = LockFile { asked, ..LockFile::new(document.path, LockFormat::Poetry) };
    if let Some(text) = &file.metadata.python_versions {
        let tree = python_marker(text).map_err(|problem| document.error(None, problem))?;
        if !tree.is_true() {
            lock.environments.push(Marker { text: format!("Python {text}"), tree });
        }
    }
    Ok(LockReader { packages, ..LockReader::of(lock) })
}

/// The marker under which a package is needed for one of the wanted groups.
fn marker(
    document: &InputDocument<'_>,
    at: usize,
    package: &PoetryPackage,
    own: &[String],
    wanted: &BTreeSet<String>,
) -> Result<Option<MarkerTree>, RequirementsError> {
    let mut needed = None;
    for group in own.iter().filter(|group| wanted.contains(&canonical(group))) {
        let text = match &package.markers {
            Some(PoetryMarkers::One(text)) => Some(text),
            Some(PoetryMarkers::OfGroups(texts)) => texts.get(group),
            None => None,
        };
        let tree = parsed(document, at, text.map(String::as_str))?;
        needed.get_or_insert(MarkerTree::FALSE).or(tree);
    }
    Ok(needed)
}

fn parsed(
    document: &InputDocument<'_>,
    at: usize,
    text: Option<&str>,
) -> Result<MarkerTree, RequirementsError> {
    let tree = text.filter(|text| !text.is_empty()).map_or(Ok(MarkerTree::TRUE), parse_marker);
    tree.map_err(|problem| document.error(Some(at), problem))
}

/// The way through a lock without groups: from the packages that nothing else requires.
struct PoetryWalk<'a> {
    document: &'a InputDocument<'a>,
    file: &'a PoetryLock,
    names: BTreeMap<ProjectName, Vec<usize>>,
    /// What the asked extras of the project need.
    optional: BTreeSet<ProjectName>,
}

impl<'a> PoetryWalk<'a> {
    fn new(
        document: &'a InputDocument<'a>,
        file: &'a PoetryLock,
        asked: &[ExtraName],
    ) -> Result<Self, RequirementsError> {
        let mut names: BTreeMap<ProjectName, Vec<usize>> = BTreeMap::new();
        for (position, package) in file.packages.iter().enumerate() {
            let name = document.name(package.span().start, &package.get_ref().name)?;
            names.entry(name).or_default().push(position);
        }
        let extras = file.extras.iter();
        let extras =
            extras.filter(|(name, _)| extra_name(name).is_some_and(|n| asked.contains(&n)));
        // `name` or `name (>=1)`.
        let first = |text: &String| project_name(text.split_whitespace().next()?);
        let optional = extras.flat_map(|(_, list)| list.iter().filter_map(first)).collect();
        Ok(Self { document, file, names, optional })
    }

    fn needed(&self) -> Result<BTreeMap<usize, MarkerTree>, RequirementsError> {
        let mut required = BTreeSet::new();
        for position in 0..self.file.packages.len() {
            let edges = self.edges(position, None)?;
            required.extend(edges.into_iter().map(|((to, _), _)| to));
        }
        let is_root = |(name, position): &(&ProjectName, usize)| {
            let package = self.file.packages[*position].get_ref();
            if package.optional {
                self.optional.contains(*name)
            } else {
                !required.contains(position)
                    && package.category.as_deref().is_none_or(|category| category == MAIN)
            }
        };
        let all = self.names.iter().flat_map(|(name, list)| list.iter().map(move |at| (name, *at)));
        let roots = all.filter(is_root).map(|(_, at)| ((at, None), MarkerTree::TRUE)).collect();
        Ok(needed(reached(roots, &|(position, extra)| {
            self.edges(*position, extra.as_ref()).unwrap_or_default()
        })))
    }

    /// What a package requires, with what an extra of it adds.
    fn edges(
        &self,
        position: usize,
        extra: Option<&ExtraName>,
    ) -> Result<Vec<(Node, MarkerTree)>, RequirementsError> {
        let package = &self.file.packages[position];
        let at = package.span().start;
        let mut edges = Vec::new();
        for (name, list) in &package.get_ref().dependencies {
            let targets = project_name(name).and_then(|name| self.names.get(&name));
            for dependency in list.list() {
                let (text, extras) = match dependency {
                    PoetryDependency::Version(_) => (None, &[][..]),
                    PoetryDependency::Table { markers, extras } => {
                        (markers.as_deref(), &extras[..])
                    }
                };
                let tree = parsed(self.document, at, text)?
                    .simplify_extras(extra.map_or(&[], std::slice::from_ref));
                // What only an extra needs that was not requested.
                let tree = tree.simplify_extras_with(|_| false);
                for target in targets.into_iter().flatten() {
                    edges.push(((*target, None), tree.clone()));
                    let extras = extras.iter().filter_map(|name| extra_name(name));
                    edges.extend(extras.map(|extra| ((*target, Some(extra)), tree.clone())));
                }
            }
        }
        Ok(edges)
    }
}

fn written(
    document: &InputDocument<'_>,
    at: usize,
    package: &PoetryPackage,
    metadata: &PoetryMetadata,
    tree: MarkerTree,
) -> Result<Written, RequirementsError> {
    let mut written = Written {
        name: Some(document.name(at, &package.name)?),
        specifiers: document.version(at, &package.version)?,
        marker: Marker::of(tree),
        origin: document.origin(at),
        // Poetry's own forms, such as `*`, restrict nothing that the files do not.
        requires_python: package.python_versions.as_deref().and_then(|t| parse_specifiers(t).ok()),
        ..Written::default()
    };
    let older = metadata.files.get(&package.name).into_iter().flatten();
    let artifacts: Vec<&PoetryFile> = package.files.iter().chain(older).collect();
    let hashes = |artifact: &&PoetryFile| document.hash(at, &artifact.hash);
    let fragment = |source: &PoetrySource| {
        let path = source.subdirectory.as_ref();
        path.map(|path| format!("#subdirectory={path}")).unwrap_or_default()
    };
    let url = match &package.source {
        Some(source) if source.kind == "git" => {
            let commit = source.resolved_reference.as_ref();
            let commit = commit.map(|commit| format!("@{commit}")).unwrap_or_default();
            format!("git+{}{commit}{}", source.url, fragment(source))
        }
        Some(source) if source.kind == "url" => format!("{}{}", source.url, fragment(source)),
        Some(source) if ["file", "directory"].contains(&source.kind.as_str()) => {
            document.path_url(at, &source.url)?.into()
        }
        source => {
            written.index = source.as_ref().map(|source| source.url.clone());
            for artifact in artifacts {
                written.files.push(LockedFile {
                    filename: artifact.file.clone(),
                    url: None,
                    hashes: hashes(&artifact)?,
                    size: None,
                    upload_time: None,
                });
            }
            return Ok(written);
        }
    };
    written.place = Some(document.place(at, &url)?);
    let stated: Result<Vec<Hashes>, _> = artifacts.iter().map(hashes).collect();
    written.hashes = stated?;
    Ok(written)
}
