//! Wheels built of sources, when their metadata or their files are asked for.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use pep440_rs::Version;
use url::Url;

use crate::{
    artifact::{Hashes, ProjectName, ReleaseFile, WheelName},
    index::{self, Index, IndexError, ProjectFiles, sdist_time},
    metadata::CoreMetadata,
    requirements::Requirements,
    source::{BuildSystem, Interpreter, SdistError, Wheel},
};

use super::Run;

pub(super) type BuiltWheel = Result<PathBuf, SdistError>;
pub(super) type Settings = BTreeMap<String, Vec<String>>;

/// The sources of a run: its indexes, and before them the files that requirements name by their
/// places. Sdists whose requirements are known only then are built, each once.
pub struct BuildingIndex<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) inner: Box<dyn Index>,
    /// Where sources are built: private and empty at first.
    pub(super) work: PathBuf,
    /// What is resolved, every project with its name.
    pub requirements: Requirements,
    /// Projects that have only the files of a place.
    pub(super) given: BTreeMap<ProjectName, Arc<ProjectFiles>>,
    built: Mutex<BTreeMap<Url, BuiltWheel>>,
    /// Held while something is built: backends and compilers use all cores by themselves.
    turn: Mutex<()>,
    folders: AtomicUsize,
    /// The Python that builds, once it was looked for.
    pub(super) interpreter: OnceLock<Option<Interpreter>>,
}

/// What a wheel is built of.
pub(super) struct Source<'s> {
    /// For messages.
    pub filename: String,
    /// An sdist, or a project's folder.
    pub path: &'s Path,
    /// The folder of the project in it.
    pub subdirectory: Option<&'s str>,
    /// `--config-settings`.
    pub settings: &'s Settings,
    /// Whose wheel it has to be, where that is known.
    pub release: Option<(&'s ProjectName, &'s Version)>,
    /// When the source was published: seconds since 1970.
    pub time: Option<i64>,
}

impl<'a> BuildingIndex<'a> {
    pub(super) fn new(run: &'a Run<'a>, inner: Box<dyn Index>, work: &Path) -> Self {
        Self {
            run,
            inner,
            work: work.to_owned(),
            requirements: Requirements::default(),
            given: BTreeMap::new(),
            built: Mutex::default(),
            turn: Mutex::default(),
            folders: AtomicUsize::new(0),
            interpreter: OnceLock::new(),
        }
    }

    /// The wheel of an sdist that was fetched to `sdist`; it fits the target.
    pub(super) fn wheel_of(&self, file: &ReleaseFile, sdist: &Path) -> BuiltWheel {
        self.fitting(&file.filename, self.wheel_within(file, sdist, &[]))
    }

    /// The wheel of sources that are at `url`; it fits the target.
    pub(super) fn build(&self, url: &Url, source: &Source<'_>) -> BuiltWheel {
        self.fitting(&source.filename, self.build_within(url, source, &[]))
    }

    /// The wheel of an sdist, built for what `above` names, the outermost first.
    pub(super) fn wheel_within(
        &self,
        file: &ReleaseFile,
        sdist: &Path,
        above: &[String],
    ) -> BuiltWheel {
        let none = Settings::new();
        let mut roots = self.requirements.roots.iter();
        let root = roots.find(|root| root.requirement.name == *file.kind.project());
        let source = Source {
            filename: file.filename.clone(),
            path: sdist,
            subdirectory: None,
            settings: root.map_or(&none, |root| &root.config_settings),
            release: Some((file.kind.project(), file.kind.version())),
            // An archive that cannot be read fails in the build.
            time: file.upload_time.or_else(|| sdist_time(sdist, &file.filename).ok().flatten()),
        };
        self.build_within(&file.url, &source, above)
    }

