//! What is in a folder after packages were added, and after that failed.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path};

use crate::{
    base::text::{OneLine, Paragraph},
    collection::{
        Collection, CollectionError, FailureRecord, MANIFEST_FILE, Merge, Publishing, RootRequest,
        Stage, Why,
        testing::{add, described, keep, plan, target, write_deb, write_rpm},
    },
    format::{Formats, build::BuiltPackage},
    plan::{Recipe, RecipeFile},
};

/// Every file below a folder that readers see, with its content.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| {
            let path = entry.path().strip_prefix(folder).unwrap();
            entry.file_type().is_file()
                && !path.starts_with(".pypi2pkg")
                && entry.file_name() != ".pypi2pkg.lock"
        })
        .map(|entry| {
            let name = entry.path().strip_prefix(folder).unwrap().display().to_string();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn rpm(folder: &Path, name: &str) -> BuiltPackage {
    write_rpm(folder, name, "1.0", "x = 1\n")
}

#[test]
fn a_manifest_says_what_is_there_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target("fedora-43")).unwrap();
    let staging = collection.staging().unwrap();
    let built = rpm(staging.path(), "python3-sample");
    let request = |requirement: &str| RootRequest {
        requirement: OneLine::new(requirement),
        origin: OneLine::new("requirements.txt:3"),
    };
    let why = Why {
        requested: vec![request("sample>=1"), request("Sample")],
        required_by: vec!["two".parse().unwrap(), "one".parse().unwrap()],
    };
    let built = vec![(keep(&collection, "python3-sample", &built).unwrap(), why)];
    let failure = |project: &str, stage, cause: &str| FailureRecord {
        project: project.parse().unwrap(),
        release: Some("2.0".parse().unwrap()),
        stage,
        cause: Paragraph::new(cause),
        hint: None,
    };
    let failures = vec![
        failure("zope", Stage::Build, "`rpmbuild` failed\nwith a reason\x1b"),
        failure("attrs", Stage::Fetch, "hash mismatch"),
    ];
    collection.merge(Merge { built, failures, ..Merge::default() }).unwrap();
    let text = fs::read_to_string(folder.path().join(MANIFEST_FILE)).unwrap();
    let size = fs::metadata(folder.path().join("python3-sample-1.0-1.noarch.rpm")).unwrap().len();
    let sum = crate::format::repository::metadata::sha256(
        &fs::read(folder.path().join("python3-sample-1.0-1.noarch.rpm")).unwrap(),
    );
    let shown = text.replace(&sum, "SUM").replace(&format!("\"size\": {size}"), "\"size\": SIZE");
    assert_eq!(shown, include_str!("../../../tests/data/collection/collection.expected"));
    let launcher = folder.path().join("recipes/python3-sample/scripts/launcher");
    assert_eq!(fs::metadata(launcher).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn the_same_packages_give_the_same_bytes() {
    let make = |names: [&str; 3]| {
        let folder = tempfile::tempdir().unwrap();
        let collection = Collection::open(folder.path(), &target("fedora-43")).unwrap();
        add(&collection, &names, rpm);
        tree(folder.path())
    };
    let (one, other) = (make(["a", "b", "c"]), make(["c", "a", "b"]));
    assert_eq!(one, other);
    assert_eq!(one.len(), 3 + 6 + 4 + 1, "{:?}", one.keys());
}

#[test]
fn earlier_packages_stay_and_newer_builds_take_their_place_in_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target("fedora-43")).unwrap();
    add(&collection, &["a", "b"], rpm);
    fs::remove_file(folder.path().join("b-1.0-1.noarch.rpm")).unwrap();
    let manifest = add(&collection, &["a"], |folder, name| write_rpm(folder, name, "2.0", ""));
    let files: Vec<&str> = manifest.packages.iter().map(|record| record.file.as_str()).collect();
    assert_eq!(files, ["a-2.0-1.noarch.rpm"]);
    let primary = tree(folder.path()).into_iter().filter(|(name, _)| name.contains("primary"));
    let newest = primary.map(|(_, bytes)| crate::collection::testing::gunzip(&bytes));
    let shown = newest.filter(|text| text.contains("a-2.0")).collect::<Vec<_>>().concat();
    assert!(shown.contains("a-1.0-1.noarch.rpm") && !shown.contains("b-1.0"), "{shown}");
}

