//! Wheels built of sources, when their metadata or their files are requested.

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
    base::files::{LinkPolicy, read_inside},
    index::{self, Index, IndexError, ProjectFiles, sdist_time},
    python::{
        artifact::{
            ArchiveLimits, FileKind, Hashes, ProjectName, ReleaseFile, WheelName, redacted,
        },
        metadata::CoreMetadata,
    },
    resolve::Pin,
    wheels::{BuildSystem, Interpreter, SdistError, SourceError, Wheel, clean_wheel},
};

use super::{Context, builds::python_remedy};

/// The largest `pyproject.toml`, in bytes.
const PROJECT_LIMIT: u64 = 4 << 20;

pub(super) type BuiltWheel = Result<PathBuf, SdistError>;
pub(super) type ConfigSettings = BTreeMap<String, Vec<String>>;

/// The sources of a run: its indexes, and before them the files that requirements name by their
/// places. Sdists whose requirements are known only then are built, each once.
pub struct BuildingIndex<'a> {
    pub(super) run: &'a Context,
    pub(super) inner: Box<dyn Index>,
    /// Where sources are built: private and empty at first.
    pub(super) work: PathBuf,
    /// `--config-settings` of single projects.
    pub(super) config_settings: BTreeMap<ProjectName, ConfigSettings>,
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
pub(super) struct SdistSource<'s> {
    /// For messages.
    pub filename: String,
    /// An sdist, or a project's folder.
    pub path: &'s Path,
    /// Which links in a folder may be followed.
    pub links: LinkPolicy,
    /// The folder of the project in it.
    pub subdirectory: Option<&'s str>,
    /// `--config-settings`.
    pub settings: &'s ConfigSettings,
    /// What the configuration adds to what it is built with.
    pub requires: &'s [String],
    /// Whose wheel it has to be, where that is known.
    pub release: Option<(&'s ProjectName, &'s Version)>,
    /// When the source was published: seconds since 1970.
    pub time: Option<i64>,
}

impl<'a> BuildingIndex<'a> {
    pub(super) fn new(run: &'a Context, inner: Box<dyn Index>, work: &Path) -> Self {
        Self {
            run,
            inner,
            work: work.to_owned(),
            config_settings: BTreeMap::new(),
            given: BTreeMap::new(),
            built: Mutex::default(),
            turn: Mutex::default(),
            folders: AtomicUsize::new(0),
            interpreter: OnceLock::new(),
        }
    }

    /// The number of a further folder in which something is built.
    pub(super) fn next_folder(&self) -> usize {
        self.folders.fetch_add(1, Ordering::Relaxed)
    }

    /// The wheel of an sdist that was fetched to `sdist`; it fits the target.
    pub(super) fn wheel_of(&self, file: &ReleaseFile, sdist: &Path) -> BuiltWheel {
        self.fitting(&file.filename, self.wheel_within(file, sdist, &[]))
    }

    /// The wheel of sources that are at `url`; it fits the target.
    pub(super) fn build(&self, url: &Url, source: &SdistSource<'_>) -> BuiltWheel {
        self.fitting(&source.filename, self.build_within(url, source, &[]))
    }

    /// The wheel of an sdist, built for what `above` names, the outermost first.
    pub(super) fn wheel_within(
        &self,
        file: &ReleaseFile,
        sdist: &Path,
        above: &[String],
    ) -> BuiltWheel {
        let none = ConfigSettings::new();
        let limit = self.run.settings().limits.archives.sdist;
        let source = SdistSource {
            filename: file.filename.clone(),
            path: sdist,
            links: LinkPolicy::Refused,
            subdirectory: None,
            settings: self.config_settings.get(file.kind.project()).unwrap_or(&none),
            requires: self.run.build_requires(Some(file.kind.project())),
            release: Some((file.kind.project(), file.kind.version())),
            // An archive that cannot be read fails in the build.
            time: file.upload_time.or_else(|| {
                index::check_sdist(sdist, &file.filename, limit).ok()?;
                sdist_time(sdist, &file.filename).ok().flatten()
            }),
        };
        self.build_within(&file.url, &source, above)
    }

    fn build_within(&self, url: &Url, source: &SdistSource<'_>, above: &[String]) -> BuiltWheel {
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
        let folder = self.work.join(format!("sdist-{}", self.next_folder()));
        let chain = [above, std::slice::from_ref(&source.filename)].concat();
        let limits = &self.run.settings().limits.archives;
        let built = checked(source, limits.sdist)
            .and_then(|()| self.build_in(&folder, source, &chain))
            .and_then(|wheel| verified(source, wheel, limits));
        lock(&self.built).insert(url.clone(), built.clone());
        drop(turn);
        built
    }

