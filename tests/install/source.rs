//! Packages built from source by the distributions' own tools, of the recipes that are rendered, and
//! source packages that build without this program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use pypi2pkg::{
    base::{
        process::{HostRunner, Limits, Sandbox},
        report::Recorder,
    },
    distro::targets::{Target, Targets},
    format::{self, Native},
    format::{
        Formats,
        build::{BuildError, SourceJob, SourceTools},
        drift,
    },
    plan::{PackagePlan, Recipe, RecipeFile},
    recipe::{self, template::Templates},
};

use crate::tools::{have, output, run};

/// A backend that needs nothing but Python and a C compiler: wheels of what lies beside it.
const BACKEND: &str = r#"
import base64, hashlib, os, subprocess, sys, sysconfig, zipfile

NAME, REQUIRES, NATIVE = %s

def build_wheel(folder, config_settings=None, metadata_directory=None):
    info = f"{NAME}-1.0.dist-info"
    python = "cp%%d%%d" %% sys.version_info[:2]
    tag = f"{python}-{python}-linux_x86_64" if NATIVE else "py3-none-any"
    metadata = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\nSummary: Sample of a project\n"
    metadata += "License: MIT\nHome-page: https://sample.example/\nLicense-File: LICENSE\n"
    metadata += "".join(f"Requires-Dist: {text}\n" for text in REQUIRES)
    metadata += "\nA description that is long enough to be one of these.\n"
    members = {
        f"{NAME}/__init__.py": b"VERSION = '1.0'\n",
        f"{info}/METADATA": metadata.encode(),
        f"{info}/LICENSE": open("LICENSE", "rb").read(),
        f"{info}/entry_points.txt": f"[console_scripts]\n{NAME}-tool = {NAME}:VERSION\n".encode(),
        f"{info}/WHEEL":
            f"Wheel-Version: 1.0\nRoot-Is-Purelib: {str(not NATIVE).lower()}\nTag: {tag}\n".encode(),
        f"{NAME}-1.0.data/data/share/man/man1/{NAME}-tool.1": open("tool.1", "rb").read(),
    }
    if NATIVE:
        module = "_fast" + sysconfig.get_config_var("EXT_SUFFIX")
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-O2", "-g"]
            + os.environ.get("CFLAGS", "").split() + os.environ.get("CPPFLAGS", "").split()
            + os.environ.get("LDFLAGS", "").split()
            + ["-I", sysconfig.get_paths()["include"], "-o", module, "_fast.c"],
            check=True)
        members[f"{NAME}/{module}"] = open(module, "rb").read()
        os.remove(module)
    record = ""
    for name, bytes in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(bytes).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(bytes)}\n"
    members[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    file = f"{NAME}-1.0-{tag}.whl"
    with zipfile.ZipFile(os.path.join(folder, file), "w") as wheel:
        for name, bytes in members.items():
            wheel.writestr(zipfile.ZipInfo(name), bytes)
    return file
"#;

const MODULE: &str = r#"#include <Python.h>
#include <stdio.h>
static PyObject *answer(PyObject *self, PyObject *arguments) {
    char text[8];
    snprintf(text, sizeof text, "%d", 42);
    return PyUnicode_FromString(text);
}
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, "The answer."}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_fast", "Fast.", -1, methods};
PyMODINIT_FUNC PyInit__fast(void) { return PyModule_Create(&module); }
"#;

const LICENCE: &str = "Copyright (c) 2020 Pat Sample\n\nPermission is hereby granted, free of charge, \
    to any person obtaining a copy of this software, to deal in it without restriction.\n";

const MANUAL: &str = ".TH SAMPLE-TOOL 1\n.SH NAME\nsample\\-tool \\- a sample\n\
    .SH DESCRIPTION\nDoes nothing.\n";

