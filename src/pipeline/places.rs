//! Files, folders and repositories that requirements name in place of an index, made into files
//! of releases.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use url::Url;

use super::{BuildingIndex, PipelineError, locked, sdists::Source};
use crate::{
    artifact::{
        Direct, FileKind, Hashes, ProjectName, ReleaseFile, SdistName, WheelName,
        without_credentials,
    },
    disk::copy_tree,
    index::{Index, ProjectFiles},
    metadata::evaluate,
    process::{Command, which},
    requirements::{FileOptions, Inputs, Requirements, Written},
    source::{SdistError, Wheel},
};

/// Settles every place whose marker holds and every locked release, and names all requirements.
pub(super) fn settle(
    index: &mut BuildingIndex<'_>,
    inputs: &Inputs,
    options: FileOptions,
) -> Result<(), PipelineError> {
    let markers = index.run.target.markers();
    let requirements = match &inputs.lock {
        Some(lock) => locked::applying(index, inputs, lock)?,
        None => inputs.requirements.clone(),
    };
    let mut names: BTreeMap<String, ProjectName> = BTreeMap::new();
    for written in &requirements {
        let holds = written.marker.as_ref().is_none_or(|m| evaluate(&m.tree, &markers, &[]));
        let Some(place) = written.place.as_ref().filter(|_| holds) else { continue };
        if names.contains_key(&place.url) {
            continue;
        }
        let refuse = |PlaceProblem { problem, hint }| PipelineError::Place {
            origin: written.origin.clone(),
            text: written.to_string(),
            problem,
            hint,
        };
        let file = settle_one(index, written, &place.direct).map_err(refuse)?;
        let project = file.kind.project().clone();
        if written.name.as_ref().is_some_and(|name| *name != project) {
            return Err(refuse(format!("it is `{project}`").into()));
        }
        if let Some(other) = index.given.get(&project) {
            let other = other.files.first().map(|file| file.filename.clone()).unwrap_or_default();
            let problem = format!("`{project}` is asked for from `{other}` already");
            return Err(refuse(problem.into()));
        }
        names.insert(place.url.clone(), project.clone());
        let files = ProjectFiles { project: project.clone(), files: vec![file] };
        index.given.insert(project, files.into());
    }
    for written in requirements.iter().filter(|written| !written.files.is_empty()) {
        let Some(project) = &written.name else { continue };
        let files = locked::files(index, project, written)?;
        index.given.insert(project.clone(), files.into());
    }
    let inputs = Inputs { requirements, ..inputs.clone() };
    let named = inputs.clone().named(|written| names.get(&written.place.as_ref()?.url).cloned());
    let asked = inputs.lock.as_ref().map(|lock| locked::asked(index, lock)).unwrap_or_default();
    index.requirements = Requirements { options, is_lock: inputs.lock.is_some(), asked, ..named };
    Ok(())
}

/// Why a place has no release.
struct PlaceProblem {
    problem: String,
    hint: Option<String>,
}

impl From<String> for PlaceProblem {
    fn from(problem: String) -> Self {
        Self { problem, hint: None }
    }
}

impl From<&str> for PlaceProblem {
    fn from(problem: &str) -> Self {
        problem.to_owned().into()
    }
}

impl From<SdistError> for PlaceProblem {
    fn from(SdistError { problem, hint, .. }: SdistError) -> Self {
        Self { problem, hint }
    }
}

/// The file of a release that a place holds, or is built into.
fn settle_one(
    index: &BuildingIndex<'_>,
    written: &Written,
    direct: &Direct,
) -> Result<ReleaseFile, PlaceProblem> {
    match direct {
        Direct::Archive { url, hashes, subdirectory } => {
            let mut stated = hashes.clone();
            // Of several hashes one has to match; the resolver looks at them.
            if let [only] = written.hashes.as_slice() {
                stated.0.extend(only.0.clone());
            }
            let (path, hashes) = index.download(url, &stated).map_err(|e| e.to_string())?;
            let url = without_credentials(url);
            archive(index, written, &url, &path, hashes, subdirectory.as_deref())
        }
        Direct::Folder { path, subdirectory } => {
            let url = Url::from_file_path(path).map_err(|()| "its path is not absolute")?;
            let copy = index.work_folder()?;
            copy_tree(path, &copy).map_err(|error| format!("cannot be copied: {error}"))?;
            build_tree(index, written, &copy, subdirectory.as_deref(), url)
        }
        Direct::Git { repository, revision, subdirectory } => {
            let folder = index.work_folder()?;
            let commit = check_out(index, repository, revision.as_deref(), &folder)?;
            let url = format!("git+{}@{commit}", without_credentials(repository));
            let url = Url::parse(&url).map_err(|e| e.to_string())?;
            build_tree(index, written, &folder, subdirectory.as_deref(), url)
        }
    }
}

