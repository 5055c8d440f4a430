//! The licences of releases.

use std::path::{Path, PathBuf};

use super::BuildingIndex;
use crate::{
    index::Index,
    planner::{Policy, licence_of_wheel},
    python::{
        artifact::{FileKind, ReleaseFile},
        metadata::{Licence, LicenceEvidence},
    },
    wheels::{Sdist, Wheel},
};

/// The licence by the user or a release's wheel; where neither says anything, by the release's sdist.
/// `file` is what the wheel is or was built of, with the place where it lies.
pub(super) fn licence(
    index: &BuildingIndex<'_>,
    wheel: &Wheel,
    file: (&ReleaseFile, &Path),
    policy: &Policy,
) -> Licence {
    let found = licence_of_wheel(wheel, policy);
    if found.evidence != LicenceEvidence::Nothing {
        return found;
    }
    let sdist = match file.0.kind {
        FileKind::Sdist(_) => Some((file.1.to_owned(), file.0.filename.clone())),
        FileKind::Wheel(_) => sdist(index, wheel),
    };
    sdist.and_then(|(path, filename)| Sdist::licence(&path, &filename)).unwrap_or(found)
}

/// The sdist of the same release, where the index has it and states its hash.
fn sdist(index: &BuildingIndex<'_>, wheel: &Wheel) -> Option<(PathBuf, String)> {
    let files = index.project(&wheel.metadata.name).ok()??;
    let is_wanted = |file: &&ReleaseFile| match &file.kind {
        FileKind::Sdist(name) => {
            name.version == wheel.metadata.version && file.hashes.sha256().is_some()
        }
        FileKind::Wheel(_) => false,
    };
    let file = files.files.iter().find(is_wanted)?;
    let path = index.fetch(std::slice::from_ref(file), &|_, _| {}).pop()?.ok()?;
    Some((path, file.filename.clone()))
}
