//! What sdists are built with.

use std::{fs, path::Path};

use flate2::{Compression, write::GzEncoder};

use crate::{build::contents, project::project, run, support::tools::have, support::wheel::Wheel};

/// Adds an sdist to the index of `at`; `change` edits the texts of `pyproject.toml` and the backend.
fn sdist(at: &Path, name: &str, change: impl Fn(&str, String) -> String) {
    let source = tempfile::tempdir().unwrap();
    project(source.path(), name, &[]);
    for file in ["pyproject.toml", "backend.py"] {
        let path = source.path().join(file);
        fs::write(&path, change(file, fs::read_to_string(&path).unwrap())).unwrap();
    }
    fs::create_dir_all(at.join("index")).unwrap();
    let file = fs::File::create(at.join(format!("index/{name}-1.0.tar.gz"))).unwrap();
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
    archive.append_dir_all(format!("{name}-1.0"), source.path()).unwrap();
    archive.into_inner().unwrap().finish().unwrap();
}

fn requiring<'r>(requires: &'r str, code: &'r str) -> impl Fn(&str, String) -> String + 'r {
    move |file, text| match file {
        "pyproject.toml" => text.replace("requires = []", &format!("requires = [{requires}]")),
        _ => text.replace("    info = f", &format!("{code}    info = f")),
    }
}

const BUILD: [&str; 8] = ["build", "main", "-q", "-t", "debian-12", "-i", "index", "-o"];

#[test]
fn what_builds_is_built_first() {
    if !have(&["python3", "bwrap"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    // `main` is built with `helper` and asks for `late` while it runs; `helper` is built with
    // `deep`. Only `late` is a wheel.
    let late = "    import helper, late\n    assert late.VERSION == '2.0'\n\
                \x20   import shutil; assert shutil.which('late')\n";
    sdist(at, "main", |file, text| {
        let text = requiring("'helper; python_version > \"3\"'", late)(file, text);
        match file {
            "backend.py" => {
                text + "\ndef get_requires_for_build_wheel(settings=None):\n    return ['late>1']\n"
            }
            _ => text,
        }
    });
    sdist(at, "helper", requiring("'deep'", "    import deep\n"));
    sdist(at, "deep", |_, text| text);
    Wheel { project: "late", version: "2.0", ..Wheel::default() }.write(&at.join("index"));
    let first = run(at, &[&BUILD[..], &["first"]].concat());
    assert_eq!((first.status, first.stderr.as_str()), (0, ""));
    let second = run(at, &[&BUILD[..], &["second", "--offline"]].concat());
    assert_eq!(second.status, 0, "{}", second.stderr);
    assert_eq!(contents(&at.join("first")), contents(&at.join("second")));
    let packages = fs::read_to_string(at.join("first/Packages")).unwrap();
    assert_eq!(packages.matches("Package: ").count(), 1, "{packages}");
}

#[test]
fn circles_are_named() {
    if !have(&["python3", "bwrap"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    sdist(at, "main", requiring("'other'", ""));
    sdist(at, "other", requiring("'main'", ""));
    let found = run(at, &[&BUILD[..], &["dist"]].concat());
    assert_eq!(found.status, 1);
    let circle = "has to be built before it can be built: \
                  `main-1.0.tar.gz` → `other-1.0.tar.gz` → `main-1.0.tar.gz`";
    assert!(found.stderr.contains(circle), "{}", found.stderr);
}
