//! Debian: `apt` in a minimal root.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{BUILDERS, build, can_run, shell};

/// A minimal Debian 12 with its Python, kept between runs.
fn root_archive() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("roots");
    let archive = folder.join("debian-12.tar");
    if !archive.exists() {
        fs::create_dir_all(&folder).unwrap();
        let new = folder.join("new.tar");
        shell(&format!(
            "mmdebstrap --quiet --variant=apt --include=python3 bookworm {}",
            new.display()
        ));
        fs::rename(new, &archive).unwrap();
    }
    archive
}

#[test]
fn apt_installs_the_collection_and_python_imports_it() {
    if !can_run(&["mmdebstrap", "dpkg-deb", "chroot"]) {
        return;
    }
    let archive = root_archive();
    for builder in BUILDERS {
        let work = tempfile::tempdir().unwrap();
        let root = work.path().join("root");
        build("debian-12", builder, &root.join("collection"));
        let root = root.display();
        shell(&format!("tar -x -f {} -C {root} --exclude='./dev/*'", archive.display()));
        shell(&format!(
            "mkdir -p {root}/dev; mknod -m 666 {root}/dev/null c 1 3
             rm -rf {root}/etc/apt/sources.list.d/*
             echo 'deb [trusted=yes] file:/collection ./' > {root}/etc/apt/sources.list"
        ));
        let chroot = |command: &str| shell(&format!("chroot {root} {command}"));
        chroot("apt-get -q -o APT::Sandbox::User=root update");
        chroot("apt-get -q install -y python3-requests");
        let imported = chroot(
            "python3 -I -c 'import requests, urllib3; print(requests.__version__, requests.__file__)'",
        );
        assert_eq!(
            imported, "2.32.3 /usr/lib/python3/dist-packages/requests/__init__.py\n",
            "{builder}"
        );
        let compiled = chroot("ls /usr/lib/python3/dist-packages/requests/__pycache__");
        assert!(compiled.contains("api.cpython-311.pyc"), "{builder}: {compiled}");
        assert_eq!(chroot("dpkg -V"), "", "{builder}");
        chroot("apt-get -q remove -y --autoremove python3-requests");
        let left = chroot("find /usr/lib/python3/dist-packages -mindepth 1");
        assert_eq!(left, "", "{builder}");
    }
}
