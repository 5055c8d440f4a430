//! How many files a confined child has.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::{fs::statfs, process::Pid};

/// The type of file systems in memory. Source: `linux/magic.h`.
const TMPFS: u64 = 0x0102_1994;

/// The most files that a child may have in file systems in memory, which have no limit of their own
/// but a share of the machine's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLimit {
    /// Where the file systems lie, as the child's own first child sees them.
    pub folders: Vec<PathBuf>,
    /// For all of them together.
    pub limit: u64,
}

impl FileLimit {
    /// Whether the child `parent` of this process has too many. Where the system does not show that,
    /// it has not.
    pub(super) fn is_exceeded(&self, parent: Pid) -> bool {
        self.count(parent).is_some_and(|count| count > self.limit)
    }

    fn count(&self, parent: Pid) -> Option<u64> {
        let number = parent.as_raw_nonzero();
        let children = fs::read_to_string(format!("/proc/{number}/task/{number}/children")).ok()?;
        let root = format!("/proc/{}/root/", children.split_whitespace().next()?);
        let id = |path: &Path| path.metadata().map(|found| (found.dev(), found.ino())).ok();
        // Before it has a root of its own, the folders are this machine's.
        if id(Path::new(&root))? == id(Path::new("/"))? {
            return None;
        }
        let counts = self.folders.iter().filter_map(|folder| {
            let path = Path::new(&root).join(folder.strip_prefix("/").unwrap_or(folder));
            let found = statfs(&path).ok()?;
            let used = found.f_files.saturating_sub(found.f_ffree);
            (found.f_type as u64 == TMPFS).then_some(used)
        });
        Some(counts.sum())
    }
}
