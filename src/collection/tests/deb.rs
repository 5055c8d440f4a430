//! What is said of Debian packages, against `apt-ftparchive` and `apt-get`.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    collection::{
        Collection,
        testing::{TIME, add, deb, run, target, write_deb},
    },
    format::{Formats, deb::repository::DebMetadata, package::FormatData},
    plan::Evr,
    support::tools::tool,
};

const PACKINGS: [&str; 4] = ["", ".gz", ".xz", ".zst"];

fn paragraph(entry: &FormatData) -> &str {
    match entry {
        FormatData::Deb(DebMetadata { paragraph }) => paragraph,
        _ => panic!("not of a Debian package"),
    }
}

/// Field name to value, with continuation lines.
fn fields(paragraph: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let mut name = String::new();
    for line in paragraph.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix(' ') {
            Some(_) => fields.entry(name.clone()).and_modify(|v: &mut String| *v += line),
            None => {
                let (field, value) = line.split_once(':').unwrap();
                name = field.to_owned();
                fields.entry(name.clone()).or_insert(value.trim().to_owned());
                continue;
            }
        };
    }
    fields
}

#[test]
fn a_paragraph_is_the_control_file_and_where_the_package_is() {
    for packing in PACKINGS {
        let folder = tempfile::tempdir().unwrap();
        let built = write_deb(folder.path(), "python3-a", "2:1.0~rc1", packing);
        let entry = Formats::default().read(&built.path).unwrap();
        let evr = Evr { epoch: 2, version: "1.0~rc1".to_owned(), release: "1".to_owned() };
        assert_eq!((entry.package.as_str(), &entry.evr), ("python3-a", &evr), "{packing}");
        assert_eq!((entry.architecture.as_str(), entry.time), ("all", TIME), "{packing}");
        let size = fs::metadata(&built.path).unwrap().len();
        let sum = &entry.sha256;
        let end =
            format!("\nFilename: ./python3-a_2:1.0~rc1-1_all.deb\nSize: {size}\nSHA256: {sum}\n");
        assert!(paragraph(&entry.data).ends_with(&end), "{packing}");
    }
}

#[test]
fn every_field_is_the_one_that_apt_ftparchive_writes() {
    let Some(ftparchive) = tool("apt-ftparchive") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (number, packing) in PACKINGS.iter().enumerate() {
        write_deb(folder.path(), &format!("python3-{number}"), "1.0", packing);
    }
    let options = ["-o", "APT::FTPArchive::MD5=false", "-o", "APT::FTPArchive::SHA1=false"];
    let options =
        [&options[..], &["-o", "APT::FTPArchive::SHA512=false"], &["packages", "."]].concat();
    let theirs = run(&ftparchive, folder.path(), &options);
    let theirs: Vec<_> = theirs.trim().split("\n\n").collect();
    assert_eq!(theirs.len(), PACKINGS.len());
    for theirs in theirs.into_iter().map(fields) {
        let ours = Formats::default().read(&folder.path().join(&theirs["Filename"])).unwrap();
        assert_eq!(fields(paragraph(&ours.data)), theirs);
    }
}

/// A machine with nothing but our repository.
fn apt(folder: &Path, repository: &Path) -> Vec<String> {
    for name in ["etc/apt", "state/lists/partial", "cache/archives/partial", "none"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    fs::write(folder.join("state/status"), "").unwrap();
    let source = format!("deb [trusted=yes] file:{} ./\n", repository.display());
    fs::write(folder.join("etc/apt/sources.list"), source).unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    let settings = [
        ("Dir::Etc::SourceList", at("etc/apt/sources.list")),
        ("Dir::Etc::SourceParts", at("none")),
        ("Dir::Etc::Preferences", at("none/preferences")),
        ("Dir::Etc::PreferencesParts", at("none")),
        ("Dir::State", at("state")),
        ("Dir::State::status", at("state/status")),
        ("Dir::Cache", at("cache")),
        ("Acquire::Languages", "none".to_owned()),
        ("APT::Architecture", "amd64".to_owned()),
        ("APT::Sandbox::User", String::new()),
    ];
    settings
        .into_iter()
        .flat_map(|(name, value)| ["-o".to_owned(), format!("{name}={value}")])
        .collect()
}

#[test]
fn apt_reads_the_repository_and_checks_packages_by_it() {
    let (Some(get), Some(cache)) = (tool("apt-get"), tool("apt-cache")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let collection = Collection::open(folder.path(), &target("debian-12")).unwrap();
    add(&collection, &["python3-b", "python3-a"], |folder, name| {
        write_deb(folder, name, "1.0", ".xz")
    });
    let machine = tempfile::tempdir().unwrap();
    let options = apt(machine.path(), folder.path());
    let with = |more: &[&'static str]| -> Vec<String> {
        options.iter().cloned().chain(more.iter().map(|s| (*s).to_owned())).collect()
    };
    let ask = |tool: &Path, more: &[&'static str]| {
        let arguments = with(more);
        run(tool, machine.path(), &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    ask(&get, &["update", "-o", "APT::Update::Error-Mode=any"]);
    let shown = ask(&cache, &["show", "python3-a"]);
    assert_eq!(fields(&shown)["Version"], "1.0-1");
    assert!(ask(&cache, &["policy"]).contains("o=pypi2pkg,a=debian-12,n=debian-12,l=pypi2pkg"));
    ask(&get, &["download", "python3-a", "python3-b"]);

    // Whoever has read `Release` finds by hash what it names, whatever `Packages` is by then.
    for name in ["Packages", "Packages.gz", "Packages.xz"] {
        fs::write(folder.path().join(name), "Package: wrong\n").unwrap();
    }
    fs::remove_dir_all(machine.path().join("state/lists")).unwrap();
    fs::create_dir_all(machine.path().join("state/lists/partial")).unwrap();
    ask(&get, &["update", "-o", "APT::Update::Error-Mode=any"]);
    assert!(ask(&cache, &["pkgnames"]).contains("python3-b"));
}

#[test]
fn a_package_says_nothing_of_the_repository_or_of_others() {
    let control = |extra: &str| {
        format!("Package: a\nVersion: 1\nArchitecture: all\n{extra}Description: x\r\n y\u{2028}z\n")
    };
    let read = |control: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.deb");
        fs::write(&path, deb(control, "")).unwrap();
        Formats::default()
            .read(&path)
            .map_err(|error| error.to_string().replace(&path.display().to_string(), "a.deb"))
    };
    let entry = read(&control("Filename: /etc/passwd\nSHA256: 00\n")).unwrap();
    let text = paragraph(&entry.data);
    assert!(
        text.starts_with(
            "Package: a\nVersion: 1\nArchitecture: all\nDescription: x\n yz\nFilename: ./a.deb\n"
        ),
        "{text:?}"
    );
    let refused = [
        ("Priority: x\n\nPackage: b\n", "its control file has a blank line"),
        ("Priority: x\n \t\nPackage: b\n", "its control file has a blank line"),
        ("version: 2\n", "its control file has the field `version` twice"),
        ("no field\n", "its control file has a line that is not a field"),
    ];
    for (extra, reason) in refused {
        let error = read(&control(extra)).unwrap_err();
        assert_eq!(error, format!("`a.deb` is not a usable package file: {reason}"));
    }
    let error = read("Package: a b\nVersion: 1\nArchitecture: all\n").unwrap_err();
    assert!(error.ends_with("its control file has no usable field `Package`"), "{error}");
}