#[test]
fn adding_the_same_again_changes_nothing() {
    for (name, write) in [
        ("fedora-43", rpm as fn(&Path, &str) -> BuiltPackage),
        ("debian-12", |folder, name| write_deb(folder, name, "1", ".xz")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let collection = Collection::open(folder.path(), &target(name)).unwrap();
        add(&collection, &["a", "b"], write);
        let times = || -> Vec<_> {
            let files = tree(folder.path())
                .into_keys()
                .filter(|file| !file.starts_with("recipes") && file != MANIFEST_FILE);
            files
                .map(|file| {
                    (fs::metadata(folder.path().join(&file)).unwrap().modified().unwrap(), file)
                })
                .collect()
        };
        let (before, contents) = (times(), tree(folder.path()));
        add(&collection, &["a", "b"], write);
        assert_eq!(times(), before);
        assert_eq!(tree(folder.path()), contents);
    }
}

#[test]
fn a_failure_changes_nothing_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target("fedora-43")).unwrap();
    add(&collection, &["a"], rpm);
    let before = tree(folder.path());
    let refused = |recipe: &Recipe, built: fn(&Path) -> BuiltPackage| {
        let staging = collection.staging().unwrap();
        let built = built(staging.path());
        let records = collection.records();
        let plan = plan("bad");
        let error = Formats::default()
            .read(&built.path)
            .map_err(CollectionError::from)
            .and_then(|entry| records.keep("inputs", &built, described(&plan, recipe, entry)))
            .unwrap_err();
        error.to_string().replace(&staging.path().display().to_string(), "STAGING")
    };
    let none = Recipe::default();
    let outside = RecipeFile { text: String::new(), executable: false };
    let outside = Recipe { files: [("../x".to_owned(), outside)].into_iter().collect() };
    let garbage = |folder: &Path| {
        let path = folder.join("bad.rpm");
        fs::write(&path, "garbage").unwrap();
        BuiltPackage { path }
    };
    assert_eq!(
        refused(&none, garbage),
        "`STAGING/bad.rpm` is not a usable package file: it ends within its header"
    );
    assert_eq!(
        refused(&none, |folder| BuiltPackage { path: folder.join("bad.zip") }),
        "`STAGING/bad.zip` is not a usable package file: its name does not end in any of `.rpm`, `.deb`"
    );
    assert_eq!(
        refused(&none, |folder| BuiltPackage { path: folder.join("bad.rpm") }),
        "cannot read `STAGING/bad.rpm`: No such file or directory (os error 2)"
    );
    assert_eq!(
        refused(&none, |folder| rpm(folder, "other")),
        "`STAGING/other-1.0-1.noarch.rpm` holds the package `other`, but `bad` was planned"
    );
    assert_eq!(
        refused(&outside, |folder| rpm(folder, "bad")),
        "the recipe of `bad` may not have a file `../x`"
    );
    let staging = collection.staging().unwrap();
    let write = |version| write_rpm(staging.path(), "good", version, "");
    let twice = ["1.0", "2.0"].map(|version| keep(&collection, "good", &write(version)).unwrap());
    let built = twice.into_iter().map(|record| (record, Why::default())).collect();
    assert_eq!(
        collection.merge(Merge { built, ..Merge::default() }).unwrap_err().to_string(),
        "two projects have the package name `good`: good and good"
    );
    drop(staging);
    assert_eq!(tree(folder.path()), before);
    let hidden = fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 2);
}

#[test]
fn remains_of_killed_runs_go_but_living_ones_keep_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target("fedora-43")).unwrap();
    let dead = folder.path().join(".pypi2pkg-dead");
    fs::create_dir_all(dead.join("below")).unwrap();
    let living = collection.staging().unwrap();
    add(&collection, &["a"], rpm);
    assert!(!dead.exists());
    assert!(living.path().exists());
    let path = living.path().to_owned();
    drop(living);
    assert!(!path.exists());
}

