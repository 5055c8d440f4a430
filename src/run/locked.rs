//! What of a lock file applies to the target, and the files of its releases.

use std::collections::{BTreeMap, BTreeSet};

use super::{BuildingIndex, PipelineError};
use crate::{
    index::ProjectFiles,
    python::{
        artifact::{FileKind, Hashes, ProjectName, ReleaseFile},
        metadata::{evaluate, satisfies},
        requirements::{Inputs, LockFile, LockedFile, RootRequirement, Written},
    },
    resolve::ResolveError,
};

/// The packages of a lock file whose markers hold, then without markers, and with the extras that
/// the lock was made for.
///
/// # Errors
/// A lock for other systems, or with several releases of one project for this one.
pub(super) fn applying(
    index: &BuildingIndex<'_>,
    inputs: &Inputs,
    lock: &LockFile,
) -> Result<Vec<Written>, PipelineError> {
    let markers = index.run.target().markers();
    let holds = |written: &&Written| {
        written.marker.as_ref().is_none_or(|m| evaluate(&m.tree, &markers, &lock.asked))
    };
    let mut problems = Vec::new();
    let python = &markers.python_full_version().version;
    if let Some(pythons) = lock.requires_python.as_ref().filter(|p| !satisfies(python, p)) {
        problems.push(format!("it is for Python {pythons} (the target has {python})"));
    }
    let mut environments = lock.environments.iter();
    if !lock.environments.is_empty() && !environments.any(|m| evaluate(&m.tree, &markers, &[])) {
        let texts: Vec<String> =
            lock.environments.iter().map(|environment| format!("`{}`", environment.text)).collect();
        problems.push(format!(
            "it was locked for {} (the target is Python {python} on {} {})",
            texts.join(" and "),
            markers.sys_platform(),
            markers.platform_machine()
        ));
    }
    let mut applying: Vec<Written> = Vec::new();
    for written in inputs.requirements.iter().filter(holds) {
        let name = |written: &Written| written.name.clone();
        if let Some(other) = applying.iter().find(|o| o.name.is_some() && o.name == name(written)) {
            problems.push(format!(
                "{} and {}: `{other}` and `{written}` both apply to the target",
                other.origin, written.origin
            ));
        }
        let stated = written.files.iter().map(|file| &file.hashes).chain(&written.hashes);
        if written.place.is_none() && !written.is_pinned() {
            problems.push(format!("{}: of `{written}` no version is locked", written.origin));
        } else if written.place.is_none() && stated.into_iter().all(Hashes::is_empty) {
            problems.push(format!("{}: `{written}` has no hash", written.origin));
        }
        let roots = lock.roots.iter().filter(holds).filter(|root| root.name == written.name);
        let mut extras: BTreeSet<_> = written.extras.iter().cloned().collect();
        extras.extend(roots.flat_map(|root| root.extras.iter().cloned()));
        let extras = extras.into_iter().collect();
        applying.push(Written { marker: None, extras, ..written.clone() });
    }
    if problems.is_empty() { Ok(applying) } else { Err(ResolveError::Lock { problems }.into()) }
}

/// Requirements of what a lock was made for whose markers hold on the target.
pub(super) fn holding(
    index: &BuildingIndex<'_>,
    lock: &LockFile,
    written: &[Written],
) -> Vec<RootRequirement> {
    let markers = index.run.target().markers();
    let holds = |written: &&Written| {
        written.marker.as_ref().is_none_or(|m| evaluate(&m.tree, &markers, &lock.asked))
    };
    let roots = written.iter().filter(holds).cloned();
    roots.filter_map(|root| Some((root.name.clone()?, root))).map(|(n, r)| r.into_root(n)).collect()
}

/// The files of a locked release. Where sources are named for this run, or the lock does not tell
/// where a file is, the sources are looked at first.
pub(super) fn files(
    index: &BuildingIndex<'_>,
    project: &ProjectName,
    written: &Written,
) -> Result<ProjectFiles, PipelineError> {
    let run = index.run;
    let is_looked_up = run.names_sources() || written.files.iter().any(|file| file.url.is_none());
    let page = if is_looked_up { index.inner.project(project)? } else { None };
    let listed = page.iter().flat_map(|page| &page.files);
    let mut known: BTreeMap<&str, &ReleaseFile> =
        listed.map(|file| (file.filename.as_str(), file)).collect();
    let mut files = Vec::new();
    for locked in &written.files {
        let Ok(kind) = FileKind::parse(&locked.filename, Some(project)) else { continue };
        let file = match (known.remove(locked.filename.as_str()), &locked.url) {
            (Some(listed), _) => merged(listed, locked),
            (None, Some(url)) if !run.options().no_index || url.scheme() == "file" => {
                let (filename, url) =
                    (locked.filename.clone(), crate::python::artifact::without_credentials(url));
                ReleaseFile {
                    size: locked.size,
                    upload_time: locked.upload_time,
                    ..ReleaseFile::new(filename, url, kind, locked.hashes.clone())
                }
            }
            _ => continue,
        };
        let requires_python = written.requires_python.clone().or(file.requires_python);
        files.push(ReleaseFile { requires_python, ..file });
    }
    Ok(ProjectFiles { files })
}

/// A file of an index with what the lock says of it: its hashes are those that count, and it was
/// taken knowing that it is yanked.
fn merged(listed: &ReleaseFile, locked: &LockedFile) -> ReleaseFile {
    let mut hashes = listed.hashes.0.clone();
    hashes.extend(locked.hashes.0.clone());
    ReleaseFile {
        hashes: Hashes(hashes),
        upload_time: locked.upload_time.or(listed.upload_time),
        yanked: None,
        ..listed.clone()
    }
}
