//! `dpkg-deb`.

use std::path::{Path, PathBuf};

use crate::{
    base::{
        process::{Command, CommandRunner, Sandbox},
        report::Reporter,
    },
    format::build::{
        BuildError, BuildJob, Builder, BuiltPackage, Compression,
        folder::{create_folders, set_time, work_folder, write_file},
        staged::lay_out,
        system::{
            place::{Folders, ToolFolders},
            run, version,
        },
    },
};

use super::build::{filename, members, verify};

/// Stages the tree of a package and packs it with `dpkg-deb --build`.
pub(crate) struct DpkgDeb<'a> {
    runner: &'a dyn CommandRunner,
    program: PathBuf,
    sandbox: Option<&'a Sandbox>,
}

impl<'a> DpkgDeb<'a> {
    /// A builder that runs `program`, the path of `dpkg-deb`.
    pub(crate) fn new(runner: &'a dyn CommandRunner, program: PathBuf) -> Self {
        Self { runner, program, sandbox: None }
    }

    /// The same, confined.
    #[must_use]
    pub(crate) fn within(self, sandbox: Option<&'a Sandbox>) -> Self {
        Self { sandbox, ..self }
    }

    fn command(&self, job: &BuildJob<'_>, seen: &Folders) -> Result<Command, BuildError> {
        let compression: Compression = job.native.compression.parse()?;
        // A variable, since an older dpkg-deb refuses the option `--threads-max`.
        let mut command = Command::new(&self.program, &seen.work)
            .variable("SOURCE_DATE_EPOCH", job.time()?.to_string())
            .variable("DPKG_DEB_THREADS_MAX", "1")
            .variable("TMPDIR", &seen.work)
            .argument("--root-owner-group");
        for option in compression.dpkg_options() {
            command = command.argument(option);
        }
        let package = seen.packages.join(&job.native.filename);
        Ok(command.argument("--build").argument("tree").argument(package))
    }
}

impl Builder for DpkgDeb<'_> {
    fn name(&self) -> &'static str {
        "system"
    }

    fn identity(&self) -> Result<String, BuildError> {
        version(self.runner, &self.program)
    }

    fn build(
        &self,
        job: &BuildJob<'_>,
        folder: &Path,
        reporter: &dyn Reporter,
    ) -> Result<BuiltPackage, BuildError> {
        if let Some(file) = job.plan.files.iter().find(|file| !file.owner.is_root()) {
            let reason = format!(
                "dpkg-deb gives all files to root, and `{}` belongs to `{}`: use `--builder embedded`",
                file.path,
                file.owner.user.as_str()
            );
            return Err(BuildError::Refused { package: job.package(), reason });
        }
        let work = work_folder()?;
        let path = folder.join(filename(job)?);
        stage(job, &work.path().join("tree"))?;
        let real = Folders {
            work: work.path().to_owned(),
            packages: folder.to_owned(),
            wheel: job.wheel.to_owned(),
        };
        let place = ToolFolders::new(self.runner, self.sandbox, real);
        run(&place, self.command(job, &place.seen)?, job, reporter)?;
        verify(job, &path)?;
        Ok(BuiltPackage { path })
    }
}

/// Writes the tree of a package, control members and all, with its final modes and times.
fn stage(job: &BuildJob<'_>, tree: &Path) -> Result<(), BuildError> {
    let time = job.time()?;
    let (measured, mut folders) = lay_out(job, tree)?;
    let control = tree.join("DEBIAN");
    create_folders(&control)?;
    for member in members(job, &measured)? {
        let file = control.join(&member.name);
        write_file(&file, &member.bytes, member.mode, time)?;
    }
    folders.push(control);
    // Only now: every new file changes the time of its folder.
    folders.iter().try_for_each(|folder| set_time(folder, time))
}
