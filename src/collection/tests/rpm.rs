//! What is said of rpm packages, against `createrepo_c` and `dnf`.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::{
    collection::{
        Collection,
        testing::{add, gunzip, run, write_rpm},
    },
    format::{Formats, package::FormatData, rpm::repository::RpmMetadata},
    support::tools::tool,
};

/// Packages of every shape: by `rpmbuild`, binary and source, and by the embedded writer.
fn packages(folder: &Path) -> Option<Vec<PathBuf>> {
    let rpmbuild = tool("rpmbuild")?;
    let work = tempfile::tempdir().unwrap();
    let specs = [
        ("rich.spec", include_str!("../../../tests/data/collection/rich.spec")),
        ("empty.spec", include_str!("../../../tests/data/collection/empty.spec")),
    ];
    let define = format!("_topdir {}", work.path().display());
    for (name, text) in specs {
        fs::write(work.path().join(name), text).unwrap();
        run(&rpmbuild, work.path(), &["-ba", "--define", &define, name]);
    }
    for (name, version) in [("small", "1.0"), ("other", "2^post1")] {
        write_rpm(folder, name, version, "x = 1\n");
    }
    for found in ["RPMS/noarch", "SRPMS"] {
        for entry in fs::read_dir(work.path().join(found)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    Some(paths)
}

/// The `package` elements of a document, without `libc.so.6` symbol versions: all of them are
/// required, but `createrepo_c` shows the highest only.
fn elements(document: &str) -> BTreeSet<String> {
    let (_, body) = document.split_once("<package ").unwrap();
    let (body, _) = body.rsplit_once("</package>").unwrap();
    body.split("</package>\n<package ")
        .map(|element| {
            element
                .lines()
                .filter(|line| !line.contains("\"libc.so.6"))
                .collect::<Vec<_>>()
                .join("\n")
        })
        .collect()
}

#[test]
fn every_element_is_the_one_that_createrepo_c_writes() {
    let Some(createrepo) = tool("createrepo_c") else { return };
    let folder = tempfile::tempdir().unwrap();
    let Some(paths) = packages(folder.path()) else { return };
    assert_eq!(paths.len(), 6);
    let entries: Vec<_> = paths.iter().map(|path| Formats::default().read(path).unwrap()).collect();
    for (path, entry) in paths.iter().zip(&entries) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(entry.time);
        File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
    }
    let arguments =
        ["--no-database", "--simple-md-filenames", "--compress-type", "gz", "--quiet", "."];
    run(&createrepo, folder.path(), &arguments);
    type Pick = fn(&FormatData) -> &str;
    let parts: [(&str, Pick); 3] = [
        ("primary", |entry| rpm_parts(entry)[0]),
        ("filelists", |entry| rpm_parts(entry)[1]),
        ("other", |entry| rpm_parts(entry)[2]),
    ];
    for (name, pick) in parts {
        let theirs = fs::read(folder.path().join(format!("repodata/{name}.xml.gz"))).unwrap();
        let ours: String = entries.iter().map(|entry| pick(&entry.data)).collect();
        let theirs = elements(&gunzip(&theirs));
        assert_eq!(theirs.len(), paths.len(), "{name}");
        assert_eq!(elements(&ours), theirs, "{name}");
    }
}

fn rpm_parts(entry: &FormatData) -> [&str; 3] {
    match entry {
        FormatData::Rpm(RpmMetadata { primary, filelists, other }) => [primary, filelists, other],
        _ => panic!("not of an rpm"),
    }
}

/// What `dnf` says of a repository, with nothing of this machine's configuration.
fn repoquery(dnf: &Path, repository: &Path, arguments: &[&str]) -> BTreeSet<String> {
    let work = tempfile::tempdir().unwrap();
    let at = |name: &str| work.path().join(name).display().to_string();
    fs::write(at("dnf.conf"), "[main]\nplugins=0\n").unwrap();
    let options = [
        "-q".to_owned(),
        format!("--config={}", at("dnf.conf")),
        format!("--installroot={}", at("root")),
        "--releasever=43".to_owned(),
        format!("--setopt=cachedir={}", at("cache")),
        format!("--setopt=reposdir={}", at("none")),
        format!("--repofrompath=x,file://{}", repository.display()),
        "--repo=x".to_owned(),
        "repoquery".to_owned(),
    ];
    let all: Vec<&str> =
        options.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
    run(dnf, work.path(), &all).lines().map(str::to_owned).collect()
}

#[test]
fn dnf_answers_from_our_metadata_as_from_theirs() {
    let (Some(dnf), Some(createrepo)) = (tool("dnf"), tool("createrepo_c")) else { return };
    let theirs = tempfile::tempdir().unwrap();
    let Some(paths) = packages(theirs.path()) else { return };
    let ours = tempfile::tempdir().unwrap();
    for path in &paths {
        fs::copy(path, ours.path().join(path.file_name().unwrap())).unwrap();
    }
    run(&createrepo, theirs.path(), &["--quiet", "."]);
    let collection = Collection::of_packages(ours.path(), "fedora-43").unwrap();
    add(&collection, &["python3-new"], |folder, name| write_rpm(folder, name, "1.0", "x = 1\n"));
    fs::remove_file(ours.path().join("python3-new-1.0-1.noarch.rpm")).unwrap();
    add(&collection, &[], |_, _| unreachable!());

    let format = "%{name} %{epoch}:%{version}-%{release} %{arch} %{summary} %{description} \
                  %{license} %{url} %{downloadsize} %{installsize} %{buildtime} %{sourcerpm} \
                  %{vendor} %{packager} %{location}";
    let questions: [&[&str]; 9] = [
        &["-a", "--qf", format],
        &["--requires", "aa"],
        &["--requires", "small", "python3-empty"],
        &["--provides", "aa"],
        &["--recommends", "aa"],
        &["--conflicts", "aa"],
        &["--list", "aa"],
        &["--changelogs", "aa"],
        &["--whatprovides", "/usr/bin/bb"],
    ];
    for question in questions {
        let without_libc = |lines: BTreeSet<String>| -> BTreeSet<String> {
            lines.into_iter().filter(|line| !line.starts_with("libc.so.6")).collect()
        };
        let (ours, theirs) =
            (repoquery(&dnf, ours.path(), question), repoquery(&dnf, theirs.path(), question));
        assert!(!theirs.is_empty(), "{question:?}");
        assert_eq!(without_libc(ours), without_libc(theirs), "{question:?}");
    }
}
