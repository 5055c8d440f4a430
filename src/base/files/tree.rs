//! Reading folders with untrusted content: no link leads out of them, and nothing in them is without
//! an end.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::fd::OwnedFd,
    path::{Component, Path},
};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2},
    io::Errno,
};
use walkdir::WalkDir;

/// The most entries that a tree may have.
const ENTRY_LIMIT: usize = 500_000;
/// The most bytes that all files of a tree may have together.
const TREE_LIMIT: u64 = 4 << 30;

/// What becomes of symbolic links on the way to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPolicy {
    /// None is followed: the tree is untrusted.
    Refused,
    /// Those that stay in the tree are followed: the tree is the user's own.
    Inside,
}

/// Reads a regular file of at most `limit` bytes at the path `inside` below `root`.
///
/// # Errors
/// There is no such file (`NotFound`), it is not a regular one, links lead to it that must not be
/// followed, or it is larger.
pub fn read_inside(
    root: &Path,
    inside: &str,
    limit: u64,
    links: LinkPolicy,
) -> io::Result<Vec<u8>> {
    let file = open_inside(root, Path::new(inside), links).map_err(|error| {
        let is_link = error.raw_os_error().map(Errno::from_raw_os_error);
        match is_link {
            Some(Errno::LOOP | Errno::XDEV) => {
                io::Error::other(format!("`{inside}` is a symbolic link, which is not followed"))
            }
            _ => error,
        }
    })?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other(format!("`{inside}` is not a regular file")));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("`{inside}` is larger than {limit} bytes")));
    }
    Ok(bytes)
}