/// Writes an sdist into the folder `index` of `work`.
fn sdist(work: &Path, name: &str, requires: &[&str], is_native: bool) {
    let folder = format!("{name}-1.0");
    let tree = work.join(&folder);
    fs::create_dir_all(&tree).unwrap();
    fs::create_dir_all(work.join("index")).unwrap();
    let native = if is_native { "True" } else { "False" };
    let state = format!("({name:?}, {requires:?}, {native})");
    let backend = BACKEND.replacen("%s", &state, 1).replace("%%", "%");
    let files: [(&str, &str); 7] = [
        ("backend.py", &backend),
        (
            "pyproject.toml",
            "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        ),
        ("PKG-INFO", &format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")),
        ("_fast.c", MODULE),
        ("LICENSE", LICENCE),
        ("README", "A sample\n"),
        ("tool.1", MANUAL),
    ];
    for (file, text) in files {
        fs::write(tree.join(file), text).unwrap();
    }
    let archive = work.join("index").join(format!("{folder}.tar.gz"));
    run(Command::new("tar").arg("-C").arg(work).arg("-czf").arg(archive).arg(folder));
}

fn pypi2pkg(work: &Path, arguments: &[&str]) -> String {
    run(Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
        .args(arguments)
        .args(["--index-url", "index", "--cache-dir", "cache"])
        .args(["--packager", "Pat Sample <pat@sample.example>"])
        .current_dir(work)
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", work)
        .env("SOURCE_DATE_EPOCH", "1700000000"))
}

/// What is rendered of a project, and its words.
struct Planned {
    plan: PackagePlan,
    native: Native,
    recipe: Recipe,
    target: Target,
}

fn planned(work: &Path, project: &str, target: &str) -> Planned {
    let json = pypi2pkg(work, &["plan", project, "--json", "--target", target, "-q"]);
    let plans: Vec<PackagePlan> = serde_json::from_str(&json).unwrap();
    let plan = plans.into_iter().find(|plan| plan.project.as_ref() == project).unwrap();
    planned_of(plan, target)
}

fn built(planned: &Planned, work: &Path) -> Result<PathBuf, BuildError> {
    let Planned { plan, native, recipe, target } = planned;
    let source = work.join("index").join(&plan.source.filename);
    let job = SourceJob { plan, native, recipe, source: &source, dist_tag: &target.dist_tag };
    let path = ["/usr/bin", "/bin"].map(PathBuf::from);
    let sandbox = Sandbox::probe(&path, Limits::default(), &HostRunner);
    if let Err(error) = &sandbox {
        crate::support::skip(&format!("no sandbox: {error}"));
    }
    let tools = SourceTools {
        runner: &HostRunner,
        sandbox: sandbox.as_ref().ok(),
        path: &path,
        reporter: &Recorder::default(),
    };
    let folder = work.join("built");
    fs::create_dir_all(&folder).unwrap();
    let format = format::named(&job.plan.format).unwrap();
    format.source_builder().unwrap().build(&job, &tools, &folder)
}

const DEBIAN: [&str; 5] = ["dpkg-buildpackage", "lintian", "dh_python3", "pybuild", "gcc"];

#[test]
fn debian_packages_are_built_of_their_sources() {
    if !have(&DEBIAN) {
        return;
    }
    for is_native in [false, true] {
        let work = tempfile::tempdir().unwrap();
        sdist(work.path(), "sample", &[], is_native);
        let planned = planned(work.path(), "sample", "debian-12");
        let package = built(&planned, work.path()).unwrap();
        let listed = run(Command::new("dpkg-deb").arg("-c").arg(&package));
        assert!(listed.contains("/usr/share/man/man1/sample-tool.1.gz"), "{listed}");
        assert_eq!(listed.contains("_fast.cpython-"), is_native, "{listed}");
        let format = Formats::default().of("deb").unwrap();
        let entry = format.repository().read(&package).unwrap();
        let drift = drift(&planned.native, &entry, &package, format).unwrap();
        // Debian's compiler flags choose other functions of glibc than the planned wheel has.
        let others = drift.missing.iter().chain(&drift.extra);
        let others: Vec<_> = others.filter(|(_, text)| !text.starts_with("libc6 (")).collect();
        assert!(others.is_empty(), "{drift:?}");
        let said = output(
            Command::new("lintian")
                .args(["--allow-root", "--fail-on"])
                .args(["error", &package.display().to_string()]),
        );
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    }
}

/// The code of a project can write where it is built: what it adds to the package is refused.
#[test]
fn what_a_build_adds_beside_its_recipe_is_refused() {
    if !have(&DEBIAN) {
        return;
    }
    let script = "open('debian/python3-sample.postinst', 'w').write('#!/bin/sh\\ntouch canary\\n')";
    let interpreter =
        "open('debian/python3-sample.prerm', 'w').write('#!/usr/bin/env touch\\n#DEBHELPER#\\n')";
    for (code, wanted) in [(script, "`touch canary`"), (interpreter, "`#!/usr/bin/env touch`")] {
        let work = tempfile::tempdir().unwrap();
        let tree = work.path().join("sample-1.0");
        sdist(work.path(), "sample", &[], false);
        let planned = planned(work.path(), "sample", "debian-12");
        let backend = fs::read_to_string(tree.join("backend.py")).unwrap();
        let indented = code.replace('\n', "\n    ");
        let start = "def build_wheel(folder, config_settings=None, metadata_directory=None):\n";
        let hostile = backend.replacen(start, &format!("{start}    {indented}\n"), 1);
        fs::write(tree.join("backend.py"), hostile).unwrap();
        let archive = work.path().join("index/sample-1.0.tar.gz");
        let mut tar = Command::new("tar");
        run(tar.arg("-C").arg(work.path()).arg("-czf").arg(archive).arg("sample-1.0"));
        let error = built(&planned, work.path()).map_err(|error| error.to_string());
        let is_told = |error: &String| error.contains("than planned") && error.contains(wanted);
        assert!(error.as_ref().is_err_and(is_told), "{code}: {error:?}");
    }
}

/// Everything that people put into a recipe's folder reaches a package that is built of its sdist.
#[test]
fn an_edited_debian_recipe_is_built_of_its_source() {
    if !have(&DEBIAN) {
        return;
    }
    let work = tempfile::tempdir().unwrap();
    let at = |path: &str| work.path().join("recipes/sample").join(path);
    sdist(work.path(), "sample", &[], false);
    pypi2pkg(work.path(), &["render", "sample", "-q", "--target", "debian-12"]);
    for (file, text) in [
        ("patches/fix.patch", "--- a/README\n+++ b/README\n@@ -1 +1,2 @@\n A sample\n+Patched\n"),
        ("scriptlets/post-install", "echo installed\n"),
        ("sample.conf", "a = 1\n"),
        (
            "overrides.toml",
            "[[add]]\nrelation = 'Depends: git'\nreason = 'it starts git'\n\n[[file]]\n\
             source = 'sample.conf'\npath = '/etc/sample.conf'\nreason = 'defaults'\n",
        ),
    ] {
        fs::create_dir_all(at(file).parent().unwrap()).unwrap();
        fs::write(at(file), text).unwrap();
    }
    pypi2pkg(work.path(), &["render", "recipes", "-q"]);
    let control = fs::read_to_string(at("debian/control")).unwrap();
    assert!(control.contains("# override: it starts git\n git,\n"), "{control}");
    let edited = control.replace("Section: python", "Section: misc");
    fs::write(at("debian/control"), edited).unwrap();

    let built = pypi2pkg(work.path(), &["build", "recipes", "-q"]);
    let package = work.path().join(built.trim());
    let said = run(Command::new("dpkg-deb").arg("-I").arg(&package));
    assert!(said.contains("Section: misc") && said.contains(" git,"), "{said}");
    let script = run(Command::new("dpkg-deb").arg("-I").arg(&package).arg("postinst"));
    assert!(script.contains("echo installed\n"), "{script}");
    let tree = work.path().join("tree");
    run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&tree));
    let read = |path: &str| fs::read_to_string(tree.join(path)).unwrap();
    assert_eq!(read("etc/sample.conf"), "a = 1\n");
    assert_eq!(read("usr/share/doc/python3-sample/README"), "A sample\nPatched\n");

    // dpkg itself would pass over a patch that does not fit.
    fs::write(at("patches/fix.patch"), "--- a/README\n+++ b/README\n@@ -1 +1 @@\n-no\n+yes\n")
        .unwrap();
    pypi2pkg(work.path(), &["render", "recipes", "-q"]);
    let refused = output(
        Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
            .args(["build", "recipes", "-q", "-i", "index", "--cache-dir", "cache"])
            .current_dir(work.path()),
    );
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("`fix.patch` does not fit `README`"), "{said}");
}