    fn build_within(&self, url: &Url, source: &Source<'_>, above: &[String]) -> BuiltWheel {
        // What is built for another build has that one's turn.
        let turn = above.is_empty().then(|| lock(&self.turn));
        if let Some(known) = lock(&self.built).get(url) {
            return known.clone();
        }
        if above.contains(&source.filename) {
            let chain = [above, std::slice::from_ref(&source.filename)].concat().join("` → `");
            let problem = format!("has to be built before it can be built: `{chain}`");
            return Err(SdistError::new(&source.filename, problem));
        }
        let number = self.folders.fetch_add(1, Ordering::Relaxed);
        let folder = self.work.join(format!("sdist-{number}"));
        let chain = [above, std::slice::from_ref(&source.filename)].concat();
        let built =
            self.build_in(&folder, source, &chain).and_then(|wheel| verified(source, wheel));
        lock(&self.built).insert(url.clone(), built.clone());
        drop(turn);
        built
    }

    /// This machine may have built a wheel for its own Python only.
    fn fitting(&self, source: &str, wheel: BuiltWheel) -> BuiltWheel {
        let wheel = wheel?;
        let name = name_of(&wheel).map_err(|problem| SdistError::new(source, problem))?;
        match self.run.target.tags().best(&name) {
            Some(_) => Ok(wheel),
            // The target builds it again: what is in it tells what a recipe has to say.
            None if self.run.leaves_builds_to_target() => Ok(wheel),
            None => {
                let filename = wheel.file_name().unwrap_or_default().to_string_lossy();
                let problem = format!("was built into `{filename}`, which does not fit the target");
                Err(SdistError::new(source, problem))
            }
        }
    }

    /// The wheel that is at hand for a file that was built of a folder or repository.
    pub(super) fn built_from(&self, file: &ReleaseFile) -> Option<BuiltWheel> {
        file.kind.wheel().and_then(|_| lock(&self.built).get(&file.url).cloned())
    }

    /// The metadata of a file; an sdist that does not state it is built for what `above` names.
    pub(super) fn metadata_within(
        &self,
        file: &ReleaseFile,
        above: &[String],
    ) -> Result<Arc<CoreMetadata>, IndexError> {
        if let Some(wheel) = self.built_from(file) {
            return inspected(wheel, file.kind.project());
        }
        match self.inner.metadata(file) {
            Err(IndexError::MetadataNotStatic { .. }) => self.built_metadata(file, above),
            answer => answer,
        }
    }

