//! Files, folders and repositories that requirements name in place of an index, made into files
//! of releases.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use url::Url;

use super::{
    BuildingIndex, PipelineError, git::check_out, locked, origin::origin, requested::Requested,
    sdists::SdistSource,
};
use crate::{
    base::files::{LinkPolicy, copy_tree, create_private_folders},
    collection::{FailureRecord, Stage},
    index::{Index, ProjectFiles},
    python::{
        artifact::{
            Direct, FileKind, Hashes, ProjectName, ReleaseFile, SdistName, WheelName,
            without_credentials,
        },
        metadata::evaluate,
        requirements::{FileOptions, Inputs, Requirements, Written},
    },
    wheels::{SdistError, Wheel},
};

/// Settles every place whose marker holds and every locked release, and names all requirements.
pub(super) fn settle(
    index: &mut BuildingIndex<'_>,
    inputs: &Inputs,
    options: FileOptions,
) -> Result<Requested, PipelineError> {
    let mut requested = Requested::default();
    let markers = index.run.target().markers();
    let requirements = match &inputs.lock {
        Some(lock) => locked::applying(index, inputs, lock)?,
        None => inputs.requirements.clone(),
    };
    let mut names: BTreeMap<String, ProjectName> = BTreeMap::new();
    let keeps_going = index.run.settings().keep_going;
    let mut first = None;
    let mut others = false;
    for written in &requirements {
        let holds = written.marker.as_ref().is_none_or(|m| evaluate(&m.tree, &markers, &[]));
        if !holds {
            continue;
        }
        let Some(place) = &written.place else {
            others |= !written.is_constraint;
            continue;
        };
        if names.contains_key(&place.url) {
            continue;
        }
        match settle_place(index, &mut requested, written, &place.direct) {
            Ok(project) => {
                others = true;
                names.insert(place.url.clone(), project);
            }
            Err((stage, error)) => match written.project().filter(|_| keeps_going) {
                Some(project) => {
                    let failure = FailureRecord::of_project(&project, stage, &error);
                    requested.failures.push(failure.with_hint(error.hint().as_deref()));
                    first.get_or_insert(*error);
                }
                None => return Err(*error),
            },
        }
    }
    if let Some(error) = first.filter(|_| !others) {
        return Err(error);
    }
    for written in requirements.iter().filter(|written| !written.files.is_empty()) {
        let Some(project) = &written.name else { continue };
        let files = locked::files(index, project, written)?;
        index.given.insert(project.clone(), files.into());
    }
    let inputs = Inputs { requirements, ..inputs.clone() };
    requested.requirements = named(index, &inputs, options, &names);
    for root in &requested.requirements.roots {
        let settings = || root.config_settings.clone();
        index.config_settings.entry(root.requirement.name.clone()).or_insert_with(settings);
    }
    Ok(requested)
}

/// Returns the requirements with the projects of their places, by address.
fn named(
    index: &BuildingIndex<'_>,
    inputs: &Inputs,
    options: FileOptions,
    names: &BTreeMap<String, ProjectName>,
) -> Requirements {
    let named = inputs.clone().named(|written| names.get(&written.place.as_ref()?.url).cloned());
    match &inputs.lock {
        Some(lock) => Requirements {
            options,
            is_lock: true,
            asked: locked::holding(index, lock, &lock.roots),
            stated: locked::holding(index, lock, &lock.stated),
            ..named
        },
        None => Requirements { options, ..named },
    }
}

/// Settles one place; the project that is there, or at which stage it fails.
fn settle_place(
    index: &mut BuildingIndex<'_>,
    requested: &mut Requested,
    written: &Written,
    direct: &Direct,
) -> Result<ProjectName, (Stage, Box<PipelineError>)> {
    let refuse = |LocationProblem { stage, problem, hint }| {
        let (origin, text) = (written.origin.clone(), written.to_string());
        (stage, PipelineError::Place { origin, text, problem, hint }.into())
    };
    let file = settle_one(index, written, direct).map_err(refuse)?;
    let project = file.kind.project().clone();
    if written.name.as_ref().is_some_and(|name| *name != project) {
        return Err(refuse(format!("it is `{project}`").into()));
    }
    if let Some(other) = index.given.get(&project) {
        let other = other.files.first().map(|file| file.filename.clone()).unwrap_or_default();
        let problem = format!("`{project}` is already required from `{other}`");
        return Err(refuse(problem.into()));
    }
    requested.origins.insert(project.clone(), origin(index.run, direct, &file));
    let files = ProjectFiles { files: vec![file] };
    index.given.insert(project.clone(), files.into());
    Ok(project)
}

/// Why a place has no release.
struct LocationProblem {
    stage: Stage,
    problem: String,
    hint: Option<String>,
}

impl From<String> for LocationProblem {
    fn from(problem: String) -> Self {
        Self { stage: Stage::Fetch, problem, hint: None }
    }
}

impl From<&str> for LocationProblem {
    fn from(problem: &str) -> Self {
        problem.to_owned().into()
    }
}

