//! Installing with dnf into an empty root beside a stand-in for the interpreter.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{
    BUILDERS, CLOSURE, build, build_with, files, have, output, privileged, run, tree,
};

/// The interpreter as far as the packages see it: what they require of it, and no file.
const STUB: &str = "\
Name: python3
Version: 3.14.0
Release: 1
Summary: Stands in for the interpreter
License: MIT
BuildArch: noarch
Provides: python(abi) = 3.14
%description
Stands in for the interpreter.
%files
";

/// Builds the stand-in; returns the package's path.
pub fn stub(work: &Path) -> PathBuf {
    let spec = work.join("python3.spec");
    std::fs::write(&spec, STUB).expect("the work folder is writable");
    run(Command::new("rpmbuild")
        .arg("-bb")
        .arg("--define")
        .arg(format!("_topdir {}", work.join("stub").display()))
        .arg(&spec));
    files(&work.join("stub/RPMS/noarch"), "rpm").remove(0)
}

/// A dnf that knows the collection and nothing else, and keeps its files below `work`.
fn dnf(work: &Path, root: &Path, collection: &Path) -> Command {
    let logs = work.join("logs");
    std::fs::create_dir_all(&logs).expect("the work folder is writable");
    let mut command = Command::new("dnf");
    command
        .args(["-y", "--releasever=43", "--nogpgcheck", "--setopt=reposdir=/dev/null"])
        .arg(format!("--installroot={}", root.display()))
        .arg(format!("--repofrompath=collection,file://{}", collection.display()))
        .arg(format!("--setopt=cachedir={}", work.join("dnf").display()))
        .arg(format!("--setopt=logdir={}", logs.display()));
    command
}

fn installs_imports_and_leaves(builder: &str) {
    if !privileged() || !have(&["rpm", "rpmbuild", "createrepo_c", "dnf", "python3"]) {
        return;
    }
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    let work = work.path();
    let collection = build(work, "fedora-43", builder);
    let root = work.join("root");
    run(dnf(work, &root, &collection).arg("install").arg(stub(work)).arg("python3-requests"));

    let rpm = || {
        let mut command = Command::new("rpm");
        command.arg("--root").arg(&root);
        command
    };
    let listed = run(rpm().args(["-qa", "--qf", "%{NAME}\n"]));
    let mut installed: Vec<&str> = listed.lines().collect();
    installed.sort_unstable();
    let expected: Vec<&str> = std::iter::once("python3").chain(CLOSURE).collect();
    assert_eq!(installed, expected);
    assert_eq!(run(rpm().arg("-Va")), "");

    // The standard library is the host's; all else must come from the root. Nothing is written,
    // so that the removal below is judged by what the packages own.
    let site = root.join("usr/lib/python3.14/site-packages");
    let import = "import sys; sys.path.append(sys.argv[1]); import requests; \
                  print(requests.__version__, requests.__file__)";
    assert_eq!(
        run(Command::new("python3").args(["-I", "-S", "-B", "-c", import]).arg(&site)),
        format!("2.32.3 {}\n", site.join("requests/__init__.py").display())
    );
    assert!(root.join("usr/bin/normalizer").is_file());

    run(rpm().arg("-e").args(CLOSURE));
    assert_eq!(tree(&site), Default::default());
    assert!(!root.join("usr/bin/normalizer").exists());
}

#[test]
fn dnf_installs_what_rpmbuild_built() {
    installs_imports_and_leaves(BUILDERS[0]);
}

#[test]
fn dnf_installs_what_the_embedded_writer_built() {
    installs_imports_and_leaves(BUILDERS[1]);
}

/// What a package says of its files, and the file that the code of a module names.
fn compiled(builder: &str) -> (Vec<String>, String) {
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    let work = work.path();
    let collection = build_with(
        work,
        "el9",
        builder,
        &["--python", "3.11", "--bytecode", "compile", "--no-sandbox"],
    );
    let packages = files(&collection, "rpm");
    let facts = "%{PAYLOADDIGESTALT}\n[%{REQUIRENEVRS}\n][%{FILENAMES} %{FILEDIGESTS} %{FILEMODES} %{FILEMTIMES} %{FILEINODES}\n]";
    let listed =
        packages.iter().map(|path| run(Command::new("rpm").args(["-qp", "--qf", facts]).arg(path)));
    let listed = listed.collect();

    let root = work.join("root");
    for package in packages {
        let mut rpm = Command::new("rpm");
        rpm.arg("--root").arg(&root).args(["-i", "--nodeps", "--noscripts"]).arg(package);
        run(&mut rpm);
    }
    let site = root.join("usr/lib/python3.11/site-packages");
    // Whether the byte code fits the module, and what file it names.
    let import = "import sys, marshal; sys.path.append(sys.argv[1]); import idna; \
                  code = open(idna.__cached__, 'rb').read()[16:]; \
                  print(marshal.loads(code).co_filename)";
    let python =
        output(Command::new("python3.11").args(["-I", "-S", "-B", "-v", "-c", import]).arg(&site));
    let said = String::from_utf8_lossy(&python.stderr);
    assert!(said.contains("idna/__pycache__/__init__.cpython-311.pyc matches"), "{said}");
    let imported = String::from_utf8_lossy(&python.stdout).into_owned();
    (listed, imported)
}

#[test]
fn modules_are_compiled_to_the_same_bytes_by_both_builders() {
    if !privileged() || !have(&["rpm", "rpmbuild", "createrepo_c", "python3.11"]) {
        return;
    }
    let [(system, imported), (embedded, _)] = BUILDERS.map(compiled);
    assert_eq!(system, embedded);
    for optimisation in ["", ".opt-1"] {
        let path = format!("idna/__pycache__/core.cpython-311{optimisation}.pyc");
        assert!(system.iter().any(|files| files.contains(&path)), "{path}: {system:?}");
    }
    assert_eq!(imported, "/usr/lib/python3.11/site-packages/idna/__init__.py\n");
}
