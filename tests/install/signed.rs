//! Signed collections as dnf and apt take them, and refuse them after one byte was changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rpm::stub;
use crate::tools::{build_with, have, output, privileged, run};

/// A new key that gpg keeps in `work`; returns its fingerprint.
pub fn key(work: &Path) -> String {
    let home = work.join("gnupg");
    std::fs::create_dir(&home).expect("the work folder is writable");
    let gpg = || {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", &home).arg("--batch");
        command
    };
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&home, mode).expect("the work folder is ours");
    run(gpg().args(["--pinentry-mode", "loopback", "--passphrase", ""]).args([
        "--quick-generate-key",
        "Packages <packages@example.org>",
        "ed25519",
        "sign",
        "never",
    ]));
    let listed = run(gpg().args(["--with-colons", "--list-keys"]));
    let row = listed.lines().find(|line| line.starts_with("fpr:")).expect("the key is listed");
    let secret = run(gpg().args(["--armor", "--export-secret-keys"]));
    std::fs::write(work.join("key.asc"), secret).expect("the work folder is writable");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(work.join("key.asc"), private).expect("the file is ours");
    row.split(':').nth(9).expect("fingerprints are the tenth field").to_owned()
}

/// A signed collection: with the key that gpg has, or with the same key in a file.
fn signed(work: &Path, target: &str, (builder, by_file): (&str, bool), layout: &[&str]) -> PathBuf {
    let fingerprint = key(work);
    let file = work.join("key.asc").display().to_string();
    let key = if by_file { &file } else { &fingerprint };
    let collection = build_with(work, target, builder, &[layout, &["--sign-key", key]].concat());
    let stop = Command::new("gpgconf")
        .env("GNUPGHOME", work.join("gnupg"))
        .args(["--kill", "all"])
        .status();
    assert!(stop.is_ok_and(|status| status.success()));
    collection
}

/// The only file of a collection whose path begins and ends so.
fn file(collection: &Path, begin: &str, end: &str) -> PathBuf {
    let found: Vec<PathBuf> = walkdir::WalkDir::new(collection)
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| {
            let name = path.strip_prefix(collection).expect("it lies there").display().to_string();
            name.starts_with(begin) && name.ends_with(end)
        })
        .collect();
    let [found] = &found[..] else { panic!("{begin}…{end}: {found:?}") };
    found.clone()
}

/// Changes the byte in the middle of a file, and returns what was there.
fn damage(path: &Path) -> Vec<u8> {
    let whole = std::fs::read(path).expect("the file is readable");
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    std::fs::write(path, changed).expect("the file is writable");
    whole
}

/// Whether dnf installs `python3-idna` into a new root, with the two files that lie beside the
/// packages.
fn dnf_installs(work: &Path, collection: &Path) -> bool {
    let work = tempfile::tempdir_in(work).expect("the work folder is writable");
    let work = work.path();
    let repository = std::fs::read_to_string(collection.join("pypi2pkg.repo"))
        .expect("it was written")
        .replace("https://packages.example/", &format!("file://{}", collection.display()))
        .replace("/etc/pki/rpm-gpg", &collection.display().to_string());
    std::fs::create_dir(work.join("repos")).expect("the work folder is writable");
    std::fs::write(work.join("repos/pypi2pkg.repo"), repository).expect("the folder is writable");
    let mut dnf = Command::new("dnf");
    dnf.args(["-y", "--releasever=43", "--setopt=cachedir=/dnf"])
        .arg(format!("--setopt=reposdir={}", work.join("repos").display()))
        .arg(format!("--setopt=logdir={}", work.display()))
        .arg(format!("--setopt=cachedir={}", work.join("cache").display()))
        .arg(format!("--installroot={}", work.join("root").display()))
        .arg("install")
        .arg(stub(work))
        .arg("python3-idna");
    output(&mut dnf).status.success()
}

