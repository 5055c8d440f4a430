//! What the configuration says of limits, of builds, and of what is believed.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use flate2::{Compression, write::GzEncoder};

use crate::{
    Run, hostile_wheel::writers, project::project, run, support::tools::have, support::wheel::Wheel,
};

/// Packs a folder as the sdist `NAME-1.0.tar.gz` of the index.
fn pack(at: &Path, name: &str, source: &Path) {
    fs::create_dir_all(at.join("index")).unwrap();
    fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
    let file = fs::File::create(at.join(format!("index/{name}-1.0.tar.gz"))).unwrap();
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
    archive.append_dir_all(format!("{name}-1.0"), source).unwrap();
    archive.into_inner().unwrap().finish().unwrap();
}

fn build(at: &Path, target: &str, arguments: &[&str]) -> Run {
    run(at, &[&["build", "-q", "-t", target, "-i", "index"], arguments].concat())
}

#[test]
fn limits_are_named_and_may_be_raised() {
    if !have(&["python3", "bwrap"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let data = [("data.bin", vec![7; 3 << 20]), ("more.py", Vec::new())];
    Wheel { binaries: &data, ..Wheel::default() }.write(&at.join("index"));
    let source = at.join("source");
    project(&source, "made", &[]);
    fs::write(source.join("data.bin"), vec![7; 3 << 20]).unwrap();
    pack(at, "made", &source);
    for (project, limits, problem) in [
        ("one", "wheel = 2", "more than 2 MiB: see `wheel` in `[limits]`"),
        ("one", "wheel-files = 3", "more than 3: see `wheel-files` in `[limits]`"),
        ("made", "sdist = 2", "it unpacks to more than 2 MiB: see `sdist` in `[limits]`"),
    ] {
        fs::write(at.join("pypi2pkg.toml"), format!("[limits]\n{limits}\n")).unwrap();
        let refused = build(at, "debian-12", &[project]);
        assert_eq!(refused.status, 1, "{limits}");
        assert!(refused.stderr.contains(problem), "{limits}: {}", refused.stderr);
    }
    let raised = "[limits]\nwheel = 4\nwheel-files = 9\nsdist = 4\nwheel-ratio = 9\ndownload = 4\n";
    fs::write(at.join("pypi2pkg.toml"), raised).unwrap();
    for project in ["one", "made"] {
        let built = build(at, "debian-12", &[project]);
        assert_eq!(built.status, 0, "{project}: {}", built.stderr);
    }
}

#[test]
fn build_requirements_are_added() {
    if !have(&["python3", "bwrap"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let source = at.join("source");
    project(&source, "mine", &[]);
    let backend = fs::read_to_string(source.join("backend.py")).unwrap();
    let code = "\nimport helper\nassert helper.VERSION == '1.0'\n";
    fs::write(source.join("backend.py"), format!("{backend}{code}")).unwrap();
    pack(at, "mine", &source);
    for version in ["1.0", "2.0"] {
        Wheel { project: "helper", version, ..Wheel::default() }.write(&at.join("index"));
    }
    let place = source.display().to_string();
    let inputs = ["mine".to_owned(), format!("mine @ file://{place}")];
    for input in &inputs {
        let refused = build(at, "debian-12", &[input]);
        assert_eq!(refused.status, 1);
        assert!(refused.stderr.contains("No module named 'helper'"), "{}", refused.stderr);
    }
    let table = |list: &str| {
        fs::write(at.join("pypi2pkg.toml"), format!("[project.mine]\nbuild-requires = {list}\n"))
            .unwrap();
    };
    table("['helper<2']");
    for input in &inputs {
        let built = build(at, "debian-12", &[input]);
        assert_eq!(built.status, 0, "{input}: {}", built.stderr);
    }
    // What builds it is frozen, too.
    let frozen = run(at, &["freeze", "-q", "-t", "debian-12", "-i", "index", "mine"]);
    assert!(frozen.stdout.contains("helper-1.0-py3-none-any.whl"), "{}", frozen.stderr);
    let unconfined = build(at, "debian-12", &["mine", "--no-sandbox"]);
    assert_eq!(unconfined.status, 1);
    assert!(unconfined.stderr.contains("remove `build-requires`"), "{}", unconfined.stderr);
    table("['helper', 'a b']");
    let wrong = build(at, "debian-12", &["mine"]);
    assert_eq!(wrong.status, 2);
    let expected = "error: pypi2pkg.toml:2: `build-requires`: expected a requirement such as \
                    `setuptools<70`, found `a b`\n";
    assert!(wrong.stderr.starts_with(expected), "{}", wrong.stderr);
}

#[test]
fn code_to_compile_for_another_python_is_told_before_it_is_built() {
    if !have(&["python3", "bwrap"]) || Path::new("/usr/bin/python3.14").exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    let source = at.join("source");
    project(&source, "native", &[]);
    fs::write(source.join("module.c"), "").unwrap();
    pack(at, "native", &source);
    // Whether it is compiled, only the build shows: here it is not.
    let built = build(at, "fedora-43", &["one", "native"]);
    assert_eq!(built.status, 0, "{}", built.stderr);
    let warning =
        "warning: `native-1.0.tar.gz` has code to compile, and what builds here is Python 3.";
    assert!(built.stderr.starts_with(warning), "{}", built.stderr);
    let remedy = ", not the target's 3.14: install Python 3.14 with its headers, or take a release that \
                  has a wheel for it\n";
    assert!(built.stderr.contains(remedy), "{}", built.stderr);
    // What is compiled does not fit.
    let backend = fs::read_to_string(source.join("backend.py")).unwrap();
    fs::write(
        source.join("backend.py"),
        backend.replace("py3-none-any", "cp311-cp311-linux_x86_64"),
    )
    .unwrap();
    pack(at, "native", &source);
    let built = build(at, "fedora-43", &["one", "native", "-o", "other"]);
    assert_eq!(built.status, 1, "{}", built.stderr);
    assert!(built.stderr.contains("which does not fit the target\n"), "{}", built.stderr);
    assert!(
        built.stderr.contains("hint: install Python 3.14 with its headers"),
        "{}",
        built.stderr
    );
    assert!(built.stdout.contains("one-1.0"), "{}", built.stdout);
    // Neither does it end a run for what requires it.
    Wheel { project: "two", fields: "Requires-Dist: native\n", ..Wheel::default() }
        .write(&at.join("index"));
    let built = build(at, "fedora-43", &["two", "-o", "required"]);
    assert_eq!(built.status, 1, "{}", built.stderr);
    assert!(built.stdout.contains("two-1.0"), "{}", built.stdout);
    // Modules of the stable interface fit every Python.
    fs::write(source.join("setup.cfg"), "[bdist_wheel]\npy_limited_api = cp39\n").unwrap();
    pack(at, "native", &source);
    let built = build(at, "fedora-43", &["native", "-o", "stable"]);
    assert!(!built.stderr.contains("has code to compile"), "{}", built.stderr);
}

#[test]
fn a_wheel_is_what_the_index_said() {
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let index = at.join("index");
        for name in ["good", "evil"] {
            Wheel { project: name, ..Wheel::default() }.write(&index);
        }
        Wheel { fields: "Requires-Dist: evil\n", ..Wheel::default() }.write(&index);
        let stated = |requires: &str| {
            let text = format!(
                "Metadata-Version: 2.1\nName: one\nVersion: 1.0\nRequires-Dist: {requires}\n"
            );
            fs::write(index.join("one-1.0-py3-none-any.whl.metadata"), text).unwrap();
        };
        stated("good");
        let refused = build(at, target, &["one", "--builder", builder]);
        assert_eq!(refused.status, 1, "{target} {builder}");
        let told = "it requires `evil`, not `good`";
        assert!(refused.stderr.contains(told), "{target} {builder}: {}", refused.stderr);
        stated("evil");
        let built = build(at, target, &["one", "--builder", builder]);
        assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{target} {builder}");
    }
}

#[test]
fn only_what_was_left_out_is_left_to_the_distribution() {
    for (target, more, relation) in [
        ("debian-12", &["--name", "two=python3-two"][..], "from the distribution: python3-two"),
        ("fedora-43", &[], "from the distribution: python3.14dist(two)"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel { project: "two", ..Wheel::default() }.write(&at.join("index"));
        Wheel { fields: "Requires-Dist: two\n", ..Wheel::default() }.write(&at.join("index"));
        let built = build(at, target, &[&["one", "--exclude", "two"], more].concat());
        assert_eq!(built.status, 0, "{}", built.stderr);
        let check = run(at, &["check", "dist"]);
        assert_eq!(check.status, 0, "{}", check.stderr);
        assert!(check.stdout.contains(relation), "{}", check.stdout);

        assert_eq!(build(at, target, &["one", "-o", "whole"]).status, 0);
        for entry in fs::read_dir(at.join("whole")).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().contains("two") {
                fs::remove_file(path).unwrap();
            }
        }
        assert_eq!(run(at, &["repo", "whole"]).status, 0);
        let check = run(at, &["check", "whole"]);
        assert_eq!(check.status, 1, "{}", check.stdout);
        assert!(
            check.stderr.contains("which nothing in the collection satisfies"),
            "{}",
            check.stderr
        );
    }
}
