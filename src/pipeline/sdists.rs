//! Wheels built of sdists, when their metadata or their files are asked for.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    artifact::{ProjectName, ReleaseFile, WheelName},
    index::{Index, IndexError, ProjectFiles},
    metadata::CoreMetadata,
    process::which,
    report::Event,
    source::{SdistBuild, SourceError, Wheel, build_wheel},
};

use super::Run;

/// Stands for the clock in builds from source where the index states no upload time: 2000-01-01.
const UNKNOWN_TIME: i64 = 946_684_800;

type BuiltWheel = Result<PathBuf, SourceError>;

/// An index that builds the sdists whose requirements are known only then. Each is built once.
pub struct BuildingIndex<'a> {
    run: &'a Run<'a>,
    inner: Box<dyn Index>,
    /// Where sdists are built: private and empty at first.
    work: PathBuf,
    built: Mutex<BTreeMap<String, BuiltWheel>>,
}

impl<'a> BuildingIndex<'a> {
    pub(super) fn new(run: &'a Run<'a>, inner: Box<dyn Index>, work: &Path) -> Self {
        Self { run, inner, work: work.to_owned(), built: Mutex::default() }
    }

    /// The wheel of an sdist that was fetched to `sdist`.
    pub(super) fn wheel_of(&self, file: &ReleaseFile, sdist: &Path) -> BuiltWheel {
        // Held while building: pip and the compilers it starts use all cores by themselves.
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let position = built.len();
        built
            .entry(file.filename.clone())
            .or_insert_with(|| {
                self.build(file, sdist, &self.work.join(format!("sdist-{position}")))
            })
            .clone()
    }

    fn build(&self, file: &ReleaseFile, sdist: &Path, folder: &Path) -> BuiltWheel {
        let run = self.run;
        let refuse = |problem: String| SourceError { file: file.filename.clone(), problem };
        run.reporter.event(Event::Detail(&format!("building `{}`", file.filename)));
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
            index_url: run.index_url().to_owned(),
            variables: run.settings.environment.network(),
        };
        let time = run.settings.policy.time.or(file.upload_time).unwrap_or(UNKNOWN_TIME);
        let wheel = build_wheel(sdist, &build, folder, time, run.runner)?;
        let filename = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = WheelName::parse(&filename).map_err(|e| refuse(e.to_string()))?;
        // This machine may have built it for its own Python only.
        match run.target.tags().best(&name) {
            Some(_) => Ok(wheel),
            None => {
                Err(refuse(format!("was built into `{filename}`, which does not fit the target")))
            }
        }
    }

    /// The metadata that building an sdist gives.
    fn built_metadata(&self, file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError> {
        let refuse =
            |error: SourceError| IndexError::Metadata { file: error.file, problem: error.problem };
        let fetched = self.inner.fetch(std::slice::from_ref(file), &|_, _| {});
        let sdist = fetched.into_iter().next().unwrap_or_else(|| {
            Err(IndexError::MetadataNotStatic { file: file.filename.clone() })
        })?;
        let wheel = self.wheel_of(file, &sdist).map_err(refuse)?;
        let inspected = Wheel::inspect(&wheel, file.kind.project()).map_err(refuse)?;
        Ok(Arc::new(inspected.metadata))
    }
}

impl Index for BuildingIndex<'_> {
    fn prefetch_projects(&self, projects: &[ProjectName]) {
        self.inner.prefetch_projects(projects);
    }

    fn prefetch_metadata(&self, files: &[ReleaseFile]) {
        self.inner.prefetch_metadata(files);
    }

    fn project(&self, project: &ProjectName) -> Result<Option<Arc<ProjectFiles>>, IndexError> {
        self.inner.project(project)
    }

    fn metadata(&self, file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError> {
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
        self.inner.fetch(files, progress)
    }
}
