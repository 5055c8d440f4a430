//! The files of a package in the order in which `dpkg-deb` packs them.

use std::collections::BTreeMap;

use md5::{Digest, Md5};

use crate::{
    format::build::{BuildError, BuildJob, contents::JobContents},
    plan::{FileOwner, PlannedFile},
};

/// A folder or file of the installed tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TreeEntry {
    /// Absolute and without a trailing slash; the root is empty.
    Folder {
        path: String,
    },
    File {
        path: String,
        mode: u32,
        owner: FileOwner,
    },
}

impl TreeEntry {
    /// The root of the tree.
    pub(crate) fn root() -> Self {
        Self::Folder { path: String::new() }
    }
}

/// What is known of a tree when all of it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TreeSizes {
    /// In KiB, as `dpkg-gencontrol` counts: each file rounded up, each folder 1.
    pub(crate) installed_size: u64,
    /// The file `DEBIAN/md5sums`, sorted by path.
    pub(crate) md5sums: String,
}

/// What is done with each entry and its bytes.
type TreeVisitor<'v> = dyn FnMut(&TreeEntry, &[u8]) -> Result<(), BuildError> + 'v;

/// Hands every folder and file of a job to `visit`, with its bytes, and measures them.
///
/// All folders above a file are part of the tree: each before what is in it, siblings in the
/// order of their names.
pub(crate) fn walk(
    job: &BuildJob<'_>,
    visit: &mut TreeVisitor<'_>,
) -> Result<TreeSizes, BuildError> {
    let mut contents = JobContents::open(job)?;
    let mut measured = TreeSizes::default();
    let mut sums = BTreeMap::new();
    for (path, file) in in_order(&job.plan.files) {
        let Some(file) = file else {
            measured.installed_size += 1;
            visit(&TreeEntry::Folder { path: path.join("/") }, &[])?;
            continue;
        };
        let bytes = contents.read(file)?;
        measured.installed_size += (bytes.len() as u64).div_ceil(1024);
        sums.insert(file.path.trim_start_matches('/'), hex::encode(Md5::digest(&bytes)));
        let (path, mode, owner) = (file.path.clone(), file.mode & 0o7777, file.owner.clone());
        visit(&TreeEntry::File { path, mode, owner }, &bytes)?;
    }
    measured.md5sums = sums.iter().map(|(path, sum)| format!("{sum}  {path}\n")).collect();
    Ok(measured)
}

/// Folders (without a file) and files by their path's components, whose order is that of a walk.
fn in_order(files: &[PlannedFile]) -> BTreeMap<Vec<&str>, Option<&PlannedFile>> {
    let mut entries = BTreeMap::from([(vec![""], None)]);
    for file in files {
        let components: Vec<&str> = file.path.split('/').collect();
        for length in 2..components.len() {
            entries.entry(components[..length].to_vec()).or_insert(None);
        }
        entries.insert(components, Some(file));
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Content, FileRole};

    #[test]
    fn folders_come_before_what_is_in_them_and_siblings_by_name() {
        let files: Vec<PlannedFile> = ["/usr/a-b", "/usr/a/c", "/usr/a.d/e", "/etc/f"]
            .iter()
            .map(|path| {
                PlannedFile::new(
                    (*path).to_owned(),
                    0o644,
                    FileRole::Plain,
                    Content::Text(String::new()),
                )
            })
            .collect();
        let paths: Vec<String> = in_order(&files).keys().map(|path| path.join("/")).collect();
        let wanted = [
            "",
            "/etc",
            "/etc/f",
            "/usr",
            "/usr/a",
            "/usr/a/c",
            "/usr/a-b",
            "/usr/a.d",
            "/usr/a.d/e",
        ];
        assert_eq!(paths, wanted);
    }
}