#[test]
fn dnf_takes_signed_packages_and_refuses_changed_ones() {
    if !privileged() || !have(&["rpm", "rpmbuild", "dnf", "gpg", "gpgconf"]) {
        return;
    }
    for (builder, by_file) in [("system", false), ("embedded", true)] {
        let work = tempfile::tempdir().expect("the temporary folder is writable");
        let collection = signed(work.path(), "fedora-43", (builder, by_file), &[]);
        let package = file(&collection, "python3-idna", ".rpm");
        let database = work.path().join("db");
        let rpm = || {
            let mut command = Command::new("rpm");
            command.arg("--dbpath").arg(&database);
            command
        };
        run(rpm().arg("--initdb"));
        run(rpm().arg("--import").arg(collection.join("pypi2pkg.asc")));
        let checked = run(rpm().args(["--define", "_pkgverify_level all", "-Kv"]).arg(&package));
        assert!(checked.contains("Header V4 EdDSA/SHA256 Signature"), "{checked}");

        assert!(dnf_installs(work.path(), &collection));
        for name in
            [("repodata/repomd", ".xml"), ("repodata/repomd", ".asc"), ("python3-idna", ".rpm")]
        {
            let path = file(&collection, name.0, name.1);
            let whole = damage(&path);
            assert!(!dnf_installs(work.path(), &collection), "{}", path.display());
            std::fs::write(&path, whole).expect("the file is writable");
        }
        std::fs::remove_file(collection.join("repodata/repomd.xml.asc")).expect("it is there");
        assert!(!dnf_installs(work.path(), &collection));
    }
}

/// Whether apt downloads `python3-idna`, with the two files that lie beside the packages.
fn apt_downloads(work: &Path, collection: &Path) -> bool {
    apt_updates(work, collection, &["download", "python3-idna"])
}

/// Whether apt reads the metadata and then does what it is told.
pub fn apt_updates(work: &Path, collection: &Path, then: &[&str]) -> bool {
    let work = tempfile::tempdir_in(work).expect("the work folder is writable");
    let work = work.path();
    for folder in ["sources", "state/lists/partial", "cache/archives/partial", "down"] {
        std::fs::create_dir_all(work.join(folder)).expect("the work folder is writable");
    }
    let source = std::fs::read_to_string(collection.join("pypi2pkg.sources"))
        .expect("it was written")
        .replace("https://packages.example/", &format!("copy:{}", collection.display()))
        .replace("/etc/apt/keyrings", &collection.display().to_string());
    std::fs::write(work.join("sources/pypi2pkg.sources"), source).expect("the folder is writable");
    std::fs::write(work.join("status"), "").expect("the work folder is writable");
    let apt = |verb: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.current_dir(work.join("down")).args(["-o", "APT::Sandbox::User=root"]);
        for (option, place) in [
            ("Dir::Etc::sourcelist", "none"),
            ("Dir::Etc::sourceparts", "sources"),
            ("Dir::State", "state"),
            ("Dir::State::status", "status"),
            ("Dir::Cache", "cache"),
        ] {
            apt.arg("-o").arg(format!("{option}={}", work.join(place).display()));
        }
        output(apt.args(["-o", "APT::Update::Error-Mode=any"]).args(verb)).status.success()
    };
    apt(&["update"]) && (then.is_empty() || apt(then))
}

#[test]
fn apt_takes_signed_metadata_and_refuses_changed_ones() {
    if !have(&["apt-get", "dpkg-deb", "gpg", "gpgconf"]) {
        return;
    }
    let flat: &[&str] = &[];
    for (by_file, layout) in [(false, flat), (true, flat), (true, &["--apt-suite", "stable"])] {
        let work = tempfile::tempdir().expect("the temporary folder is writable");
        let collection = signed(work.path(), "debian-12", ("embedded", by_file), layout);
        let suite = if layout.is_empty() { "" } else { "dists/stable/" };
        assert!(apt_downloads(work.path(), &collection));
        // Also by the signature apart from `Release`, which older clients read.
        let metadata = collection.join(suite);
        let inline = std::fs::read(metadata.join("InRelease")).expect("it is there");
        std::fs::remove_file(metadata.join("InRelease")).expect("it is there");
        assert!(apt_downloads(work.path(), &collection));
        damage(&metadata.join("Release.gpg"));
        assert!(!apt_downloads(work.path(), &collection));
        std::fs::write(metadata.join("InRelease"), inline).expect("the folder is writable");

        for (begin, end) in [(suite, "InRelease"), ("", "python3-idna_3.20-1_all.deb")] {
            let path = file(&collection, begin, end);
            let name = path.display();
            let whole = damage(&path);
            assert!(!apt_downloads(work.path(), &collection), "{name}");
            std::fs::write(&path, whole).expect("the file is writable");
        }
        for entry in walkdir::WalkDir::new(&collection).into_iter().filter_map(Result::ok) {
            let path = entry.path().display().to_string();
            if entry.file_type().is_file()
                && (path.contains("/Packages") || path.contains("by-hash"))
            {
                damage(entry.path());
            }
        }
        assert!(!apt_downloads(work.path(), &collection));
    }
}