#[test]
fn missing_build_requirements_are_listed_before_anything_is_built() {
    if !have(&["dpkg-buildpackage", "rpmbuild"]) {
        return;
    }
    let work = tempfile::tempdir().unwrap();
    sdist(work.path(), "sample", &["other>=2"], false);
    let arguments = ["plan", "sample", "--json", "--exclude", "other", "-q", "--target"];
    for (target, wanted) in
        [("debian-12", vec!["python3-other (>= 2)"]), ("fedora-43", vec!["python3-devel"])]
    {
        let json = pypi2pkg(work.path(), &[&arguments[..], &[target]].concat());
        let plans: Vec<PackagePlan> = serde_json::from_str(&json).unwrap();
        let planned = planned_of(plans.into_iter().next().unwrap(), target);
        match built(&planned, work.path()) {
            Err(BuildError::Requirements { missing, .. }) => assert_eq!(missing, wanted),
            other => panic!("{other:?}"),
        }
    }
}

fn planned_of(plan: PackagePlan, target: &str) -> Planned {
    let target = Targets::embedded().load(target, None, None).unwrap();
    let format = format::named(&target.format).unwrap();
    let native = format.lower_one(&plan, &target).unwrap();
    let pack = Templates::default()
        .pack(format.syntax().source_pack().unwrap(), format.syntax().escape())
        .unwrap();
    let recipe = recipe::render(&plan, &target, &native, format, &pack).unwrap();
    Planned { plan, native, recipe, target }
}

