//! Where a project's own code is built.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Once,
};

use crate::{
    base::{
        files::{Temporary, temporary_place},
        process::{Command, CommandRunner, Output, Room, Sandbox, Trust, Workshop},
    },
    format::build::{BuildError, folder::work_folder},
};

use super::SourceTools;

/// What the system's tools know of installed packages: which one has a library, whether a build
/// requirement is met. Source: dpkg(1), rpm's macro `_dbpath`.
const DATABASES: [&str; 2] = ["/var/lib/dpkg", "/var/lib/rpm"];

/// The users that tools look up.
const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nbuilder:x:1000:1000:builder:/build:/bin/sh\n";

/// A private folder, and what runs commands in it: confined, unless the user wants it otherwise.
pub(crate) struct BuildFolder<'a> {
    runner: &'a dyn CommandRunner,
    kind: FolderConfinement<'a>,
}

enum FolderConfinement<'a> {
    Free(Temporary),
    Confined {
        sandbox: &'a Sandbox,
        workshop: Workshop,
        users: Workshop,
        /// Whether all in the workshop belongs to the user that the code runs as.
        is_handed_over: Once,
    },
}

impl<'a> BuildFolder<'a> {
    pub(crate) fn new(tools: &SourceTools<'a>) -> Result<Self, BuildError> {
        let runner = tools.runner;
        let Some(sandbox) = tools.sandbox else {
            return Ok(Self { runner, kind: FolderConfinement::Free(work_folder()?) });
        };
        let create = || -> io::Result<FolderConfinement<'a>> {
            let workshop = Workshop::for_writing(sandbox)?;
            let users = Workshop::for_reading(sandbox)?;
            fs::write(users.path().join("passwd"), USERS)?;
            users.share()?;
            Ok(FolderConfinement::Confined {
                sandbox,
                workshop,
                users,
                is_handed_over: Once::new(),
            })
        };
        let place = temporary_place();
        let failed = BuildError::at("create a folder in", &place);
        Ok(Self { runner, kind: create().map_err(failed)? })
    }

    /// The folder on this machine. Nothing is written there once a command has run.
    pub(crate) fn path(&self) -> &Path {
        match &self.kind {
            FolderConfinement::Free(folder) => folder.path(),
            FolderConfinement::Confined { workshop, .. } => workshop.path(),
        }
    }

    /// A path below the folder as commands see it.
    pub(crate) fn seen(&self, relative: impl AsRef<Path>) -> PathBuf {
        match &self.kind {
            FolderConfinement::Free(folder) => folder.path().join(relative),
            FolderConfinement::Confined { .. } => Path::new(Room::WORK).join(relative),
        }
    }

    /// Copies a regular file that commands made to `to`. No link is followed.
    pub(crate) fn take(&self, relative: &Path, to: &Path) -> Result<(), BuildError> {
        let copy = || -> io::Result<()> {
            let mut from = match &self.kind {
                FolderConfinement::Free(folder) => File::open(folder.path().join(relative))?,
                FolderConfinement::Confined { workshop, .. } => workshop.open(relative)?,
            };
            io::copy(&mut from, &mut File::create_new(to)?).map(drop)
        };
        copy().map_err(BuildError::at("take", relative))
    }
}

impl CommandRunner for BuildFolder<'_> {
    fn run(&self, command: &Command) -> Result<Output, crate::base::process::ProcessError> {
        let FolderConfinement::Confined { sandbox, workshop, users, is_handed_over } = &self.kind
        else {
            return self.runner.run(command);
        };
        // What cannot be handed over, the command cannot write, and says so.
        is_handed_over.call_once(|| drop(workshop.hand_over(sandbox)));
        let mut room = Room::empty(Trust::Nothing)
            .writing(workshop.path(), Room::WORK)
            .reading(&users.path().join("passwd"), "/etc/passwd");
        for database in DATABASES.map(Path::new).into_iter().filter(|path| path.is_dir()) {
            room = room.reading(database, database);
        }
        sandbox.confined(room, self.runner).run(command)
    }
}