    /// This machine may have built a wheel for its own Python only.
    fn fitting(&self, source: &str, wheel: BuiltWheel) -> BuiltWheel {
        let wheel = wheel?;
        let name = name_of(&wheel).map_err(|problem| SdistError::new(source, problem))?;
        match self.run.target().tags().best(&name) {
            Some(_) => Ok(wheel),
            // The target builds it again: what is in it tells what a recipe has to say.
            None if self.run.leaves_builds_to_target() => Ok(wheel),
            None => {
                let filename = wheel.file_name().unwrap_or_default().to_string_lossy();
                let problem = format!("was built into `{filename}`, which does not fit the target");
                let hint = Some(python_remedy(self.run.target().python.version));
                Err(SdistError { hint, ..SdistError::new(source, problem) })
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
            return self.inspected(wheel, file.kind.project());
        }
        match self.inner.metadata(file) {
            Err(IndexError::MetadataNotStatic { .. }) => self.built_metadata(file, above),
            answer => answer,
        }
    }

    /// The metadata that building an sdist gives. A wheel for another Python has them, too.
    fn built_metadata(
        &self,
        file: &ReleaseFile,
        above: &[String],
    ) -> Result<Arc<CoreMetadata>, IndexError> {
        let unknown = || IndexError::MetadataNotStatic { file: file.filename.clone() };
        if self.run.settings().no_build_metadata {
            return Err(unknown());
        }
        let fetched = self.inner.fetch(std::slice::from_ref(file), &|_, _| {});
        let sdist = fetched.into_iter().next().unwrap_or_else(|| Err(unknown()))?;
        self.inspected(self.wheel_within(file, &sdist, above), file.kind.project())
    }
}

impl BuildingIndex<'_> {
    /// What a wheel that was built says of itself.
    fn inspected(
        &self,
        wheel: BuiltWheel,
        project: &ProjectName,
    ) -> Result<Arc<CoreMetadata>, IndexError> {
        let wheel = wheel.map_err(|SdistError { file, problem, hint }| IndexError::NotBuilt {
            file,
            problem,
            hint,
        })?;
        let limits = &self.run.settings().limits.archives;
        let inspected = Wheel::inspect_within(&wheel, project, limits)
            .map_err(|error| IndexError::Metadata { file: error.file, problem: error.problem })?;
        Ok(Arc::new(inspected.metadata))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name_of(wheel: &Path) -> Result<WheelName, String> {
    let filename = wheel.file_name().unwrap_or_default().to_string_lossy();
    WheelName::parse(&filename).map_err(|error| format!("was built into something else: {error}"))
}

/// An archive of sources is looked through before anything unpacks it.
pub(super) fn checked(source: &SdistSource<'_>, limit: u64) -> Result<(), SdistError> {
    if !source.path.is_file() {
        return Ok(());
    }
    index::check_sdist(source.path, &source.filename, limit)
        .map_err(|error| SdistError::new(&source.filename, format!("was refused: {error}")))
}

/// The wheel, once it is known to be of the source's release and as sound as one from elsewhere.
fn verified(source: &SdistSource<'_>, path: PathBuf, limits: &ArchiveLimits) -> BuiltWheel {
    let refuse = |problem: String| SdistError::new(&source.filename, problem);
    let name = name_of(&path).map_err(refuse)?;
    let is_other = |(project, version): (&ProjectName, &Version)| {
        name.project != *project || name.version != *version
    };
    if source.release.is_some_and(is_other) {
        let (project, version) = (&name.project, &name.version);
        return Err(refuse(format!("was built into another release: `{project}` {version}")));
    }
    let inspect = || {
        Wheel::inspect_within(&path, &name.project, limits)
            .map_err(|error| refuse(format!("was built into an unsound wheel: {error}")))
    };
    let mut wheel = inspect()?;
    let standard = wheel.standard_library_paths();
    if !standard.is_empty() {
        clean_wheel(&path, &standard).map_err(|error| {
            refuse(format!("was built into a wheel whose library paths cannot be removed: {error}"))
        })?;
        wheel = inspect()?;
    }
    match wheel.foreign_library_paths().next() {
        None => Ok(path),
        Some((member, folder)) => Err(refuse(format!(
            "was built into a wheel whose `{member}` looks for libraries in `{}`",
            folder.escape_debug()
        ))),
    }
}

/// A wheel requires what its release was resolved by. Metadata that an sdist states for good hold for
/// every wheel of it; those of a release's document need only agree about the target.
pub(super) fn as_resolved(run: &Context, pin: &Pin, wheel: &Wheel) -> Result<(), SourceError> {
    let (stated, own) = (&pin.metadata, &wheel.metadata);
    let difference = match &pin.file.kind {
        FileKind::Sdist(_) if !stated.has_static_requirements() => {
            stated.needs_differ(own, &run.target().markers())
        }
        _ => stated.requirements_differ(own),
    };
    difference.map_or(Ok(()), |difference| {
        let from = redacted(pin.file.url.as_str());
        let problem = format!("is not as `{from}` was said to be: {difference}");
        Err(SourceError { file: wheel.filename.clone(), problem })
    })
}

/// The text of a file in a source's own folder, where it has one.
pub(super) fn text_of(source: &SdistSource<'_>, name: &str) -> std::io::Result<Option<String>> {
    let file = match source.subdirectory {
        Some(folder) => format!("{}/{name}", folder.trim_matches('/')),
        None => name.to_owned(),
    };
    let text = if source.path.is_dir() {
        match read_inside(source.path, &file, PROJECT_LIMIT, source.links) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    } else {
        index::sdist_member(source.path, &source.filename, &file)
    };
    Ok(text?.map(|text| String::from_utf8_lossy(&text).into_owned()))
}

/// The text of a source's `pyproject.toml`, where it has one.
pub(super) fn pyproject(source: &SdistSource<'_>) -> std::io::Result<Option<String>> {
    text_of(source, BuildSystem::FILE)
}

/// What a source says of its build, and what the configuration adds.
///
/// # Errors
/// It cannot be read, or says something wrong: the rest of a sentence.
pub(super) fn build_system(source: &SdistSource<'_>) -> Result<BuildSystem, String> {
    let text = pyproject(source).map_err(|error| format!("cannot be read: {error}"))?;
    // A `setup.py` that cannot be read is there.
    if text.is_none() && matches!(text_of(source, "setup.py"), Ok(None)) {
        let place = source.subdirectory.map(|folder| format!("in `{}` ", folder.escape_debug()));
        let place = place.unwrap_or_default();
        return Err(format!("has neither `{}` {place}nor `setup.py`", BuildSystem::FILE));
    }
    let mut system = BuildSystem::parse(text.as_deref())?;
    system.requires.extend(source.requires.iter().cloned());
    Ok(system)
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
