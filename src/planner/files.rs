//! All files of a package: those of the wheel, launchers and documents.

use std::collections::BTreeSet;

use crate::{
    distro::targets::Target,
    plan::{Content, FileRole, PlannedFile},
    wheels::Wheel,
};

use super::PlanError;

/// Returns all files of a package, sorted by path. A script of the wheel takes precedence over a
/// launcher of the same name.
///
/// # Errors
/// A file has the path of a folder that another one needs.
pub(super) fn all(
    mut files: Vec<PlannedFile>,
    launchers: Vec<PlannedFile>,
    documents: Vec<PlannedFile>,
    wheel: &Wheel,
) -> Result<Vec<PlannedFile>, PlanError> {
    for launcher in launchers {
        if !files.iter().any(|file| file.path == launcher.path) {
            files.push(launcher);
        }
    }
    files.extend(documents);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    check_folders(&files, wheel)?;
    Ok(files)
}

/// Checks that no file has the path of a folder that another one needs.
///
/// # Errors
/// One does.
fn check_folders(files: &[PlannedFile], wheel: &Wheel) -> Result<(), PlanError> {
    let folders: BTreeSet<&str> = files
        .iter()
        .flat_map(|file| file.path.match_indices('/').map(|(end, _)| &file.path[..end]))
        .collect();
    match files.iter().find(|file| folders.contains(file.path.as_str())) {
        Some(file) => {
            Err(PlanError::FileAndFolder { file: wheel.filename.clone(), path: file.path.clone() })
        }
        None => Ok(()),
    }
}

/// Returns the documents that the target has in every package.
pub(super) fn documents(package: &str, wheel: &Wheel, target: &Target) -> Vec<PlannedFile> {
    let wanted = target.layout.documents.iter();
    wanted
        .filter(|document| !document.native_only || wheel.is_native(&target.architecture.machine))
        .map(|document| {
            PlannedFile::new(
                document.path.replace("{package}", package),
                0o644,
                FileRole::Documentation,
                Content::Rendered { file: document.file.clone(), gzip: document.gzip },
            )
        })
        .collect()
}
