//! How one source is built: what it is built with, and where its code runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use url::Url;

use crate::{
    base::{
        process::{Output, Sandbox, SandboxError},
        report::Event,
    },
    distro::targets::Target,
    index::{Index, IndexError, ProjectFiles},
    python::{
        artifact::{Hashes, ProjectName, ReleaseFile},
        metadata::CoreMetadata,
    },
    resolve::Environment,
    wheels::{
        BackendAnswer, BuildInput, BuildSystem, Interpreter, SdistBuild, SdistError,
        build_confined, build_wheel,
    },
};

use super::{
    BuildingIndex, PipelineError,
    machine::{Machine, build_needs, needs_its_python},
    sdists::{BuiltWheel, SdistSource, build_system},
};

/// Stands for the clock in builds from source where the index states no upload time: 2000-01-01.
const UNKNOWN_TIME: i64 = 946_684_800;
/// How often a backend may ask for more before it builds.
const ROUNDS: usize = 4;
/// What extension modules of every CPython are compiled with (Source: `OPT` of its configure script;
/// some backends leave it out where these variables are set), and what keeps compilers and linkers
/// from writing symbols for debuggers.
const OF_EXTENSIONS: [(&str, &str); 5] = [
    ("CFLAGS", "-DNDEBUG -fwrapv -g0"),
    ("CXXFLAGS", "-DNDEBUG -fwrapv -g0"),
    ("LDFLAGS", "-Wl,-s"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
];
const MISSING: &str =
    "install bubblewrap and util-linux, or let its code do as it likes with `--no-sandbox`";
const BROKEN: &str = "bubblewrap 0.8 or newer has to be allowed to make user namespaces; \
                      `--no-sandbox` lets its code do as it likes";

impl BuildingIndex<'_> {
    /// The wheel of a source, built in the new folder `folder`; `chain` ends with it.
    pub(super) fn build_in(
        &self,
        folder: &Path,
        source: &SdistSource<'_>,
        chain: &[String],
    ) -> BuiltWheel {
        let refuse = |problem: String| SdistError::new(&source.filename, problem);
        self.run.reporter().event(Event::Detail(&format!("building `{}`", source.filename)));
        let sandbox = self.run.sandbox().map_err(|error| SdistError {
            hint: Some(remedy(&error).to_owned()),
            ..refuse(format!("is built by its own code, which nothing here confines: {error}"))
        })?;
        fs::create_dir(folder)
            .map_err(|e| refuse(format!("cannot be built in `{}`: {e}", folder.display())))?;
        let interpreter = self.interpreter(sandbox).ok_or_else(|| {
            refuse("has to be built into a wheel, and there is no `python3` here".to_owned())
        })?;
        let build = SdistBuild {
            config_settings: source.settings.clone(),
            time: self.run.settings().policy.time.or(source.time).unwrap_or(UNKNOWN_TIME),
            flags: flags(self.run.target()),
        };
        if let [_] = chain {
            self.warn_of_python(source, interpreter);
        }
        if sandbox.is_none() && !source.requires.is_empty() {
            return Err(SdistError {
                hint: Some("build in the sandbox, or remove `build-requires`".to_owned()),
                ..refuse("is built by pip, which takes no further build requirements".to_owned())
            });
        }
        let machine = Machine::of(self.run);
        match &machine {
            Some(machine) => {
                self.provide(source, machine, &machine.lacks(source, interpreter))?;
            }
            None => self.report_needs(source),
        }
        let attempt = |folder: &Path| match sandbox {
            Some(sandbox) => {
                self.build_confined(source, &build, interpreter, sandbox, folder, chain)
            }
            None => self.build_unconfined(source, &build, interpreter, folder),
        };
        let failed = match attempt(folder) {
            Err(BuildFailure { error, said }) => (error, said),
            Ok(wheel) => return Ok(wheel),
        };
        self.run.reporter().event(Event::Detail(&failed.1));
        let Some(machine) = machine else { return Err(failed.0) };
        let lacked = machine.lacked(&failed.1, interpreter);
        if lacked.is_empty() {
            return Err(failed.0);
        }
        if !self.run.settings().install_build_deps {
            return Err(SdistError { hint: Some(machine.remedy(&lacked)), ..failed.0 });
        }
        self.provide(source, &machine, &lacked)?;
        let again = folder.join("again");
        fs::create_dir(&again).map_err(|e| refuse(format!("cannot be built: {e}")))?;
        attempt(&again).map_err(|failed| failed.error)
    }

    /// Says before a source is built that modules which are compiled here may fit no package. Whether
    /// they are compiled, only the build itself shows.
    fn warn_of_python(&self, source: &SdistSource<'_>, interpreter: &Interpreter) {
        let (own, wanted) = (interpreter.version, self.run.target().python.version);
        if own == wanted || self.run.leaves_builds_to_target() || !needs_its_python(source) {
            return;
        }
        self.run.reporter().event(Event::Warning(&format!(
            "`{}` has code to compile, and what builds here is Python {}.{}, not the target's {}.{}: {}",
            source.filename,
            own.0,
            own.1,
            wanted.0,
            wanted.1,
            python_remedy(wanted)
        )));
    }

    /// Installs packages that a build needs, where that is allowed.
    fn provide(
        &self,
        source: &SdistSource<'_>,
        machine: &Machine<'_>,
        lacking: &[String],
    ) -> Result<(), SdistError> {
        let refuse = |problem: String| SdistError::new(&source.filename, problem);
        if lacking.is_empty() {
            return Ok(());
        }
        if self.run.settings().install_build_deps {
            return machine.install(lacking).map_err(refuse);
        }
        let list = lacking.join("`, `");
        let problem = format!("is built with what is not installed here: `{list}`");
        if !machine.is_of_targets_family() {
            self.run.reporter().event(Event::Warning(&format!("`{}` {problem}", source.filename)));
            return Ok(());
        }
        Err(SdistError { hint: Some(machine.remedy(lacking)), ..refuse(problem) })
    }

    /// Says what a source is built with, where nothing is known of this machine's packages.
    fn report_needs(&self, source: &SdistSource<'_>) {
        let needs = build_needs(self.run, source, self.run.target());
        if !needs.is_empty() {
            self.run.reporter().event(Event::Warning(&format!(
                "`{}` is built with `{}`, as {} calls it; whether that is installed here is not \
                 known",
                source.filename,
                needs.join("`, `"),
                self.run.target().description
            )));
        }
    }

    /// The Python that builds: the target's version where this machine has it.
    pub(super) fn interpreter(&self, sandbox: Option<&Sandbox>) -> Option<&Interpreter> {
        let run = self.run;
        let find = || {
            let path = run.path();
            Interpreter::find(run.target().python.version, path, sandbox, run.runner())
        };
        self.interpreter.get_or_init(find).as_ref()
    }

    fn build_unconfined(
        &self,
        source: &SdistSource<'_>,
        build: &SdistBuild,
        interpreter: &Interpreter,
        folder: &Path,
    ) -> Result<PathBuf, BuildFailure> {
        let what = match (source.subdirectory, source.path.is_dir()) {
            (None, _) => source.path.as_os_str().to_owned(),
            (Some(inner), true) => source.path.join(inner).into_os_string(),
            (Some(inner), false) => {
                let mut url = Url::from_file_path(source.path).map_err(|()| {
                    SdistError::new(&source.filename, "has no absolute path".to_owned())
                })?;
                url.set_fragment(Some(&format!("subdirectory={inner}")));
                url.as_str().into()
            }
        };
        let (python, run) = (&interpreter.program, self.run);
        build_wheel(&what, build, python, &run.pip_variables(), folder, run.runner())
            .map_err(|failed| BuildFailure::new(source, failed))
    }

    fn build_confined(
        &self,
        source: &SdistSource<'_>,
        build: &SdistBuild,
        interpreter: &Interpreter,
        sandbox: &Sandbox,
        folder: &Path,
        chain: &[String],
    ) -> Result<PathBuf, BuildFailure> {
        let refuse = |problem: String| SdistError::new(&source.filename, problem);
        let system: BuildSystem = build_system(source).map_err(refuse)?;
        let mut asked = system.requires.clone();
        for _ in 0..ROUNDS {
            let wheels = self.build_wheels(&source.filename, &asked, interpreter, chain)?;
            let material = BuildInput {
                path: source.path,
                filename: &source.filename,
                subdirectory: source.subdirectory,
                system: &system,
                wheels: &wheels,
                asked: &asked,
            };
            match build_confined(&material, build, interpreter, sandbox, folder, self.run.runner())
                .map_err(|failed| BuildFailure::new(source, failed))?
            {
                BackendAnswer::Wheel(path) => return Ok(path),
                BackendAnswer::Requires(more) => asked.extend(more),
            }
        }
        Err(refuse("requires more each time before it is built".to_owned()).into())
    }

    /// Wheels of all that a source is built with, for the Python that builds. Those that are there
    /// as sdists only are built, too.
    fn build_wheels(
        &self,
        filename: &str,
        asked: &BTreeSet<String>,
        interpreter: &Interpreter,
        chain: &[String],
    ) -> Result<Vec<PathBuf>, SdistError> {
        let refuse = |problem: String| SdistError::new(filename, problem);
        let environment = environment(interpreter);
        let index = Needed { index: self, above: chain };
        let needed = self.run.build_requirements(&index, filename, asked, &environment);
        let needed = needed.map_err(|error| match error {
            PipelineError::BuildRequirements { problem, hint, .. } => {
                let problem = format!("has build requirements that cannot be installed: {problem}");
                SdistError { hint, ..refuse(problem) }
            }
            other => refuse(other.to_string()),
        })?;
        let files: Vec<ReleaseFile> = needed.pins.into_values().map(|pin| pin.file).collect();
        let fetched = index.fetch(&files, &|_, _| {});
        let mut wheels = Vec::new();
        for (file, path) in files.iter().zip(fetched) {
            let path = path.map_err(|error| refuse(error.to_string()))?;
            wheels.push(match file.kind.wheel() {
                Some(_) => path,
                None => self.wheel_within(file, &path, chain)?,
            });
        }
        Ok(wheels)
    }
}