impl From<SdistError> for LocationProblem {
    fn from(SdistError { problem, hint, .. }: SdistError) -> Self {
        Self { stage: Stage::Build, problem, hint }
    }
}

/// The file of a release that a place holds, or is built into.
fn settle_one(
    index: &BuildingIndex<'_>,
    written: &Written,
    direct: &Direct,
) -> Result<ReleaseFile, LocationProblem> {
    match direct {
        Direct::Archive { url, hashes, subdirectory } => {
            let mut stated = hashes.clone();
            // Of several hashes one has to match; the resolver looks at them.
            if let [only] = written.hashes.as_slice() {
                stated.0.extend(only.0.clone());
            }
            let (path, hashes) = index.download(url, &stated).map_err(|e| e.to_string())?;
            let url = within(without_credentials(url), subdirectory.as_deref());
            archive(index, written, &url, &path, hashes, subdirectory.as_deref())
        }
        Direct::Folder { path, subdirectory } => {
            let url = Url::from_file_path(path).map_err(|()| "its path is not absolute")?;
            let url = within(url, subdirectory.as_deref());
            let copy = index.work_folder()?;
            copy_tree(path, &copy).map_err(|error| format!("cannot be copied: {error}"))?;
            let tree = (copy.as_path(), LinkPolicy::Inside);
            build_tree(index, written, tree, subdirectory.as_deref(), url)
        }
        Direct::Git { repository, revision, subdirectory } => {
            let folder = index.work_folder()?;
            let commit = check_out(index.run, repository, revision.as_deref(), &folder)?;
            let url = format!("git+{}@{commit}", without_credentials(repository));
            let url = Url::parse(&url).map_err(|e| e.to_string())?;
            let url = within(url, subdirectory.as_deref());
            let tree = (folder.as_path(), LinkPolicy::Refused);
            build_tree(index, written, tree, subdirectory.as_deref(), url)
        }
    }
}

/// The address of one of several projects in an archive, a folder or a repository.
fn within(mut url: Url, subdirectory: Option<&str>) -> Url {
    if let Some(path) = subdirectory {
        url.set_fragment(Some(&format!("subdirectory={path}")));
    }
    url
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
) -> Result<ReleaseFile, LocationProblem> {
    let filename = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if filename.ends_with(".whl") {
        let name = WheelName::parse(&filename).map_err(|error| error.to_string())?;
        return Ok(ReleaseFile::new(filename, url.clone(), FileKind::Wheel(name), hashes));
    }
    if let (Ok(kind), None) = (FileKind::parse(&filename, written.name.as_ref()), subdirectory) {
        let file = ReleaseFile::new(filename.clone(), url.clone(), kind, hashes.clone());
        if index.inner.metadata(&file).is_ok() {
            return Ok(file);
        }
    }
    let source = SdistSource {
        filename: filename.clone(),
        path,
        links: LinkPolicy::Refused,
        subdirectory,
        settings: &written.config_settings,
        requires: index.run.build_requires(written.project().as_ref()),
        release: None,
        time: None,
    };
    let wheel = index.build(url, &source)?;
    let name = wheel_name(index, &wheel)?;
    let kind = FileKind::Sdist(SdistName { project: name.project, version: name.version });
    Ok(ReleaseFile::new(filename, url.clone(), kind, hashes))
}

/// Builds a folder of sources; the file is the wheel, whose address is the folder's.
fn build_tree(
    index: &BuildingIndex<'_>,
    written: &Written,
    (folder, links): (&Path, LinkPolicy),
    subdirectory: Option<&str>,
    url: Url,
) -> Result<ReleaseFile, LocationProblem> {
    let source = SdistSource {
        filename: written.to_string(),
        path: folder,
        links,
        subdirectory,
        settings: &written.config_settings,
        requires: index.run.build_requires(written.project().as_ref()),
        release: None,
        time: None,
    };
    let wheel = index.build(&url, &source)?;
    let name = wheel_name(index, &wheel)?;
    let at = Url::from_file_path(&wheel).map_err(|()| "its path is not absolute")?;
    let (_, hashes) = index.download(&at, &Hashes::default()).map_err(|e| e.to_string())?;
    let filename = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(ReleaseFile::new(filename, url, FileKind::Wheel(name), hashes))
}

fn wheel_name(index: &BuildingIndex<'_>, wheel: &Path) -> Result<WheelName, String> {
    let filename = wheel.file_name().unwrap_or_default().to_string_lossy();
    let name = WheelName::parse(&filename).map_err(|error| error.to_string())?;
    let limits = &index.run.settings().limits.archives;
    Wheel::inspect_within(wheel, &name.project, limits).map_err(|error| error.to_string())?;
    Ok(name)
}

/// A folder of its own for one place.
impl BuildingIndex<'_> {
    fn work_folder(&self) -> Result<PathBuf, String> {
        let folder = self.work.join(format!("place-{}", self.next_folder()));
        create_private_folders(&folder)
            .map_err(|error| format!("cannot create `{}`: {error}", folder.display()))?;
        Ok(folder)
    }
}
