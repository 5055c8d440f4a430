//! All files of a resolution in a folder, from which it can be had again without a network.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{
    BuildingIndex, PipelineError, Run,
    builds::environment,
    sdists::{Source, build_system},
};
use crate::{
    artifact::{FileKind, Hashes, ReleaseFile},
    disk::{WriteError, write_folder},
    index::{FrozenFile, Index, may_replace, write_tree},
    report::Event,
    resolve::{Pin, Resolution},
    text::counted,
};

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
                for pin in self.needed(index, &filename, &path)? {
                    let is_same = |other: &Pin| other.file.filename == pin.file.filename;
                    if !files.contains_key(&pin.file.filename) && !pending.iter().any(is_same) {
                        pending.push(pin);
                    }
                }
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

    /// What an sdist is built with: for the target, and for the Python that builds it here.
    fn needed(
        &self,
        index: &BuildingIndex<'_>,
        filename: &str,
        path: &Path,
    ) -> Result<Vec<Pin>, PipelineError> {
        let none = BTreeMap::new();
        let source = Source {
            filename: filename.to_owned(),
            path,
            subdirectory: None,
            settings: &none,
            release: None,
            time: None,
        };
        let fail = |problem: String| PipelineError::BuildRequirements {
            file: filename.to_owned(),
            problem: format!("it {problem}"),
            hint: None,
        };
        let asked = build_system(&source).map_err(fail)?.requires;
        let mut environments = vec![self.environment()];
        let sandbox = self.sandbox().ok().flatten();
        environments.extend(index.interpreter(sandbox).map(environment));
        let mut needed = Vec::new();
        for environment in &environments {
            let found = self.build_requirements(index, filename, &asked, environment)?;
            needed.extend(found.pins.into_values());
        }
        Ok(needed)
    }
}