fn release_file(filename: String, url: Url, kind: FileKind, hashes: Hashes) -> ReleaseFile {
    ReleaseFile {
        filename,
        url,
        kind,
        hashes,
        size: None,
        requires_python: None,
        yanked: None,
        metadata: None,
        upload_time: None,
    }
}

/// A wheel, or an archive of sources, whose release is told by its metadata, or else by the wheel
/// that it is built into.
fn archive(
    index: &BuildingIndex<'_>,
    written: &Written,
    url: &Url,
    path: &Path,
    hashes: Hashes,
    subdirectory: Option<&str>,
) -> Result<ReleaseFile, PlaceProblem> {
    let filename = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if filename.ends_with(".whl") {
        let name = WheelName::parse(&filename).map_err(|error| error.to_string())?;
        return Ok(release_file(filename, url.clone(), FileKind::Wheel(name), hashes));
    }
    if let (Ok(kind), None) = (FileKind::parse(&filename, written.name.as_ref()), subdirectory) {
        let file = release_file(filename.clone(), url.clone(), kind, hashes.clone());
        if index.inner.metadata(&file).is_ok() {
            return Ok(file);
        }
    }
    let source = Source {
        filename: filename.clone(),
        path,
        subdirectory,
        settings: &written.config_settings,
        release: None,
        time: None,
    };
    let wheel = index.build(url, &source)?;
    let name = wheel_name(&wheel)?;
    let kind = FileKind::Sdist(SdistName { project: name.project, version: name.version });
    Ok(release_file(filename, url.clone(), kind, hashes))
}

/// Builds a folder of sources; the file is the wheel, whose address is the folder's.
fn build_tree(
    index: &BuildingIndex<'_>,
    written: &Written,
    folder: &Path,
    subdirectory: Option<&str>,
    url: Url,
) -> Result<ReleaseFile, PlaceProblem> {
    let source = Source {
        filename: written.to_string(),
        path: folder,
        subdirectory,
        settings: &written.config_settings,
        release: None,
        time: None,
    };
    let wheel = index.build(&url, &source)?;
    let name = wheel_name(&wheel)?;
    let at = Url::from_file_path(&wheel).map_err(|()| "its path is not absolute")?;
    let (_, hashes) = index.download(&at, &Hashes::default()).map_err(|e| e.to_string())?;
    let filename = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(release_file(filename, url, FileKind::Wheel(name), hashes))
}

fn wheel_name(wheel: &Path) -> Result<WheelName, String> {
    let filename = wheel.file_name().unwrap_or_default().to_string_lossy();
    let name = WheelName::parse(&filename).map_err(|error| error.to_string())?;
    Wheel::inspect(wheel, &name.project).map_err(|error| error.to_string())?;
    Ok(name)
}

/// Clones a repository into an empty folder and checks a revision out; the commit.
fn check_out(
    index: &BuildingIndex<'_>,
    repository: &Url,
    revision: Option<&str>,
    folder: &Path,
) -> Result<String, String> {
    let run = index.run;
    if run.settings.offline && repository.scheme() != "file" {
        return Err("`--offline` forbids to fetch it".to_owned());
    }
    if revision.is_some_and(|revision| revision.starts_with('-')) {
        return Err("its revision is none".to_owned());
    }
    let git = which("git", &run.settings.environment.path())
        .ok_or_else(|| "cannot be fetched: there is no `git` here".to_owned())?;
    let run_git = |arguments: &[&str]| {
        let mut command = Command::new(&git, folder).variable("GIT_TERMINAL_PROMPT", "0");
        for (name, value) in run.settings.environment.session() {
            command = command.variable(&name, value);
        }
        for argument in arguments {
            command = command.argument(argument);
        }
        let output = run.runner.run(&command).map_err(|error| error.to_string())?;
        match output.status {
            0 => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            _ => Err(format!("cannot be fetched: {}", output.reason(5))),
        }
    };
    run_git(&["clone", "--quiet", "--no-checkout", "--", repository.as_str(), "."])?;
    let wanted = match revision {
        Some(revision) => {
            // A branch of the other side has no name of its own in the clone.
            let remote = format!("origin/{revision}^{{commit}}");
            let local = format!("{revision}^{{commit}}");
            run_git(&["rev-parse", "--verify", "--quiet", &remote])
                .or_else(|_| run_git(&["rev-parse", "--verify", "--quiet", &local]))
                .map_err(|_| format!("has no revision `{revision}`"))?
        }
        None => run_git(&["rev-parse", "HEAD"])?,
    };
    run_git(&["checkout", "--quiet", "--detach", &wanted])?;
    run_git(&["submodule", "update", "--init", "--recursive", "--quiet"])?;
    Ok(wanted)
}

/// A folder of its own for one place.
impl BuildingIndex<'_> {
    fn work_folder(&self) -> Result<PathBuf, String> {
        let folder = self.work.join(format!("place-{}", self.given.len()));
        std::fs::create_dir(&folder)
            .map_err(|error| format!("cannot create `{}`: {error}", folder.display()))?;
        Ok(folder)
    }
}
