//! Keys in files: `gpg` takes them into a home of its own for as long as they are needed.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::base::{
    files::{Temporary, temporary_place},
    process::{Command, CommandRunner, which},
};

/// The longest path of a home whose agent can be reached: what a socket's address holds is 108
/// bytes. Source: unix(7).
const LONGEST: usize = 80;
const FALLBACK: &str = "/tmp";

/// A private home of `gpg`. Its agent ends with this value.
pub(super) struct GpgHome<'a> {
    folder: Temporary,
    gpgconf: Option<PathBuf>,
    runner: &'a dyn CommandRunner,
}

impl<'a> GpgHome<'a> {
    pub(super) fn new(path: &[PathBuf], runner: &'a dyn CommandRunner) -> io::Result<Self> {
        let place = temporary_place();
        let is_short = place.as_os_str().len() + Temporary::DEPTH <= LONGEST;
        let folder = Temporary::new_in(if is_short { &place } else { Path::new(FALLBACK) })?;
        Ok(Self { folder, gpgconf: which("gpgconf", path), runner })
    }

    /// What `gpg` must know to find it.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        vec![("GNUPGHOME".to_owned(), self.folder.path().display().to_string())]
    }
}

impl Drop for GpgHome<'_> {
    fn drop(&mut self) {
        let Some(gpgconf) = &self.gpgconf else { return };
        for action in [&["--kill", "all"][..], &["--remove-socketdir"]] {
            let mut command = Command::new(gpgconf, Path::new("/"));
            for (name, value) in self.environment() {
                command = command.variable(&name, value);
            }
            // An agent whose home is gone ends by itself.
            let _ = self.runner.run(&action.iter().fold(command, Command::argument));
        }
    }
}
