//! A root folder into which packages are installed with the distribution's own tools.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use walkdir::WalkDir;

use crate::{
    base::process::{Command, CommandRunner, Output, which},
    distro::targets::Target,
    format::PackageEntry,
};

/// The longest that a tool may take.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Why packages could not be installed: a tool is missing or failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InstallError(pub String);

impl InstallError {
    pub(crate) fn io(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// A root folder, the distribution's repositories and the tools of this machine.
pub struct InstallRoot<'a> {
    /// The collection's folder.
    pub folder: &'a Path,
    pub target: &'a Target,
    /// As `--satisfy-from` names them.
    pub sources: &'a [String],
    /// An empty folder for the root.
    pub root: &'a Path,
    pub runner: &'a dyn CommandRunner,
    /// Where tools are looked for.
    pub path: &'a [PathBuf],
}

impl InstallRoot<'_> {
    /// The path of the collection in the root.
    pub(crate) const INSIDE: &'static str = "/srv/collection";

    pub(crate) fn tool(&self, name: &str) -> Result<Command, InstallError> {
        let program =
            which(name, self.path).ok_or_else(|| InstallError(format!("`{name}` is missing")))?;
        Ok(Command::new(program, Path::new("/")).timeout(TIME_LIMIT))
    }

    pub(crate) fn run(&self, command: &Command) -> Result<Output, InstallError> {
        let output = self.runner.run(command).map_err(|error| InstallError(error.to_string()))?;
        match output.status {
            0 => Ok(output),
            _ => Err(InstallError(format!("{}: {}", command.line(), output.reason(12)))),
        }
    }

    /// A command inside the root.
    pub(crate) fn inside(&self, words: &[&str]) -> Result<Command, InstallError> {
        let mut command = self.tool("chroot")?.argument(self.root);
        command = command.variable("DEBIAN_FRONTEND", "noninteractive").variable("HOME", "/root");
        Ok(words.iter().fold(command, |command, word| command.argument(word)))
    }

    /// Copies the collection into the root.
    pub(crate) fn copy(&self) -> Result<(), InstallError> {
        let target = self.root.join(Self::INSIDE.trim_start_matches('/'));
        for entry in WalkDir::new(self.folder) {
            let entry = entry.map_err(|error| InstallError::io(error.into()))?;
            let inside = entry.path().strip_prefix(self.folder).unwrap_or(entry.path());
            if entry.file_type().is_dir() {
                fs::create_dir_all(target.join(inside)).map_err(InstallError::io)?
            } else {
                fs::copy(entry.path(), target.join(inside)).map(drop).map_err(InstallError::io)?
            }
        }
        Ok(())
    }
}

/// Adds packages to a command by their names, as users install them.
pub(crate) fn with_names(command: Command, packages: &[PackageEntry]) -> Command {
    packages.iter().fold(command, |command, package| command.argument(&package.package))
}
