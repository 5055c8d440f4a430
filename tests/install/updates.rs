//! Collections while they are changed, and where the disk is too small for that.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::signed::{apt_updates, key};
use crate::tools::{build_with, files, have, output, privileged, run};

/// Builds release after release into a collection while `read` reads it, which must never fail.
fn reads_during_updates(work: &Path, target: &str, key: &str, read: impl Fn(&Path) -> bool + Sync) {
    let build = |release: usize| {
        let release = release.to_string();
        let options = ["--sign-key", key, "--keep", "2", "--release", &release];
        build_with(work, target, "embedded", &options[if key.is_empty() { 2 } else { 0 }..])
    };
    let collection = build(1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut rounds = 0;
            while !done.load(Ordering::Relaxed) || rounds < 5 {
                assert!(read(&collection), "round {rounds}");
                rounds += 1;
            }
        });
        (2..20).for_each(|release| drop(build(release)));
        done.store(true, Ordering::Relaxed);
        reader.join().expect("every reading succeeds");
    });
}

#[test]
fn dnf_and_apt_read_whole_sets_while_a_collection_is_updated() {
    if !have(&["dnf", "apt-get", "gpg", "gpgconf"]) {
        return;
    }
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    key(work.path());
    let secret = work.path().join("key.asc").display().to_string();
    reads_during_updates(work.path(), "debian-12", &secret, |collection| {
        apt_updates(work.path(), collection, &[])
    });
    // A detached signature is another file than what it signs: no server can give both at once.
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    reads_during_updates(work.path(), "fedora-43", "", |collection| {
        let cache = tempfile::tempdir_in(work.path()).expect("the work folder is writable");
        let mut dnf = Command::new("dnf");
        dnf.args(["-q", "--setopt=reposdir=/dev/null", "--nogpgcheck", "--releasever=43"])
            .arg(format!("--repofrompath=collection,file://{}", collection.display()))
            .arg(format!("--setopt=cachedir={}", cache.path().display()))
            .arg(format!("--setopt=logdir={}", cache.path().display()))
            .args(["repoquery", "--repo=collection", "python3-idna"]);
        let found = output(&mut dnf);
        found.status.success() && String::from_utf8_lossy(&found.stdout).contains("python3-idna")
    });
}

#[test]
fn a_full_disk_is_a_clear_error_and_no_half_file() {
    if !privileged() || !have(&["unshare", "mount"]) {
        return;
    }
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    let work = work.path();
    // All wheels are in the cache, which is elsewhere.
    let collection = build_with(work, "fedora-43", "embedded", &[]);
    let whole: u64 = files(&collection, "rpm")
        .iter()
        .map(|path| path.metadata().expect("the package is there").len())
        .sum();
    for percent in [5, 60, 105] {
        let disk = work.join("disk");
        std::fs::create_dir_all(&disk).expect("the work folder is writable");
        let script = "mount -t tmpfs -o size=$1 tmpfs $2 && $3 build requests==2.32.3 -q -t fedora-43 \
                      --builder embedded --index-url tests/data/index --cache-dir $4 -o $2/out \
                      2> $5; echo $?; cp -r $2/out $6";
        let (said, kept) = (work.join("said"), work.join(format!("kept-{percent}")));
        let status = run(Command::new("unshare")
            .args(["--mount", "sh", "-c", script, "sh"])
            .arg((whole * percent / 100).to_string())
            .arg(&disk)
            .arg(env!("CARGO_BIN_EXE_pypi2pkg"))
            .arg(work.join("cache"))
            .arg(&said)
            .arg(&kept)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("HOME", work));
        let said = std::fs::read_to_string(said).expect("it was written");
        assert_eq!(status.lines().last(), Some("1"), "{percent}: {said}");
        assert!(said.contains("No space left on device"), "{percent}: {said}");
        for package in files(&kept, "rpm") {
            run(Command::new("rpm").arg("-K").arg(package));
        }
    }
}
