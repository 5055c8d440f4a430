//! The tree of a package, laid out in a folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    format::deb::build::{TreeEntry, TreeSizes, walk},
    plan::Content,
};

use super::{
    BuildError, BuildJob,
    folder::{create_folders, set_time, write_file},
};

/// Writes the tree that a job's package installs, with its final modes and times, and with hard links
/// where the plan has them; folders have mode 0755.
///
/// # Errors
/// The wheel cannot be read, or a file not written.
pub fn write_tree(job: &BuildJob<'_>, tree: &Path) -> Result<(), BuildError> {
    let (_, folders) = lay_out(job, tree)?;
    let time = job.time()?;
    let inside = |path: &str| tree.join(path.trim_start_matches('/'));
    for file in &job.plan.files {
        if let Content::HardLink(first) = &file.content {
            let path = inside(&file.path);
            fs::remove_file(&path)
                .and_then(|()| fs::hard_link(inside(first), &path))
                .map_err(BuildError::at("link", &path))?;
        }
    }
    // Only now: every new file changes the time of its folder.
    folders.iter().try_for_each(|folder| set_time(folder, time))
}

/// Writes the files of a tree, and answers with what was measured and with the folders, whose times
/// are still those of now.
pub(crate) fn lay_out(
    job: &BuildJob<'_>,
    tree: &Path,
) -> Result<(TreeSizes, Vec<PathBuf>), BuildError> {
    let time = job.time()?;
    let mut folders = Vec::new();
    let measured = walk(job, &mut |entry, bytes| match entry {
        TreeEntry::Folder { path } => {
            let folder = tree.join(path.trim_start_matches('/'));
            create_folders(&folder)?;
            folders.push(folder);
            Ok(())
        }
        TreeEntry::File { path, mode, .. } => {
            let file = tree.join(path.trim_start_matches('/'));
            write_file(&file, bytes, *mode, time)
        }
    })?;
    Ok((measured, folders))
}
