//! All files of a resolution in a folder, from which it can be had again without a network.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{BuildingIndex, PipelineError, Run};
use crate::{
    artifact::{FileKind, Hashes, ReleaseFile},
    disk::{WriteError, write_folder},
    index::{FrozenFile, Index, may_replace, sdist_member, write_tree},
    metadata::parse_requirement,
    report::Event,
    requirements::{FileOptions, Origin, Requirements, RootRequirement},
    resolve::{Pin, Resolution, ResolveOptions},
    text::counted,
};

/// What builds a project that does not tell. Source: PEP 518 and pip, which builds such a project
/// with setuptools.
const DEFAULT_REQUIRES: [&str; 2] = ["setuptools>=40.8.0", "wheel"];
const BUILD_FILE: &str = "pyproject.toml";

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct BuildFile {
    build_system: Option<BuildSystem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct BuildSystem {
    requires: Vec<String>,
    build_backend: Option<String>,
}

impl Run<'_> {
    /// Puts all files of a resolution, and what its sdists are built with, into a folder with
    /// pages; the names of the files, sorted.
    ///
    /// # Errors
    /// A folder with something else in it, a file that cannot be had, build requirements that
    /// cannot be met.
    pub fn freeze(
        &self,
        index: &BuildingIndex<'_>,
        resolution: &Resolution,
        folder: &Path,
    ) -> Result<Vec<String>, PipelineError> {
        if !may_replace(folder) {
            return Err(PipelineError::NotFrozen { folder: folder.to_owned() });
        }
        let mut files: BTreeMap<String, (FrozenFile, PathBuf)> = BTreeMap::new();
        let mut pending: Vec<Pin> = resolution.pins.values().cloned().collect();
        while !pending.is_empty() {
            let fetched = self.fetched(index, &pending)?;
            let mut sdists = Vec::new();
            for (frozen, path) in fetched {
                if frozen.file.kind.wheel().is_none() {
                    sdists.push((frozen.file.filename.clone(), path.clone()));
                }
                files.insert(frozen.file.filename.clone(), (frozen, path));
            }
            pending.clear();
            for (filename, path) in sdists {
                let needed = self.build_requirements(index, &filename, &path)?;
                let is_new = |pin: &Pin| !files.contains_key(&pin.file.filename);
                pending.extend(needed.pins.into_values().filter(is_new));
            }
        }
        let frozen: Vec<FrozenFile> = files.values().map(|(frozen, _)| frozen.clone()).collect();
        write_folder(folder, |folder| -> Result<(), WriteError> {
            for (name, (_, path)) in &files {
                let target = folder.join(name);
                let copied = fs::copy(path, &target)
                    .and_then(|_| fs::set_permissions(&target, fs::Permissions::from_mode(0o644)));
                copied.map_err(WriteError::at(&target))?;
            }
            write_tree(folder, &frozen)
        })?;
        Ok(files.into_keys().collect())
    }

    fn fetched(
        &self,
        index: &BuildingIndex<'_>,
        pins: &[Pin],
    ) -> Result<Vec<(FrozenFile, PathBuf)>, PipelineError> {
        let files: Vec<ReleaseFile> = pins.iter().map(|pin| pin.file.clone()).collect();
        let total = files.iter().filter_map(|file| file.size).sum();
        self.reporter.event(Event::Begin { phase: "fetch", total });
        let progress =
            |_: usize, by: u64| self.reporter.event(Event::Advance { phase: "fetch", by });
        let paths = index.fetch(&files, &progress);
        let line = format!("{} fetched", counted(files.len(), "file"));
        self.reporter.event(Event::End { phase: "fetch", line: &line });
        let mut fetched = Vec::new();
        for (pin, path) in pins.iter().zip(paths) {
            let path = path?;
            let (file, size) = self.at_hand(index, pin, &path)?;
            let requires_python = pin.metadata.requires_python.as_ref().map(ToString::to_string);
            fetched.push((FrozenFile { file, requires_python, size }, path));
        }
        Ok(fetched)
    }

    /// A file by a name that is a release's, with its SHA-256 and its size.
    fn at_hand(
        &self,
        index: &BuildingIndex<'_>,
        pin: &Pin,
        path: &Path,
    ) -> Result<(ReleaseFile, u64), PipelineError> {
        let mut file = pin.file.clone();
        let size = fs::metadata(path).map_err(WriteError::at(path))?.len();
        if let Ok(url) = url::Url::from_file_path(path) {
            file.hashes = index.download(&url, &Hashes::default())?.1;
        }
        // Such as `main.zip`, by its URL.
        if FileKind::parse(&file.filename, Some(&pin.project)).is_err() {
            let ending = if file.filename.ends_with(".zip") { ".zip" } else { ".tar.gz" };
            file.filename = format!("{}-{}{ending}", pin.project, pin.version);
        }
        Ok((file, size))
    }

    /// What an sdist is built with.
    fn build_requirements(
        &self,
        index: &BuildingIndex<'_>,
        filename: &str,
        path: &Path,
    ) -> Result<Resolution, PipelineError> {
        let fail = |problem: String| PipelineError::BuildRequirements {
            file: filename.to_owned(),
            problem,
        };
        let text = sdist_member(path, filename, BUILD_FILE).map_err(|e| fail(e.to_string()))?;
        let text = text.map(|text| String::from_utf8_lossy(&text).into_owned());
        let read: BuildFile = text
            .map_or(Ok(BuildFile::default()), |text| toml::from_str(&text))
            .map_err(|error| fail(error.message().to_owned()))?;
        let defaults = || DEFAULT_REQUIRES.iter().map(|text| (*text).to_owned());
        let texts: BTreeSet<String> = match read.build_system {
            Some(BuildSystem { requires, build_backend: Some(backend) })
                if !backend.starts_with("setuptools") =>
            {
                requires.into_iter().collect()
            }
            // Older setuptools ask for `wheel` only when they build.
            Some(system) => system.requires.into_iter().chain(defaults()).collect(),
            None => defaults().collect(),
        };
        let part = format!("build requirement of {filename}");
        let mut roots = Vec::new();
        for text in texts {
            let requirement = parse_requirement(&text).map_err(|error| fail(error.to_string()))?;
            roots.push(RootRequirement {
                requirement,
                origin: Origin::Part { path: PathBuf::from(filename), part: part.clone() },
                hashes: Vec::new(),
                direct: None,
                config_settings: BTreeMap::new(),
            });
        }
        let options = FileOptions { prefer_binary: true, ..FileOptions::default() };
        let requirements = Requirements { roots, options, ..Requirements::default() };
        let options = ResolveOptions {
            exclude_newer: self.settings.resolution.exclude_newer,
            ..ResolveOptions::default()
        };
        self.resolve_with(&requirements, &options, index).map_err(|error| fail(error.to_string()))
    }
}
