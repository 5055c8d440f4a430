//! Modules that cost more to compile than there is.

use std::{fs, path::Path, process::Command};

use crate::{run, support::tools::have, support::wheel::Wheel};

/// An index with `big`, whose module takes more memory than `pypi2pkg.toml` leaves, and `one`.
fn index(at: &Path) {
    let module = "a[b,c,d,e,f,g]=1;".repeat(1000) + "\n";
    let binaries = [("big_data/module.py", module.repeat(100).into_bytes())];
    Wheel { project: "big", binaries: &binaries, ..Wheel::default() }.write(&at.join("index"));
    Wheel::default().write(&at.join("index"));
    fs::write(at.join("pypi2pkg.toml"), "[sandbox]\nmemory = 300\n").unwrap();
}

const BUILD: [&str; 11] =
    ["build", "big", "one", "-t", "el9", "--python", "3.11", "-q", "-i", "index", "--builder"];

/// The paths in the packages of a collection, by the names of these.
fn paths(at: &Path, package: &str) -> Option<Vec<String>> {
    let entries = fs::read_dir(at.join("dist")).unwrap().map(|entry| entry.unwrap().path());
    let mut entries = entries.chain(
        fs::read_dir(at.join("dist/Packages")).into_iter().flatten().map(|e| e.unwrap().path()),
    );
    let file = entries.find(|path| {
        path.file_name().unwrap().to_str().unwrap().starts_with(&format!("{package}-1.0"))
    })?;
    let output = Command::new("rpm").arg("-qlp").arg(file).output().unwrap();
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

fn brings_byte_code(paths: &[String]) -> bool {
    paths.iter().any(|path| path.ends_with(".pyc"))
}

#[test]
fn a_module_that_exhausts_the_memory_costs_its_package_the_byte_code() {
    if !(have(&["python3.11", "bwrap"]) && have(&["rpm", "rpmbuild"])) {
        return;
    }
    for builder in ["embedded", "system"] {
        for sandbox in [&[][..], &["--no-sandbox"]] {
            let folder = tempfile::tempdir().unwrap();
            let at = folder.path();
            index(at);
            let built = run(at, &[&BUILD[..], &[builder], sandbox].concat());
            assert_eq!(built.status, 0, "{builder}: {}", built.stderr);
            let wanted = "warning: `python3.11-big` gets no byte code: ";
            let is_limited = sandbox.is_empty();
            assert_eq!(built.stderr.contains(wanted), is_limited, "{builder}: {}", built.stderr);
            assert!(
                !is_limited || built.stderr.contains("a module takes more memory than there is")
            );
            assert_eq!(brings_byte_code(&paths(at, "python3.11-big").unwrap()), !is_limited);
            assert!(brings_byte_code(&paths(at, "python3.11-one").unwrap()));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    let built = run(at, &[&BUILD[..], &["embedded", "--bytecode", "compile"]].concat());
    assert_eq!(built.status, 1);
    assert!(built.stderr.contains("a module takes more memory than there is"), "{}", built.stderr);
    assert!(paths(at, "python3.11-big").is_none());
    assert!(brings_byte_code(&paths(at, "python3.11-one").unwrap()));
}

#[test]
fn without_a_sandbox_nothing_is_compiled() {
    if !have(&["python3.11"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    let programs = at.join("bin");
    fs::create_dir(&programs).unwrap();
    std::os::unix::fs::symlink("/usr/bin/python3.11", programs.join("python3.11")).unwrap();
    let build = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
            .args(["build", "one", "-t", "el9", "--python", "3.11", "-q", "-i", "index"])
            .args(["--builder", "embedded"])
            .args(more)
            .current_dir(at)
            .env_clear()
            .env("PATH", &programs)
            .env("PYPI2PKG_CACHE_DIR", at.join("cache"))
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, said) = build(&[]);
    let wanted = "warning: packages get no byte code: modules are compiled in a sandbox: `bwrap` is \
                  not installed\n";
    assert_eq!((status, said.as_str()), (0, wanted));
    let (status, said) = build(&["--bytecode", "compile"]);
    let wanted = "error: `--bytecode compile` compiles in a sandbox: `bwrap` is not installed\n";
    assert_eq!(status, 2);
    assert!(said.starts_with(wanted) && said.contains("`--no-sandbox`"), "{said}");
    let (status, said) = build(&["--bytecode", "compile", "--no-sandbox"]);
    assert_eq!((status, said.as_str()), (0, ""));
}

/// Byte code that a wheel brings is left out, with the folders that held nothing else.
#[test]
fn byte_code_of_wheels_leaves_no_empty_folder() {
    for (target, builder) in [
        ("fedora-43", "embedded"),
        ("fedora-43", "system"),
        ("debian-12", "embedded"),
        ("debian-12", "system"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let code = [
            ("kept/__init__.py", b"x = 1\n".to_vec()),
            ("kept/__pycache__/__init__.cpython-311.pyc", b"code".to_vec()),
            ("kept/only/code.pyc", b"code".to_vec()),
        ];
        Wheel { binaries: &code, ..Wheel::default() }.write(&at.join("index"));
        let common = ["-q", "-t", target, "-i", "index", "--builder", builder];
        let more = ["--bytecode", "none", "--no-sandbox"];
        let built = run(at, &[&["build", "one"], &common[..], &more[..]].concat());
        assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{target} {builder}");
    }
}
