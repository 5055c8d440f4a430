//! All files of a resolution in a folder, from which it can be obtained again without a network.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use super::{
    BuildingIndex, Context, PipelineError,
    builds::environment,
    sdists::{SdistSource, build_system, checked},
};
use crate::{
    base::{
        files::{FileError, LinkPolicy, publish_file, write_file, write_folder},
        report::Event,
        text::counted,
    },
    index::{FrozenFile, Index, may_replace, write_tree},
    python::artifact::{FileKind, Hashes, ReleaseFile, WheelName},
    python::requirements::Requirements,
    resolve::{Pin, Resolution},
};

/// The lock files beside the files.
const PYLOCK: &str = "pylock.toml";
const REQUIREMENTS: &str = "requirements.txt";

impl Context {
    /// Puts all files of a resolution, and what its sdists are built with, into a folder with
    /// pages, and two lock files beside them; the names of the files, sorted, and of the locks.
    ///
    /// # Errors
    /// A folder with something else in it, a file that cannot be obtained, build requirements that
    /// cannot be met.
    pub fn freeze(
        &self,
        index: &BuildingIndex<'_>,
        requirements: &Requirements,
        resolution: &Resolution,
        folder: &Path,
    ) -> Result<Vec<String>, PipelineError> {
        if !may_replace(folder) {
            return Err(PipelineError::NotFrozen { folder: folder.to_owned() });
        }
        let mut files: BTreeMap<String, (FrozenFile, PathBuf)> = BTreeMap::new();
        let mut pending: Vec<Pin> = resolution.pins.values().cloned().collect();
        let mut taken: Option<Vec<ReleaseFile>> = None;
        while !pending.is_empty() {
            let fetched = self.fetched(index, &pending)?;
            taken.get_or_insert_with(|| fetched.iter().map(|(f, _)| f.file.clone()).collect());
            let mut sdists = Vec::new();
            for (frozen, path) in fetched {
                if frozen.file.kind.wheel().is_none() {
                    sdists.push((frozen.file.clone(), path.clone()));
                }
                files.insert(frozen.file.filename.clone(), (frozen, path));
            }
            pending.clear();
            for (file, path) in sdists {
                for pin in self.needed(index, &file, &path)? {
                    let is_same = |other: &Pin| other.file.filename == pin.file.filename;
                    if !files.contains_key(&pin.file.filename) && !pending.iter().any(is_same) {
                        pending.push(pin);
                    }
                }
            }
        }
        let locks = self.locks(requirements, resolution, taken.unwrap_or_default(), folder)?;
        let frozen: Vec<FrozenFile> = files.values().map(|(frozen, _)| frozen.clone()).collect();
        write_folder(folder, |folder| -> Result<(), FileError> {
            for (name, (_, path)) in &files {
                let target = folder.join(name);
                let copied = fs::copy(path, &target).and_then(|_| publish_file(&target));
                copied.map_err(FileError::write(&target))?;
            }
            for (name, text) in &locks {
                write_file(&folder.join(name), text.as_bytes())?;
            }
            write_tree(folder, &frozen)
        })?;
        Ok(files.into_keys().chain(locks.into_iter().map(|(name, _)| name.to_owned())).collect())
    }

    /// The lock files of a resolution whose files are beside them, one for each pin.
    fn locks(
        &self,
        requirements: &Requirements,
        resolution: &Resolution,
        files: Vec<ReleaseFile>,
        folder: &Path,
    ) -> Result<[(&'static str, String); 2], PipelineError> {
        let folder = std::path::absolute(folder).map_err(FileError::write(folder))?;
        let mut frozen = resolution.clone();
        let mut lines = format!(
            "# Frozen by pypi2pkg for {}, Python {}.{} on {}.\n",
            self.target().name,
            self.target().python.version.0,
            self.target().python.version.1,
            self.target().architecture.machine,
        );
        for (pin, file) in frozen.pins.values_mut().zip(files) {
            let _ = write!(lines, "{}=={}", pin.project, pin.version);
            for (name, digest) in &file.hashes.0 {
                let _ = write!(lines, " --hash={name}:{digest}");
            }
            lines.push('\n');
            let place = folder.join(&file.filename);
            let url = url::Url::from_file_path(&place).unwrap_or_else(|()| file.url.clone());
            pin.file = ReleaseFile { url, ..file };
        }
        let pylock = self.pylock_of(requirements, &frozen, &folder, &|_| None);
        Ok([(PYLOCK, pylock), (REQUIREMENTS, lines)])
    }

    fn fetched(
        &self,
        index: &BuildingIndex<'_>,
        pins: &[Pin],
    ) -> Result<Vec<(FrozenFile, PathBuf)>, PipelineError> {
        let files: Vec<ReleaseFile> = pins.iter().map(|pin| pin.file.clone()).collect();
        let total = files.iter().filter_map(|file| file.size).sum();
        self.reporter().event(Event::Begin { phase: "fetch", total });
        let progress =
            |_: usize, by: u64| self.reporter().event(Event::Advance { phase: "fetch", by });
        let paths = index.fetch(&files, &progress);
        let line = format!("{} fetched", counted(files.len(), "file"));
        self.reporter().event(Event::End { phase: "fetch", line: &line });
        let mut fetched = Vec::new();
        for (pin, path) in pins.iter().zip(paths) {
            let mut path = path?;
            // Nobody else finds one of several projects in an archive.
            let is_part = pin.file.url.fragment().is_some_and(|f| f.starts_with("subdirectory="));
            if is_part && pin.file.kind.wheel().is_none() {
                path = index.wheel_of(&pin.file, &path)?;
            }
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
        let size = fs::metadata(path).map_err(FileError::write(path))?.len();
        if let Ok(url) = url::Url::from_file_path(path) {
            file.hashes = index.download(&url, &Hashes::default())?.1;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Ok(wheel) = WheelName::parse(&name)
            && file.kind.wheel().is_none()
        {
            file.kind = FileKind::Wheel(wheel);
            file.filename = name.into_owned();
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
        file: &ReleaseFile,
        path: &Path,
    ) -> Result<Vec<Pin>, PipelineError> {
        let (filename, project) = (file.filename.as_str(), Some(file.kind.project()));
        let none = BTreeMap::new();
        let source = SdistSource {
            filename: filename.to_owned(),
            path,
            links: LinkPolicy::Refused,
            subdirectory: None,
            settings: &none,
            requires: self.build_requires(project),
            release: None,
            time: None,
        };
        checked(&source, self.settings().limits.archives.sdist)?;
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