fn remedy(error: &SandboxError) -> &'static str {
    match error {
        SandboxError::Missing { .. } => MISSING,
        SandboxError::Broken { .. } => BROKEN,
    }
}

/// A build that failed, and all that it said.
struct BuildFailure {
    error: SdistError,
    said: String,
}

impl BuildFailure {
    fn new(source: &SdistSource<'_>, (problem, output): (String, Output)) -> Self {
        let said = output.reason(usize::MAX);
        Self { error: SdistError::new(&source.filename, problem), said }
    }
}

impl From<SdistError> for BuildFailure {
    fn from(error: SdistError) -> Self {
        Self { error, said: String::new() }
    }
}

/// How the target compiles, without debugging symbols: no path of a build stays in what is built.
fn flags(target: &Target) -> BTreeMap<String, String> {
    let mut flags = target.build_flags.clone();
    for (name, more) in OF_EXTENSIONS {
        let flags = flags.entry(name.to_owned()).or_default();
        *flags = format!("{flags} {more}").trim_start().to_owned();
    }
    flags
}

/// What markers and tags mean to an interpreter of this machine.
pub(super) fn environment(interpreter: &Interpreter) -> Environment {
    let python = interpreter.markers.python_full_version().version.clone();
    Environment { markers: interpreter.markers.clone(), tags: interpreter.tags.clone(), python }
}

