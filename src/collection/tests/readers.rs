//! What others see while a collection changes.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use crate::{
    collection::{
        Collection, CollectionManifest, MANIFEST_FILE,
        testing::{add, gunzip, target, write_deb, write_rpm},
    },
    format::repository::metadata::sha256,
};

const UPDATES: usize = 50;

/// What stands between two texts, wherever they stand.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).map(|rest| rest.split(end).next().unwrap()).collect()
}

/// Reads as `dnf` does: the pointer, then what it names, then packages. Answers with the number of
/// packages.
fn read_rpm_repository(folder: &Path) -> usize {
    let pointer = fs::read_to_string(folder.join("repodata/repomd.xml")).unwrap();
    let names = between(&pointer, "<location href=\"", "\"");
    assert_eq!(names.len(), 3);
    let sums = between(&pointer, "<checksum type=\"sha256\">", "<");
    let mut primary = String::new();
    for (name, sum) in names.iter().zip(sums) {
        let bytes = fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(sha256(&bytes), sum);
        if name.ends_with("primary.xml.gz") {
            primary = gunzip(&bytes);
        }
    }
    let files = between(&primary, "<location href=\"", "\"");
    let sums = between(&primary, "pkgid=\"YES\">", "<");
    for (file, sum) in files.iter().zip(sums) {
        assert_eq!(sha256(&fs::read(folder.join(file)).unwrap()), sum, "{file}");
    }
    files.len()
}

/// Reads as `apt` does: `Release`, an index by its hash, then packages.
fn read_apt_repository(folder: &Path) -> usize {
    let release = fs::read_to_string(folder.join("Release")).unwrap();
    let line = release.lines().find(|line| line.ends_with(" Packages.gz")).unwrap();
    let sum = line.split_whitespace().next().unwrap();
    let bytes = fs::read(folder.join("by-hash/SHA256").join(sum)).unwrap();
    assert_eq!(sha256(&bytes), sum);
    let packages = gunzip(&bytes);
    let files = between(&packages, "\nFilename: ", "\n");
    let sums = between(&packages, "\nSHA256: ", "\n");
    for (file, sum) in files.iter().zip(sums) {
        assert_eq!(sha256(&fs::read(folder.join(file)).unwrap()), sum, "{file}");
    }
    files.len()
}

/// Reads while fifty packages are added one by one; what is seen only grows.
fn read_during_updates(
    target_name: &str,
    write: fn(&Path, &str) -> crate::format::build::BuiltPackage,
    read: fn(&Path) -> usize,
) {
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target(target_name)).unwrap();
    add(&collection, &["first"], write);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut rounds, mut seen) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                // The manifest is written last: metadata knows all that it lists.
                let manifest = CollectionManifest::read(&folder.path().join(MANIFEST_FILE));
                let listed = manifest.unwrap().unwrap().packages.len();
                let count = read(folder.path());
                assert!(count >= seen && count >= listed, "{count} {seen} {listed}");
                (rounds, seen) = (rounds + 1, count);
            }
            rounds
        });
        for number in 1..UPDATES {
            add(&collection, &[&format!("p{number}")], write);
            if reader.is_finished() {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 1);
    });
    assert_eq!(read(folder.path()), UPDATES);
}

#[test]
fn a_reader_of_an_rpm_repository_always_sees_a_whole_one() {
    read_during_updates(
        "fedora-43",
        |folder, name| write_rpm(folder, name, "1", ""),
        read_rpm_repository,
    );
}

#[test]
fn a_reader_of_an_apt_repository_always_sees_a_whole_one() {
    read_during_updates(
        "debian-12",
        |folder, name| write_deb(folder, name, "1", ".gz"),
        read_apt_repository,
    );
}

#[test]
fn replaced_metadata_does_not_pile_up() {
    for (name, metadata, most) in
        [("fedora-43", "repodata", 16), ("debian-12", "by-hash/SHA256", 15)]
    {
        let folder = tempfile::tempdir().unwrap();
        let collection = Collection::open(folder.path(), &target(name)).unwrap();
        for number in 0..10 {
            add(&collection, &[&format!("p{number}")], |folder, package| match name {
                "fedora-43" => write_rpm(folder, package, "1", ""),
                _ => write_deb(folder, package, "1", ""),
            });
        }
        let files = fs::read_dir(folder.path().join(metadata)).unwrap().count();
        assert_eq!(files, most, "{name}");
    }
}

#[test]
fn runs_at_once_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let fedora = target("fedora-43");
    thread::scope(|scope| {
        for run in 0..8 {
            let (folder, fedora) = (folder.path(), &fedora);
            scope.spawn(move || {
                let collection = Collection::open(folder, fedora).unwrap();
                for number in 0..3 {
                    add(&collection, &[&format!("p{run}-{number}")], |folder, name| {
                        write_rpm(folder, name, "1", "")
                    });
                }
            });
        }
    });
    assert_eq!(read_rpm_repository(folder.path()), 24);
    let manifest = CollectionManifest::read(&folder.path().join(MANIFEST_FILE)).unwrap().unwrap();
    let files: BTreeMap<_, _> =
        manifest.packages.iter().map(|record| (&record.package, &record.file)).collect();
    assert_eq!(files.len(), 24);
}
