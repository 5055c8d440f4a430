//! What confined children see and may use.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

const MEBIBYTE: u64 = 1 << 20;

/// What untrusted code may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub time: Duration,
    /// The address space of each process, in bytes.
    pub memory: u64,
    /// How many processes and threads there are at once.
    pub processes: u64,
    /// The largest file, in bytes.
    pub file: u64,
    /// All files together, in bytes.
    pub disk: u64,
    /// How many files, folders and links there are at once: each takes a kibibyte of the kernel's
    /// memory, whatever is in it.
    pub files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(15 * 60),
            memory: 4096 * MEBIBYTE,
            processes: 256,
            file: 1024 * MEBIBYTE,
            disk: 2048 * MEBIBYTE,
            files: 500_000,
        }
    }
}

/// How far a child is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Not at all: the code of an sdist. Limits hold, and root's rights are given up.
    Nothing,
    /// A tool of the system that works on what this program wrote: it keeps the user.
    Tool,
}

/// What a confined child sees beside the system's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    pub trust: Trust,
    /// Paths of this machine, and where the child sees them, read-only.
    pub readable: Vec<(PathBuf, PathBuf)>,
    /// Folders of this machine, and where the child may write to them. Links in them can point
    /// anywhere: what untrusted code leaves there is taken with [`Workshop::open`].
    ///
    /// [`Workshop::open`]: super::Workshop::open
    pub writable: Vec<(PathBuf, PathBuf)>,
}

impl Room {
    /// Where a child works: a folder of its own in memory, or the one that is bound there.
    pub const WORK: &str = "/build";

    /// A room with nothing in it but an empty [`Room::WORK`].
    pub fn empty(trust: Trust) -> Self {
        Self { trust, readable: Vec::new(), writable: Vec::new() }
    }

    /// Shows `path` read-only at `inside`.
    pub fn reading(mut self, path: &Path, inside: impl Into<PathBuf>) -> Self {
        self.readable.push((path.to_owned(), inside.into()));
        self
    }

    /// Shows the folder `path` at `inside` for writing.
    pub fn writing(mut self, path: &Path, inside: impl Into<PathBuf>) -> Self {
        self.writable.push((path.to_owned(), inside.into()));
        self
    }
}