#[test]
fn a_folder_of_another_target_or_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target("fedora-43")).unwrap();
    add(&collection, &["a"], rpm);
    let open = |name| {
        let error = Collection::open(folder.path(), &target(name)).unwrap_err();
        error.to_string().replace(&folder.path().display().to_string(), "FOLDER")
    };
    assert_eq!(
        open("debian-12"),
        "`FOLDER` is a collection for `fedora-43` with Python 3.14, not for `debian-12` with \
         Python 3.11"
    );
    let manifest = folder.path().join(MANIFEST_FILE);
    fs::write(&manifest, "{\"schema\": 2}").unwrap();
    assert_eq!(
        open("fedora-43"),
        "`FOLDER/collection.json` is not a collection manifest: its schema is 2, not 1"
    );
    fs::write(&manifest, "[]").unwrap();
    assert!(matches!(
        Collection::open(folder.path(), &target("fedora-43")),
        Err(CollectionError::Manifest { .. })
    ));
}

#[test]
fn what_was_built_is_found_by_its_inputs_until_its_file_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target("fedora-43")).unwrap();
    let (records, staging) = (collection.records(), collection.staging().unwrap());
    let (inputs, file) = ("a-1.0-1.noarch.rpm", folder.path().join("a-1.0-1.noarch.rpm"));
    assert_eq!(records.built(inputs), None);
    let record = keep(&collection, "a", &rpm(staging.path(), "a")).unwrap();
    drop(staging);
    // A run that was killed here goes on with what it had.
    assert_eq!(records.built(inputs), Some(record.clone()));
    assert!(!file.exists());
    let built = vec![(record.clone(), Why::default())];
    collection.merge(Merge { built: built.clone(), ..Merge::default() }).unwrap();
    assert!(file.exists());
    assert_eq!(records.built(inputs), Some(record));
    fs::write(&file, "cut off").unwrap();
    assert_eq!(records.built(inputs), None);
    fs::remove_file(&file).unwrap();
    let gone = collection.merge(Merge { built, ..Merge::default() }).unwrap_err().to_string();
    assert!(gone.contains("a-1.0-1.noarch.rpm` has gone or changed"), "{gone}");
}

#[test]
fn superseded_builds_go_where_only_some_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target("fedora-43")).unwrap();
    for version in ["1.9", "1.10", "1.2"] {
        add(&collection, &["a"], |folder, name| write_rpm(folder, name, version, ""));
    }
    add(&collection, &["b"], rpm);
    let files = || -> Vec<String> {
        tree(folder.path()).into_keys().filter(|name| name.ends_with(".rpm")).collect()
    };
    assert_eq!(files().len(), 4);
    let keep = |keep| {
        let manifest = collection
            .merge(Merge {
                publishing: Publishing { keep: Some(keep), ..Publishing::default() },
                ..Merge::default()
            })
            .unwrap();
        manifest.packages.into_iter().map(|record| record.package).collect::<Vec<_>>()
    };
    // What was built last is what the manifest names, even where it is not an upgrade.
    assert_eq!(keep(2), ["a", "b"]);
    assert_eq!(files(), ["a-1.10-1.noarch.rpm", "a-1.2-1.noarch.rpm", "b-1.0-1.noarch.rpm"]);
    assert_eq!(keep(1), ["a", "b"]);
    assert_eq!(files(), ["a-1.2-1.noarch.rpm", "b-1.0-1.noarch.rpm"]);
}

#[test]
fn a_record_whose_file_was_replaced_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target("fedora-43")).unwrap();
    let records = collection.records();
    // The second text makes a package of another size, the third one of the same size.
    let texts = ["x = 1\n", "x = 1\n# much more than the other one has\n", "x = 2\n"];
    for (at, text) in texts.into_iter().enumerate() {
        let staging = collection.staging().unwrap();
        let built = write_rpm(staging.path(), "a", "1.0", text);
        let recipe = Recipe::default();
        let entry = Formats::default().read(&built.path).unwrap();
        let plan = plan("a");
        let described = described(&plan, &recipe, entry);
        let record = records.keep(&format!("inputs-{at}"), &built, described).unwrap();
        let built = vec![(record, Why::default())];
        collection.merge(Merge { built, ..Merge::default() }).unwrap();
        for earlier in 0..at {
            assert_eq!(records.built(&format!("inputs-{earlier}")), None, "{earlier} after {at}");
        }
        assert!(records.built(&format!("inputs-{at}")).is_some());
    }
}
