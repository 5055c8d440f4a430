//! Private folders of this machine that confined children see.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{PermissionsExt, chown},
    path::{Component, Path},
};

use rustix::fs::{Mode, OFlags, openat};
use walkdir::WalkDir;

use super::{Sandbox, sandbox::NOBODY};
use crate::base::files::{Temporary, temporary_place};

/// A private folder for untrusted code, removed with this value. It is below `TMPDIR`, or where
/// the user that the code runs as cannot go there, below `/var/tmp`.
#[derive(Debug)]
pub struct Workshop {
    folder: Temporary,
}

impl Workshop {
    /// A folder that untrusted code may read once it is [shared](Workshop::share), and
    /// nobody but this program can write to.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn for_reading(sandbox: &Sandbox) -> io::Result<Self> {
        let workshop = Self::create(sandbox)?;
        if sandbox.drops_user() {
            admit(workshop.path(), 0o750)?;
        }
        Ok(workshop)
    }

    /// A folder that belongs to the user that untrusted code runs as, to be bound for writing. Its
    /// size has no limit but that of single files; what is in it must be fetched with
    /// [`Workshop::open`] only.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn for_writing(sandbox: &Sandbox) -> io::Result<Self> {
        let workshop = Self::create(sandbox)?;
        workshop.hand_over(sandbox)?;
        Ok(workshop)
    }

    fn create(sandbox: &Sandbox) -> io::Result<Self> {
        let wanted = temporary_place();
        let parent = if sandbox.reaches(&wanted) { &wanted } else { Path::new("/var/tmp") };
        let folder = Temporary::new_in(parent)?;
        if sandbox.drops_user() {
            admit(folder.outer(), 0o710)?;
        }
        Ok(Self { folder })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets everybody who may enter the folder read all that is in it.
    ///
    /// # Errors
    /// A mode cannot be changed.
    pub fn share(&self) -> io::Result<()> {
        for entry in WalkDir::new(self.path()).min_depth(1) {
            let entry = entry.map_err(io::Error::from)?;
            let mode = match entry.file_type() {
                kind if kind.is_dir() => 0o755,
                kind if kind.is_file() => {
                    0o644
                        | (entry.metadata().map_err(io::Error::from)?.permissions().mode() & 0o111)
                }
                _ => continue,
            };
            fs::set_permissions(entry.path(), Permissions::from_mode(mode))?;
        }
        Ok(())
    }

    /// Gives all that this program has put into the folder to the user that untrusted code runs
    /// as. Not to be called once such code has run.
    ///
    /// # Errors
    /// An owner cannot be changed.
    pub fn hand_over(&self, sandbox: &Sandbox) -> io::Result<()> {
        if sandbox.drops_user() {
            for entry in WalkDir::new(self.path()) {
                let entry = entry.map_err(io::Error::from)?;
                std::os::unix::fs::lchown(entry.path(), Some(NOBODY), Some(NOBODY))?;
            }
        }
        Ok(())
    }

    /// Opens a regular file that untrusted code has left at `path`, relative to the folder, without
    /// following any link: neither the file nor a folder on the way may be one.
    ///
    /// # Errors
    /// There is no such file, or it is not a regular one.
    pub fn open(&self, path: &Path) -> io::Result<File> {
        let mut at = File::open(self.path())?;
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            let Component::Normal(name) = component else {
                return Err(io::ErrorKind::InvalidInput.into());
            };
            let kind = match components.peek() {
                Some(_) => OFlags::DIRECTORY,
                // A pipe would not answer.
                None => OFlags::NONBLOCK,
            };
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | kind;
            at = openat(&at, name, flags, Mode::empty())?.into();
        }
        if at.metadata()?.is_file() {
            Ok(at)
        } else {
            Err(io::Error::other("it is not a regular file"))
        }
    }
}

/// Lets the user that untrusted code runs as into a folder, as far as the mode of its group says.
fn admit(folder: &Path, mode: u32) -> io::Result<()> {
    chown(folder, None, Some(NOBODY))?;
    fs::set_permissions(folder, Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_no_link_is_followed() {
        let workshop = Workshop { folder: Temporary::new().unwrap() };
        let at = workshop.path();
        fs::create_dir(at.join("folder")).unwrap();
        fs::write(at.join("folder/file"), "text").unwrap();
        symlink("/etc/passwd", at.join("link")).unwrap();
        symlink("folder", at.join("way")).unwrap();
        symlink("/etc", at.join("folder/etc")).unwrap();
        let read = |path: &str| workshop.open(Path::new(path)).and_then(io::read_to_string).ok();
        assert_eq!(read("folder/file").as_deref(), Some("text"));
        for path in ["link", "way/file", "folder/etc/passwd", "folder", "folder/../folder/file", ""]
        {
            assert_eq!(read(path), None, "{path}");
        }
        assert_eq!(read("/etc/passwd"), None);
    }
}