const PATCH: &str = "--- a/README\n+++ b/README\n@@ -1 +1 @@\n-A sample\n+A patched sample\n";

#[test]
fn patches_of_a_recipe_are_applied() {
    if !have(&DEBIAN) {
        return;
    }
    let work = tempfile::tempdir().unwrap();
    sdist(work.path(), "sample", &[], false);
    for target in ["debian-12", "fedora-43"] {
        let mut plan = planned(work.path(), "sample", target).plan;
        plan.from_source.as_mut().unwrap().patches = vec!["readme.patch".to_owned()];
        let mut planned = planned_of(plan, target);
        let patch = RecipeFile { text: PATCH.to_owned(), executable: false };
        planned.recipe.files.insert("patches/readme.patch".to_owned(), patch);
        if target == "fedora-43" {
            let spec = &planned.recipe.files["python-sample.spec"].text;
            assert!(spec.contains("\nPatch1:         readme.patch\n"), "{spec}");
            continue;
        }
        let package = built(&planned, work.path()).unwrap();
        let tree = work.path().join("tree");
        run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&tree));
        let readme = fs::read_to_string(tree.join("usr/share/doc/python3-sample/README")).unwrap();
        assert_eq!(readme, "A patched sample\n");
    }
}

/// The files in a collection's folder of source packages: names and bytes.
fn sources(work: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(work.join("dist/source")).unwrap().map(|entry| entry.unwrap());
    let files = entries.map(|entry| entry.path()).filter(|path| path.is_file());
    let mut files: Vec<(String, Vec<u8>)> = files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn debian_source_packages_build_by_dpkg_alone() {
    if !have(&DEBIAN) {
        return;
    }
    let work = tempfile::tempdir().unwrap();
    sdist(work.path(), "sample", &[], true);
    pypi2pkg(work.path(), &["build", "sample", "--source-package", "--target", "debian-12"]);
    let names: Vec<String> = sources(work.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            ".pypi2pkg.lock",
            "python-sample_1.0-1.debian.tar.xz",
            "python-sample_1.0-1.dsc",
            "python-sample_1.0.orig.tar.gz"
        ]
    );
    let elsewhere = tempfile::tempdir().unwrap();
    let dsc = work.path().join("dist/source/python-sample_1.0-1.dsc");
    let at = |command: &mut Command, folder: &Path| {
        run(command.current_dir(folder).env("PATH", "/usr/bin:/bin").env("HOME", folder))
    };
    at(Command::new("dpkg-source").arg("-x").arg(&dsc).arg("tree"), elsewhere.path());
    let tree = elsewhere.path().join("tree");
    at(Command::new("dpkg-buildpackage").args(["-us", "-uc"]), &tree);
    assert!(elsewhere.path().join("python3-sample_1.0-1_amd64.deb").is_file());
    // Source and binary packages together, after a build in the same tree.
    let changes = elsewhere.path().join("python-sample_1.0-1_amd64.changes");
    let said =
        output(Command::new("lintian").args(["--allow-root", "--fail-on", "error"]).arg(changes));
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
}

