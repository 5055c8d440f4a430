//! Licences that metadata leave open, and where projects of one's own come from.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::{
    build::contents,
    project::{commit, project},
    run,
    support::tools::have,
    support::wheel::Wheel,
};

const TARGETS: [&str; 2] = ["debian-12", "fedora-43"];

fn licence(folder: &Path, target: &str, project: &str) -> Value {
    let found = run(folder, &["plan", project, "-q", "-i", "index", "-t", target, "--json"]);
    assert_eq!(found.status, 0, "{}", found.stderr);
    let plans: Value = serde_json::from_str(&found.stdout).unwrap();
    plans[0]["licence"].clone()
}

/// An sdist of a project `one` with these files in its folder.
fn sdist(folder: &Path, files: &[(&str, &str)]) {
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(
        fs::File::create(folder.join("one-1.0.tar.gz")).unwrap(),
        flate2::Compression::fast(),
    ));
    for (name, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("one-1.0/{name}"), text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap();
}

#[test]
fn the_sdist_states_what_the_wheel_does_not() {
    for target in TARGETS {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("index");
        Wheel { fields: "License: UNKNOWN\n", ..Wheel::default() }.write(&index);
        let notice = "Licensed under the Apache License, Version 2.0.\n";
        for (files, expression, evidence) in [
            (&[("LICENSE", notice)][..], "LicenseRef-Unknown", "nothing"),
            (
                &[
                    ("LICENSE", notice),
                    ("PKG-INFO", "Metadata-Version: 1.0\nName: one\nVersion: 1.0\n"),
                ],
                "Apache-2.0",
                "sdist",
            ),
            (
                &[("PKG-INFO", "Metadata-Version: 1.0\nName: one\nVersion: 1.0\nLicense: MIT\n")],
                "MIT",
                "sdist",
            ),
        ] {
            sdist(&index, files);
            let found = licence(folder.path(), target, "one");
            assert_eq!(found["expression"], expression, "{files:?}");
            assert_eq!(found["evidence"], evidence, "{files:?}");
        }
        fs::write(folder.path().join("pypi2pkg.toml"), "[project.one]\nlicence = 'ISC'\n").unwrap();
        assert_eq!(licence(folder.path(), target, "one")["expression"], "ISC");
    }
}

#[test]
fn configured_licences_are_expressions() {
    let folder = tempfile::tempdir().unwrap();
    Wheel::default().write(&folder.path().join("index"));
    let configure = |text: &str| fs::write(folder.path().join("pypi2pkg.toml"), text).unwrap();
    for (text, key) in [
        ("# mine\n[project.one]\nlicence = 'Foo'\n", "3: `licence`"),
        ("# mine\nunknown-licence = 'Foo'\n", "2: `unknown-licence`"),
    ] {
        configure(text);
        let found = run(folder.path(), &["plan", "one", "-q", "-i", "index", "-t", "debian-12"]);
        assert_eq!(
            (found.status, found.stderr),
            (
                2,
                format!(
                    "error: pypi2pkg.toml:{key}: expected an SPDX expression such as `MIT OR \
                     Apache-2.0`, found `Foo`\nhint: correct that line; docs/configuration.md lists all keys\n"
                )
            )
        );
    }
    configure("[project.one]\nlicence = 'LicenseRef-Acme AND MIT'\n");
    for target in TARGETS {
        let found =
            run(folder.path(), &["build", "one", "-q", "-i", "index", "-t", target, "-o", target]);
        assert_eq!(found.status, 0, "{}", found.stderr);
    }
}

#[test]
fn projects_of_ones_own_need_no_licence_and_say_where_they_come_from() {
    if !have(&["git", "python3"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let source = at.join("src/mine");
    project(&source, "mine", &[]);
    let backend = fs::read_to_string(source.join("backend.py")).unwrap();
    fs::write(source.join("backend.py"), backend.replace("License: MIT\\n", "")).unwrap();
    commit(&source, "v1");
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(&source).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let head = git(&["rev-parse", "HEAD"]);
    git(&["remote", "add", "origin", "https://me:secret@git.example/mine.git"]);
    let repository = format!("mine @ git+file://{}@v1", source.display());
    for target in TARGETS {
        for (input, origin) in [
            ("./src/mine", format!("a folder at commit {head} of https://git.example/mine.git")),
            (&repository, format!("commit {head} of a repository of the machine that built it")),
        ] {
            let output = format!("{target}-{}", input.len());
            let common = ["-q", "-t", target, "--no-index"];
            let built = run(at, &[&["build", input, "-o", &output], &common[..]].concat());
            assert_eq!(built.status, 0, "{}", built.stderr);
            let manifest = fs::read(at.join(&output).join("collection.json")).unwrap();
            let manifest: Value = serde_json::from_slice(&manifest).unwrap();
            let record = &manifest["packages"][0];
            assert_eq!(record["source"]["origin"], origin.as_str());
            assert_eq!(record["licence"]["expression"], "LicenseRef-Proprietary");
            assert_eq!(record["licence"]["evidence"], "own-project");
            let explained = run(at, &[&["explain", "mine", input], &common[..]].concat()).stdout;
            assert!(explained.contains(&format!("    from {origin}\n")), "{explained}");
            assert!(explained.contains("(`unknown-licence`)"), "{explained}");
            let recipe = contents(&at.join(&output).join("recipes"));
            let texts: String =
                recipe.values().map(|bytes| String::from_utf8_lossy(bytes)).collect();
            let words = texts.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains(&format!("This package is made from {origin}.")), "{texts}");
        }
    }
    fs::write(at.join("pypi2pkg.toml"), "unknown-licence = 'LicenseRef-Acme'\n").unwrap();
    let planned = run(at, &["plan", "./src/mine", "-q", "-t", "debian-12", "--no-index", "--json"]);
    let plans: Value = serde_json::from_str(&planned.stdout).unwrap();
    assert_eq!(plans[0]["licence"]["expression"], "LicenseRef-Acme");
}