    /// The metadata that building an sdist gives.
    fn built_metadata(
        &self,
        file: &ReleaseFile,
        above: &[String],
    ) -> Result<Arc<CoreMetadata>, IndexError> {
        let unknown = || IndexError::MetadataNotStatic { file: file.filename.clone() };
        if self.run.settings.no_build_metadata {
            return Err(unknown());
        }
        let fetched = self.inner.fetch(std::slice::from_ref(file), &|_, _| {});
        let sdist = fetched.into_iter().next().unwrap_or_else(|| Err(unknown()))?;
        let wheel = match above {
            [] => self.wheel_of(file, &sdist),
            above => self.wheel_within(file, &sdist, above),
        };
        inspected(wheel, file.kind.project())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name_of(wheel: &Path) -> Result<WheelName, String> {
    let filename = wheel.file_name().unwrap_or_default().to_string_lossy();
    WheelName::parse(&filename).map_err(|error| format!("was built into something else: {error}"))
}

/// The wheel, once it is known to be of the source's release and as sound as one from elsewhere.
fn verified(source: &Source<'_>, path: PathBuf) -> BuiltWheel {
    let refuse = |problem: String| SdistError::new(&source.filename, problem);
    let name = name_of(&path).map_err(refuse)?;
    let is_other = |(project, version): (&ProjectName, &Version)| {
        name.project != *project || name.version != *version
    };
    if source.release.is_some_and(is_other) {
        let (project, version) = (&name.project, &name.version);
        return Err(refuse(format!("was built into another release: `{project}` {version}")));
    }
    let wheel = Wheel::inspect(&path, &name.project)
        .map_err(|error| refuse(format!("was built into an unsound wheel: {error}")))?;
    match wheel.foreign_library_path() {
        None => Ok(path),
        Some((member, folder)) => Err(refuse(format!(
            "was built into a wheel whose `{member}` looks for libraries in `{}`",
            folder.escape_debug()
        ))),
    }
}

fn inspected(wheel: BuiltWheel, project: &ProjectName) -> Result<Arc<CoreMetadata>, IndexError> {
    let wheel = wheel.map_err(|SdistError { file, problem, hint }| IndexError::NotBuilt {
        file,
        problem,
        hint,
    })?;
    let inspected = Wheel::inspect(&wheel, project)
        .map_err(|error| IndexError::Metadata { file: error.file, problem: error.problem })?;
    Ok(Arc::new(inspected.metadata))
}

/// The text of a source's `pyproject.toml`, where it has one.
pub(super) fn pyproject(source: &Source<'_>) -> std::io::Result<Option<String>> {
    let file = match source.subdirectory {
        Some(folder) => format!("{}/{}", folder.trim_matches('/'), BuildSystem::FILE),
        None => BuildSystem::FILE.to_owned(),
    };
    let text = match source.path.is_dir() {
        true => match std::fs::read(source.path.join(&file)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        },
        false => index::sdist_member(source.path, &source.filename, &file),
    };
    Ok(text?.map(|text| String::from_utf8_lossy(&text).into_owned()))
}

/// What a source says of its build.
///
/// # Errors
/// It cannot be read, or says something wrong: the rest of a sentence.
pub(super) fn build_system(source: &Source<'_>) -> Result<BuildSystem, String> {
    let text = pyproject(source).map_err(|error| format!("cannot be read: {error}"))?;
    BuildSystem::parse(text.as_deref())
}

impl Index for BuildingIndex<'_> {
    fn prefetch_projects(&self, projects: &[ProjectName]) {
        let asked = projects.iter().filter(|project| !self.given.contains_key(*project));
        self.inner.prefetch_projects(&asked.cloned().collect::<Vec<_>>());
    }

    fn prefetch_metadata(&self, files: &[ReleaseFile]) {
        let asked = files.iter().filter(|file| !self.given.contains_key(file.kind.project()));
        self.inner.prefetch_metadata(&asked.cloned().collect::<Vec<_>>());
    }

    fn project(&self, project: &ProjectName) -> Result<Option<Arc<ProjectFiles>>, IndexError> {
        match self.given.get(project) {
            Some(files) => Ok(Some(Arc::clone(files))),
            None => self.inner.project(project),
        }
    }

    fn metadata(&self, file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError> {
        self.metadata_within(file, &[])
    }

    fn fetch(
        &self,
        files: &[ReleaseFile],
        progress: &(dyn Fn(usize, u64) + Sync),
    ) -> Vec<Result<PathBuf, IndexError>> {
        let at_hand: Vec<Option<PathBuf>> =
            files.iter().map(|file| self.built_from(file)?.ok()).collect();
        let positions: Vec<usize> =
            (0..files.len()).filter(|position| at_hand[*position].is_none()).collect();
        let wanted: Vec<ReleaseFile> =
            positions.iter().map(|position| files[*position].clone()).collect();
        let mut fetched =
            self.inner.fetch(&wanted, &|at, by| progress(positions[at], by)).into_iter();
        let missing = |file: &ReleaseFile| IndexError::Offline { subject: file.filename.clone() };
        let answers = at_hand.into_iter().zip(files).map(|(at_hand, file)| match at_hand {
            Some(path) => Ok(path),
            None => fetched.next().unwrap_or_else(|| Err(missing(file))),
        });
        answers.collect()
    }

    fn download(&self, url: &Url, hashes: &Hashes) -> Result<(PathBuf, Hashes), IndexError> {
        self.inner.download(url, hashes)
    }

    fn missing(&self) -> Vec<String> {
        self.inner.missing()
    }
}
