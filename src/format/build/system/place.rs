//! Where a tool works, and where it believes to work.

use std::path::{Path, PathBuf};

use crate::base::process::{Command, CommandRunner, Output, ProcessError, Room, Sandbox, Trust};

/// Where a confined tool finds the folder of finished packages.
const PACKAGES: &str = "/packages";
/// Where it finds the wheel.
const WHEEL: &str = "/wheel";
/// Where the system's programs are: a sandbox shows no others.
const SYSTEM: [&str; 3] = ["/usr", "/bin", "/sbin"];

/// The folders of one job. Confined, each has a constant path, since tools write paths into what
/// they make.
pub(crate) struct ToolFolders<'a> {
    runner: &'a dyn CommandRunner,
    sandbox: Option<&'a Sandbox>,
    real: Folders,
    /// As the tool sees them.
    pub seen: Folders,
}

pub(crate) struct Folders {
    pub work: PathBuf,
    pub packages: PathBuf,
    pub wheel: PathBuf,
}

impl<'a> ToolFolders<'a> {
    /// Whoever chose the builder knows that a sandbox shows its programs ([`is_system`]).
    pub(crate) fn new(
        runner: &'a dyn CommandRunner,
        sandbox: Option<&'a Sandbox>,
        real: Folders,
    ) -> Self {
        let seen = match sandbox {
            Some(_) => Folders {
                work: PathBuf::from(Room::WORK),
                packages: PathBuf::from(PACKAGES),
                wheel: Path::new(WHEEL).join(real.wheel.file_name().unwrap_or_default()),
            },
            None => Folders {
                work: real.work.clone(),
                packages: real.packages.clone(),
                wheel: real.wheel.clone(),
            },
        };
        Self { runner, sandbox, real, seen }
    }
}

/// Whether a sandbox shows a program.
pub(crate) fn is_system(program: &Path) -> bool {
    SYSTEM.iter().any(|folder| program.starts_with(folder))
}

impl CommandRunner for ToolFolders<'_> {
    fn run(&self, command: &Command) -> Result<Output, ProcessError> {
        let Some(sandbox) = self.sandbox else { return self.runner.run(command) };
        let (real, seen) = (&self.real, &self.seen);
        let room = Room::empty(Trust::Tool)
            .reading(&real.wheel, &seen.wheel)
            .writing(&real.work, &seen.work)
            .writing(&real.packages, &seen.packages);
        sandbox.confined(room, self.runner).run(command)
    }
}
