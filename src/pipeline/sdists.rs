//! Wheels built of sources, when their metadata or their files are asked for.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use url::Url;

use crate::{
    artifact::{Hashes, ProjectName, ReleaseFile, WheelName},
    index::{Index, IndexError, ProjectFiles},
    metadata::CoreMetadata,
    process::which,
    report::Event,
    requirements::Requirements,
    source::{SdistBuild, SourceError, Wheel, build_wheel},
};

use super::Run;

/// Stands for the clock in builds from source where the index states no upload time: 2000-01-01.
const UNKNOWN_TIME: i64 = 946_684_800;

type BuiltWheel = Result<PathBuf, SourceError>;
type Settings = BTreeMap<String, Vec<String>>;

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
}

/// What a wheel is built of.
pub(super) struct Source<'s> {
    /// For messages.
    pub filename: String,
    /// What pip is told to build: a path, or a URL with a fragment.
    pub what: OsString,
    /// `--config-settings`.
    pub settings: &'s Settings,
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
        }
    }

    /// The wheel of an sdist that was fetched to `sdist`.
    pub(super) fn wheel_of(&self, file: &ReleaseFile, sdist: &Path) -> BuiltWheel {
        let none = Settings::new();
        let mut roots = self.requirements.roots.iter();
        let root = roots.find(|root| root.requirement.name == *file.kind.project());
        let source = Source {
            filename: file.filename.clone(),
            what: sdist.as_os_str().to_owned(),
            settings: root.map_or(&none, |root| &root.config_settings),
        };
        self.build(&file.url, &source, file.upload_time)
    }

    /// The wheel of sources that are at `url`.
    pub(super) fn build(&self, url: &Url, source: &Source<'_>, time: Option<i64>) -> BuiltWheel {
        // Held while building: pip and the compilers it starts use all cores by themselves.
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let position = built.len();
        let folder = self.work.join(format!("sdist-{position}"));
        built.entry(url.clone()).or_insert_with(|| self.build_in(&folder, source, time)).clone()
    }

    fn build_in(&self, folder: &Path, source: &Source<'_>, time: Option<i64>) -> BuiltWheel {
        let run = self.run;
        let refuse = |problem: String| SourceError { file: source.filename.clone(), problem };
        run.reporter.event(Event::Detail(&format!("building `{}`", source.filename)));
        let (major, minor) = run.target.python.version;
        let path = run.settings.environment.path();
        let names = [format!("python{major}.{minor}"), "python3".to_owned()];
        let python = names.iter().find_map(|name| which(name, &path)).ok_or_else(|| {
            refuse("has to be built into a wheel, and there is no `python3` here".to_owned())
        })?;
        std::fs::create_dir(folder)
            .map_err(|e| refuse(format!("cannot be built in `{}`: {e}", folder.display())))?;
        let build = SdistBuild {
            python,
            config_settings: source.settings.clone(),
            variables: run.pip_variables(),
        };
        let time = run.settings.policy.time.or(time).unwrap_or(UNKNOWN_TIME);
        let wheel = build_wheel(&source.what, &build, folder, time, run.runner).map_err(refuse)?;
        let filename = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = WheelName::parse(&filename).map_err(|e| refuse(e.to_string()))?;
        // This machine may have built it for its own Python only.
        match run.target.tags().best(&name) {
            Some(_) => Ok(wheel),
            // The target builds it again: what is in it tells what a recipe has to say.
            None if run.leaves_builds_to_target() => Ok(wheel),
            None => {
                Err(refuse(format!("was built into `{filename}`, which does not fit the target")))
            }
        }
    }

    /// The wheel that is at hand for a file that was built of a folder or repository.
    fn built_from(&self, file: &ReleaseFile) -> Option<BuiltWheel> {
        let built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        file.kind.wheel().and_then(|_| built.get(&file.url).cloned())
    }

    /// The metadata that building an sdist gives.
    fn built_metadata(&self, file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError> {
        let unknown = || IndexError::MetadataNotStatic { file: file.filename.clone() };
        if self.run.settings.no_build_metadata {
            return Err(unknown());
        }
        let fetched = self.inner.fetch(std::slice::from_ref(file), &|_, _| {});
        let sdist = fetched.into_iter().next().unwrap_or_else(|| Err(unknown()))?;
        inspected(self.wheel_of(file, &sdist), file.kind.project())
    }
}

fn inspected(wheel: BuiltWheel, project: &ProjectName) -> Result<Arc<CoreMetadata>, IndexError> {
    let refuse =
        |error: SourceError| IndexError::Metadata { file: error.file, problem: error.problem };
    let inspected = Wheel::inspect(&wheel.map_err(refuse)?, project).map_err(refuse)?;
    Ok(Arc::new(inspected.metadata))
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
        if let Some(wheel) = self.built_from(file) {
            return inspected(wheel, file.kind.project());
        }
        match self.inner.metadata(file) {
            Err(IndexError::MetadataNotStatic { .. }) => self.built_metadata(file),
            answer => answer,
        }
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