fn open_inside(root: &Path, inside: &Path, links: LinkPolicy) -> io::Result<File> {
    // A pipe would not answer.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let folder: OwnedFd =
        openat(CWD, root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    if links == LinkPolicy::Inside {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match openat2(&folder, inside, flags, Mode::empty(), resolve) {
            // Older kernels, and containers that do not know the call.
            Err(Errno::NOSYS | Errno::PERM) => {}
            opened => return Ok(opened?.into()),
        }
    }
    let mut at = folder;
    let mut components = inside.components().peekable();
    while let Some(component) = components.next() {
        let Component::Normal(name) = component else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let kind = match components.peek() {
            // What is not a folder has no file below it.
            Some(_) => OFlags::DIRECTORY,
            None => OFlags::empty(),
        };
        at =
            openat(&at, name, flags | OFlags::NOFOLLOW | kind, Mode::empty()).map_err(|error| {
                let is_link = rustix::fs::statat(&at, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)
                    .is_ok_and(|found| {
                        rustix::fs::FileType::from_raw_mode(found.st_mode).is_symlink()
                    });
                match error {
                    Errno::NOTDIR if is_link => Errno::LOOP,
                    Errno::NOTDIR => Errno::NOENT,
                    error => error,
                }
            })?;
    }
    Ok(at.into())
}

/// Opens a regular file for reading; what has no end, or does not answer, is refused.
///
/// # Errors
/// It cannot be opened, or is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file: File = openat(CWD, path, flags, Mode::empty())?.into();
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

/// Opens the file that is locked to work in a folder, and creates it where it is missing. A link is
/// neither followed nor created through.
///
/// # Errors
/// It cannot be opened, or is not a regular file.
pub fn open_lock(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = openat(CWD, path, flags | OFlags::CLOEXEC, Mode::from_raw_mode(super::FILE));
    let file: File = match opened {
        Ok(file) => file.into(),
        Err(Errno::LOOP) => return Err(io::Error::other("it is a symbolic link; remove it")),
        Err(error) => return Err(error.into()),
    };
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

/// Copies what is in a folder into another, empty one: folders, regular files with their modes, and
/// links as they are. Pipes, sockets and devices are left out.
///
/// # Errors
/// What cannot be read or written, with its path; a tree with too many entries or bytes.
pub fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let mut left = TREE_LIMIT;
    for (count, entry) in WalkDir::new(from).min_depth(1).into_iter().enumerate() {
        let entry = entry?;
        if count >= ENTRY_LIMIT {
            return Err(io::Error::other(format!("it has more than {ENTRY_LIMIT} entries")));
        }
        let target = to.join(entry.path().strip_prefix(from).unwrap_or(entry.path()));
        let kind = entry.file_type();
        let copied = if kind.is_dir() {
            fs::create_dir(&target)
        } else if kind.is_symlink() {
            fs::read_link(entry.path()).and_then(|to| std::os::unix::fs::symlink(to, &target))
        } else if kind.is_file() {
            copy_file(entry.path(), &target, &mut left)
        } else {
            Ok(())
        };
        copied.map_err(|e| io::Error::other(format!("`{}`: {e}", entry.path().display())))?;
    }
    Ok(())
}

/// Copies a file with its mode; takes its size from the bytes that are left.
fn copy_file(from: &Path, to: &Path, left: &mut u64) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file: File = openat(CWD, from, flags, Mode::empty())?.into();
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut copy = File::create_new(to)?;
    let size = io::copy(&mut file.take(left.saturating_add(1)), &mut copy)?;
    *left = left.checked_sub(size).ok_or_else(|| {
        io::Error::other(format!("the files together are larger than {TREE_LIMIT} bytes"))
    })?;
    copy.set_permissions(found.permissions())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::{FileType, mknodat};

    use super::*;

    fn pipe(path: &Path) {
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    }

    #[test]
    fn no_link_of_a_stranger_is_followed() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("tree/sub")).unwrap();
        fs::write(at("tree/sub/file"), "text").unwrap();
        fs::write(at("secret"), "secret").unwrap();
        pipe(&at("tree/pipe"));
        for (link, to) in [
            ("tree/zero", "/dev/zero"),
            ("tree/up", "../secret"),
            ("tree/folder", "sub"),
            ("tree/inside", "sub/file"),
        ] {
            symlink(to, at(link)).unwrap();
        }
        let read = |path: &str, links| {
            let read = read_inside(&at("tree"), path, 4, links).map_err(|error| error.to_string());
            read.map(|bytes| String::from_utf8(bytes).unwrap())
        };
        for links in [LinkPolicy::Refused, LinkPolicy::Inside] {
            assert_eq!(read("sub/file", links).unwrap(), "text");
            for path in ["zero", "up", "pipe", "sub", "../secret", "missing", "sub/file/x"] {
                assert!(read(path, links).is_err(), "{path} {links:?}");
            }
        }
        for path in ["inside", "folder/file"] {
            assert_eq!(read(path, LinkPolicy::Inside).unwrap(), "text", "{path}");
            let error = read(path, LinkPolicy::Refused).unwrap_err();
            assert_eq!(error, format!("`{path}` is a symbolic link, which is not followed"));
        }
        let missing = read_inside(&at("tree"), "no/file", 4, LinkPolicy::Refused).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        fs::write(at("tree/sub/file"), "longer").unwrap();
        let error = read("sub/file", LinkPolicy::Refused).unwrap_err();
        assert_eq!(error, "`sub/file` is larger than 4 bytes");
    }

    #[test]
    fn a_copy_has_no_pipes_and_the_same_links() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("from")).unwrap();
        fs::create_dir(at("to")).unwrap();
        fs::write(at("from/file"), "text").unwrap();
        symlink("/dev/zero", at("from/link")).unwrap();
        pipe(&at("from/pipe"));
        copy_tree(&at("from"), &at("to")).unwrap();
        assert_eq!(fs::read_to_string(at("to/file")).unwrap(), "text");
        assert_eq!(fs::read_link(at("to/link")).unwrap(), Path::new("/dev/zero"));
        assert!(!at("to/pipe").exists());
        assert!(copy_file(&at("from/file"), &at("to/small"), &mut 3).is_err());
        assert!(copy_file(&at("from/link"), &at("to/zero"), &mut 3).is_err());
    }

    #[test]
    fn a_lock_is_not_created_through_a_link() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        symlink(at("victim"), at("lock")).unwrap();
        assert!(open_lock(&at("lock")).unwrap_err().to_string().contains("symbolic link"));
        assert!(!at("victim").exists());
        open_lock(&at("other")).unwrap();
        open_lock(&at("other")).unwrap();
        assert!(open_lock(root.path()).is_err());
    }
}