#[test]
fn rpm_source_packages_build_by_rpmbuild_alone() {
    if !have(&["rpmbuild", "rpm", "unzip"]) {
        return;
    }
    let work = tempfile::tempdir().unwrap();
    fs::create_dir(work.path().join("index")).unwrap();
    let wheel = "idna-3.20-py3-none-any.whl";
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/index").join(wheel);
    fs::copy(recorded, work.path().join("index").join(wheel)).unwrap();
    pypi2pkg(work.path(), &["build", "idna", "--source-package", "--target", "fedora-43"]);
    let package = work.path().join("dist/source/python3-idna-3.20-1.fc43.src.rpm");
    let top = work.path().join("top");
    run(Command::new("rpmbuild")
        .args(["--rebuild", "--nodeps", "--define"])
        .arg(format!("_topdir {}", top.display()))
        .arg(&package)
        .env("HOME", work.path()));
    assert!(top.join("RPMS/noarch/python3-idna-3.20-1.fc43.noarch.rpm").is_file());
    // dnf finds it by the metadata beside it.
    assert!(work.path().join("dist/source/repodata/repomd.xml").is_file());
    pypi2pkg_check(work.path());
}

/// The collection holds together with source packages beside it.
fn pypi2pkg_check(work: &Path) {
    run(Command::new(env!("CARGO_BIN_EXE_pypi2pkg")).args(["check", "dist"]).current_dir(work));
}

#[test]
fn source_packages_have_the_same_bytes_wherever_they_are_made() {
    if !have(&["rpmbuild", "dpkg-source"]) {
        return;
    }
    for target in ["fedora-43", "debian-12"] {
        let made = ["022", "077"].map(|umask| {
            let work = tempfile::tempdir().unwrap();
            sdist(work.path(), "sample", &[], false);
            let archive = work.path().join("index/sample-1.0.tar.gz");
            let fixed = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}.tar.gz"));
            // One archive for both: packing it depends on the clock.
            match umask {
                "022" => fs::copy(&archive, &fixed).unwrap(),
                _ => fs::copy(&fixed, &archive).unwrap(),
            };
            let line = format!(
                "umask {umask}; exec \"$0\" build sample --source-package --target {target} \
                 --index-url index --cache-dir cache"
            );
            run(Command::new("sh")
                .args(["-c", &line, env!("CARGO_BIN_EXE_pypi2pkg")])
                .current_dir(work.path())
                .env("PATH", "/usr/bin:/bin")
                .env("HOME", work.path())
                .env("SOURCE_DATE_EPOCH", "1700000000"));
            sources(work.path())
        });
        let names = |made: &[(String, Vec<u8>)]| -> Vec<String> {
            made.iter().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(names(&made[0]), names(&made[1]));
        assert!(made[0] == made[1], "{target}: {:?}", names(&made[0]));
    }
}
