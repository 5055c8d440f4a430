//! What is in a collection's folder and is not what was built there.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rustix::fs::{FlockOperation, flock};
use walkdir::WalkDir;

use crate::{
    base::report::Recorder,
    collection::{
        Collection, CollectionError, CollectionManifest, Merge, Publishing, Records,
        testing::{add, target, write_deb, write_rpm},
    },
    format::build::BuiltPackage,
};

/// A target, what writes a package of its format, and the file of one called `a`.
type UnknownPackageCase = (&'static str, fn(&Path, &str) -> BuiltPackage, &'static str);

fn cases() -> [UnknownPackageCase; 2] {
    let rpm = |folder: &Path, name: &str| write_rpm(folder, name, "1.0", "x = 1\n");
    let deb = |folder: &Path, name: &str| write_deb(folder, name, "1.0", ".xz");
    [("fedora-43", rpm, "a-1.0-1.noarch.rpm"), ("debian-12", deb, "a_1.0-1_all.deb")]
}

/// All that the metadata of a collection say, unpacked.
fn metadata(folder: &Path) -> String {
    let files = WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| !entry.path().to_string_lossy().contains("pypi2pkg"));
    let texts = files.filter(|entry| entry.file_type().is_file()).map(|entry| {
        let bytes = fs::read(entry.path()).unwrap();
        match entry.path().extension().unwrap_or_default().to_str() {
            Some("gz") => crate::collection::testing::gunzip(&bytes),
            Some("rpm" | "deb" | "xz") => String::new(),
            _ => String::from_utf8_lossy(&bytes).into_owned(),
        }
    });
    texts.collect()
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn only_file(folder: PathBuf) -> PathBuf {
    fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn what_no_record_knows_is_named_and_left_out() {
    for (name, write, _) in cases() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::default();
        let own = target(name);
        let collection = Collection::open(folder.path(), &own).unwrap().with_reporter(&recorder);
        add(&collection, &["a"], write);
        let foreign = write(folder.path(), "stranger").path;
        fs::write(folder.path().join("broken.rpm"), "no package").unwrap();
        fs::write(folder.path().join("broken.deb"), "no package").unwrap();
        add(&collection, &["b"], write);
        let text = metadata(folder.path());
        assert!(text.contains("b-1.0-1") || text.contains("b_1.0-1"), "{name}");
        assert!(!text.contains("stranger") && !text.contains("broken"), "{name}");
        let lines = recorder.lines().join("\n");
        for file in [foreign.file_name().unwrap().to_str().unwrap(), "broken.rpm", "broken.deb"] {
            assert!(
                lines.contains(&format!("{file}` was not built here: it is left out")),
                "{lines}"
            );
        }
        assert!(foreign.exists(), "it is nobody's to remove");

        // `repo` is for packages from elsewhere.
        for broken in ["broken.rpm", "broken.deb"] {
            fs::remove_file(folder.path().join(broken)).unwrap();
        }
        let all = Collection::of_packages(folder.path(), "local").unwrap();
        all.republish(Publishing::default()).unwrap();
        assert!(metadata(folder.path()).contains("stranger"), "{name}");
        collection.republish(Publishing::default()).unwrap();
        let current = fs::read_to_string(folder.path().join("Packages")).unwrap_or_default();
        assert!(!current.contains("stranger"), "{name}");
    }
}

#[test]
fn what_changed_is_not_what_was_built() {
    for (name, write, file) in cases() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::default();
        let own = target(name);
        let collection = Collection::open(folder.path(), &own).unwrap().with_reporter(&recorder);
        add(&collection, &["a", "b"], write);
        let package = folder.path().join(file);
        let whole = fs::read(&package).unwrap();
        let is_known = || collection.records().built(file).is_some();
        assert!(is_known());
        flip(&package);
        assert!(!is_known(), "{name}");
        let manifest = add(&collection, &[], write);
        assert!(manifest.packages.iter().all(|entry| entry.package != "a"), "{name}");
        let lines = recorder.lines().join("\n");
        assert!(lines.contains(&format!("{file}` has changed since it was built")), "{lines}");
        // What is built again takes its place.
        add(&collection, &["a"], write);
        assert_eq!(fs::read(&package).unwrap(), whole);
        assert!(is_known());
    }
}

#[test]
fn a_damaged_record_is_not_believed() {
    let (name, write, file) = cases()[0];
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target(name)).unwrap();
    add(&collection, &["a"], write);
    let record = only_file(folder.path().join(".pypi2pkg/records"));
    let whole = fs::read_to_string(&record).unwrap();
    let known = || collection.records().built(file).is_some();
    assert!(known());
    for position in 0..whole.len() {
        let mut bytes = whole.clone().into_bytes();
        bytes[position] ^= 1;
        fs::write(&record, bytes).unwrap();
        assert!(!known(), "byte {position}");
    }
    // One of an older version tells what the package is, and not that nothing has changed.
    let older = whole.split(",\"digest\"").next().unwrap().to_owned() + "}";
    fs::write(&record, older).unwrap();
    assert!(!known() && collection.records().all_built().len() == 1);
    // Records correct a changed manifest.
    let path = folder.path().join("collection.json");
    let manifest = fs::read_to_string(&path).unwrap();
    fs::write(&path, manifest.replace("\"python\": ", "\"python\":  ").replace("MIT", "0BSD"))
        .unwrap();
    collection.republish(Publishing::default()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), manifest);
}

#[test]
fn nothing_is_written_through_links() {
    let (name, write, _) = cases()[1];
    for link in [".pypi2pkg.lock", ".pypi2pkg", ".pypi2pkg/records", ".pypi2pkg/built", "recipes"] {
        let root = tempfile::tempdir().unwrap();
        let (folder, victim) = (root.path().join("dist"), root.path().join("victim"));
        fs::create_dir_all(folder.join(link).parent().unwrap()).unwrap();
        if link != ".pypi2pkg.lock" {
            fs::create_dir(&victim).unwrap();
        }
        symlink(&victim, folder.join(link)).unwrap();
        let collection = Collection::open(&folder, &target(name)).unwrap();
        let error = collection.staging().unwrap_err().to_string();
        assert!(error.contains(link) && error.contains("symbolic link"), "{error}");
        let merged: Result<CollectionManifest, CollectionError> =
            collection.merge(Merge::default());
        assert!(merged.is_err());
        let left = fs::read_dir(&victim).map(Iterator::count);
        assert_eq!(left.unwrap_or_default(), 0, "{link}");
    }
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target(name)).unwrap();
    add(&collection, &["a"], write);
}

#[test]
fn a_run_that_waits_says_so_once() {
    let (name, write, _) = cases()[1];
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::default();
    let own = target(name);
    let collection = Collection::open(folder.path(), &own).unwrap().with_reporter(&recorder);
    add(&collection, &["a"], write);
    assert!(recorder.lines().is_empty(), "{:?}", recorder.lines());
    let lock = fs::File::open(folder.path().join(".pypi2pkg.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(2_500));
            drop(lock);
        });
        collection.republish(Publishing::default()).unwrap();
    });
    let waits = format!(
        "warning: waiting for another pypi2pkg that works in `{}`",
        folder.path().display()
    );
    assert_eq!(recorder.lines(), [waits]);
    let _: Records<'_> = collection.records();
}
