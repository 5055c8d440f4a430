//! Installing with apt into a minimal Debian 12.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::tools::{BUILDERS, CLOSURE, build, files, have, output, privileged, run, skip, tree};

/// A packed Debian 12 with apt and Python, made once and kept below the target folder; nothing
/// where it cannot be made.
fn packed_root() -> Option<&'static Path> {
    static ROOT: OnceLock<Option<PathBuf>> = OnceLock::new();
    ROOT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("roots");
        let kept = folder.join("debian-12.tar");
        if kept.is_file() {
            return Some(kept);
        }
        std::fs::create_dir_all(&folder).expect("the target folder is writable");
        let work = tempfile::tempdir_in(&folder).expect("the target folder is writable");
        let fresh = work.path().join("debian-12.tar");
        let mut command = Command::new("mmdebstrap");
        command.args(["--variant=apt", "--include=python3", "bookworm"]).arg(&fresh);
        // The machine's own sources name a mirror that it can reach; else the tool's default.
        command.args(
            ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"].iter().find(
                |file| std::fs::read_to_string(file).is_ok_and(|text| text.contains("bookworm")),
            ),
        );
        let made = output(&mut command);
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr);
            skip(&format!("no Debian root: {command:?} failed\n{said}"));
            return None;
        }
        // Renamed into place, so that a run that was cut short leaves no half root.
        std::fs::rename(&fresh, &kept).expect("the target folder is writable");
        Some(kept)
    })
    .as_deref()
}

/// A command inside the root, with an environment that owes nothing to the host's.
fn inside(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("chroot");
    command
        .arg(root)
        .args(["/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"])
        .args(["LC_ALL=C.UTF-8", "HOME=/root", "DEBIAN_FRONTEND=noninteractive"])
        .args(arguments);
    command
}

/// Unpacks a root whose only package source is the collection.
fn unpack(packed: &Path, work: &Path, collection: &Path) -> PathBuf {
    let root = work.join("root");
    std::fs::create_dir(&root).expect("the work folder is writable");
    run(Command::new("tar").arg("-xf").arg(packed).arg("-C").arg(&root));
    run(Command::new("cp").arg("-r").arg(collection).arg(root.join("srv/collection")));
    let apt = root.join("etc/apt");
    for source in files(&apt.join("sources.list.d"), "sources") {
        std::fs::remove_file(source).expect("the root is writable");
    }
    std::fs::write(apt.join("sources.list"), "deb [trusted=yes] file:/srv/collection ./\n")
        .expect("the root is writable");
    root
}

fn installs_imports_and_leaves(builder: &str) {
    if !privileged() || !have(&["mmdebstrap", "chroot", "tar", "dpkg-deb"]) {
        return;
    }
    let Some(packed) = packed_root() else {
        return;
    };
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    let collection = build(work.path(), "debian-12", builder);
    let root = unpack(packed, work.path(), &collection);
    let usr = root.join("usr");
    let before = tree(&usr);

    run(&mut inside(&root, &["apt-get", "update"]));
    run(&mut inside(&root, &["apt-get", "install", "-y", "python3-requests"]));
    for package in CLOSURE {
        let sums = root.join(format!("var/lib/dpkg/info/{package}.md5sums"));
        let sums = std::fs::read_to_string(&sums).unwrap_or_default();
        assert!(sums.contains("usr/lib/python3/dist-packages/"), "{package}: {sums}");
    }
    assert_eq!(run(&mut inside(&root, &["dpkg", "--audit"])), "");
    assert_eq!(run(&mut inside(&root, &["dpkg", "--verify"])), "");
    let import = "import requests; print(requests.__version__, requests.__file__)";
    assert_eq!(
        run(&mut inside(&root, &["python3", "-I", "-c", import])),
        "2.32.3 /usr/lib/python3/dist-packages/requests/__init__.py\n"
    );
    let version = run(&mut inside(&root, &["normalizer", "--version"]));
    assert!(version.contains("3.5.2"), "{version}");

    run(&mut inside(&root, &["apt-get", "purge", "-y", "--autoremove", "python3-requests"]));
    let after = tree(&usr);
    let left: Vec<_> = after.difference(&before).collect();
    let lost: Vec<_> = before.difference(&after).collect();
    assert!(left.is_empty() && lost.is_empty(), "left {left:?}, lost {lost:?}");
}

#[test]
fn apt_installs_what_dpkg_deb_built() {
    installs_imports_and_leaves(BUILDERS[0]);
}

#[test]
fn apt_installs_what_the_embedded_writer_built() {
    installs_imports_and_leaves(BUILDERS[1]);
}
