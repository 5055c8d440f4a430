//! Files that several packages of a run would own.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    plan::{Content, PackagePlan, Patch, PlannedFile},
    planner::{Owners, PathConflict, conflicts, leave_to},
    python::artifact::ProjectName,
    settings::OnConflict,
    wheels::Payload,
};

use super::{Context, PipelineError, prepare::Planned};

/// Two projects with one name cannot be built. Of two with one path and the same contents, both keep it
/// where the target's packages may share files; else the later one requires the first. Where contents
/// differ, the policy decides.
pub(super) fn settle(
    run: &Context,
    planned: &mut [Planned],
    compiles: bool,
) -> Result<(), PipelineError> {
    let plans: Vec<&PackagePlan> = planned.iter().map(|(plan, _)| plan).collect();
    let mut owners = Owners::new(&plans);
    let mut contents = PathContents::default();
    let mut different = Vec::new();
    let mut folders = Vec::new();
    for conflict in conflicts(&plans) {
        let (path, projects) = match conflict {
            PathConflict::Name { name, projects } => {
                return Err(PipelineError::SameName { name, projects });
            }
            PathConflict::Folder { path, projects } => {
                folders.push((path, projects));
                continue;
            }
            PathConflict::Path { path, projects } => (path, projects),
        };
        if !contents.are_same(planned, &projects, &path) {
            different.push((path, projects));
            continue;
        }
        // Byte code states a time of its own package.
        let is_compiled = compiles && path.ends_with(".py");
        if run.target().layout.shared_files && !is_compiled {
            continue;
        }
        let Some(owner) = owners.owner(&projects) else { continue };
        for (plan, _) in planned.iter_mut().filter(|(plan, _)| projects.contains(&plan.project)) {
            if plan.project != *owner {
                leave_to(plan, &path, owner);
                let required = owners.require(plan, owner, &path);
                required.map_err(|error| PipelineError::Plan(error.into()))?;
            }
        }
    }
    if run.settings().on_conflict == OnConflict::Fail {
        let folders = folders.into_iter().map(|(path, projects)| (path, projects.to_vec()));
        let shared: Vec<_> = different.into_iter().chain(folders).collect();
        return if shared.is_empty() { Ok(()) } else { Err(PipelineError::SamePath { shared }) };
    }
    for (path, projects) in different {
        let Some((first, others)) = projects.split_first() else { continue };
        for (plan, _) in planned.iter_mut().filter(|(plan, _)| others.contains(&plan.project)) {
            leave_to(plan, &path, first);
        }
    }
    // Of a file and a folder, the folder stays: all below it would go with it.
    for (path, [file, folder]) in folders {
        for (plan, _) in planned.iter_mut().filter(|(plan, _)| plan.project == file) {
            leave_to(plan, &path, &folder);
        }
    }
    Ok(())
}

/// The bytes of files of several wheels, each of which is opened once.
#[derive(Default)]
struct PathContents {
    opened: BTreeMap<PathBuf, Option<Payload>>,
}

impl PathContents {
    /// Whether the projects' packages have the same file at a path: the same bytes, mode and role.
    fn are_same(&mut self, planned: &[Planned], projects: &[ProjectName], path: &str) -> bool {
        let sharing = planned.iter().filter(|(plan, _)| projects.contains(&plan.project));
        let found: Vec<Option<(PlannedFile, Vec<u8>)>> = sharing
            .map(|(plan, material)| {
                let file = plan.files.iter().find(|file| file.path == path)?;
                let bytes = self.read(&material.wheel, &plan.patches, file)?;
                Some((file.clone(), bytes))
            })
            .collect();
        let is_alike = |pair: &[Option<(PlannedFile, Vec<u8>)>]| match pair {
            [Some((one, bytes)), Some((other, same))] => {
                let is_compressed =
                    |file: &PlannedFile| matches!(file.content, Content::Compressed(_));
                bytes == same
                    && one.mode == other.mode
                    && one.role == other.role
                    && one.owner == other.owner
                    && is_compressed(one) == is_compressed(other)
            }
            _ => false,
        };
        found.windows(2).all(is_alike)
    }

    /// The bytes of a file before it is compressed; nothing where they cannot be read.
    fn read(&mut self, wheel: &Path, patches: &[Patch], file: &PlannedFile) -> Option<Vec<u8>> {
        let open = || Payload::open(wheel, &[], patches).ok();
        let payload = self.opened.entry(wheel.to_owned()).or_insert_with(open);
        payload.as_mut()?.read(file).ok()
    }
}