/// The sources of a build's requirements: an sdist among them is built for what is above it.
struct Needed<'n, 'a> {
    index: &'n BuildingIndex<'a>,
    above: &'n [String],
}

impl Index for Needed<'_, '_> {
    fn prefetch_projects(&self, projects: &[ProjectName]) {
        self.index.prefetch_projects(projects);
    }

    fn prefetch_metadata(&self, files: &[ReleaseFile]) {
        self.index.prefetch_metadata(files);
    }

    fn project(&self, project: &ProjectName) -> Result<Option<Arc<ProjectFiles>>, IndexError> {
        self.index.project(project)
    }

    fn metadata(&self, file: &ReleaseFile) -> Result<Arc<CoreMetadata>, IndexError> {
        self.index.metadata_within(file, self.above)
    }

    fn fetch(
        &self,
        files: &[ReleaseFile],
        progress: &(dyn Fn(usize, u64) + Sync),
    ) -> Vec<Result<PathBuf, IndexError>> {
        self.index.fetch(files, progress)
    }

    fn download(&self, url: &Url, hashes: &Hashes) -> Result<(PathBuf, Hashes), IndexError> {
        self.index.download(url, hashes)
    }

    fn missing(&self) -> Vec<String> {
        self.index.missing()
    }
}

/// What to do where wheels for the target's Python cannot be built here.
pub(super) fn python_remedy((major, minor): (u32, u32)) -> String {
    format!(
        "install Python {major}.{minor} with its headers, or take a release that has a wheel for it"
    )
}
