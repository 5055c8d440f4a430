//! Sdists that need something of this machine to be built.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use flate2::{Compression, write::GzEncoder};

use crate::{project::project, support::tools::have, support::wheel::Wheel};

/// An index of one sdist; `change` edits the text of its backend.
fn sdist(at: &Path, name: &str, change: impl Fn(String) -> String) {
    fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
    let source = at.join("source");
    project(&source, name, &[]);
    let backend = fs::read_to_string(source.join("backend.py")).unwrap();
    fs::write(source.join("backend.py"), change(backend)).unwrap();
    fs::create_dir_all(at.join("index")).unwrap();
    let file = fs::File::create(at.join(format!("index/{name}-1.0.tar.gz"))).unwrap();
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
    archive.append_dir_all(format!("{name}-1.0"), source).unwrap();
    archive.into_inner().unwrap().finish().unwrap();
}

/// Programs that stand for those of the system, found before them.
fn program(at: &Path, name: &str, text: &str) {
    fs::create_dir_all(at.join("bin")).unwrap();
    let path = at.join("bin").join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn build(at: &Path, name: &str, more: &[&str]) -> (i32, String) {
    build_for("debian-12", at, name, more)
}

fn build_for(target: &str, at: &Path, name: &str, more: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
        .args(["build", name, "-q", "-t", target, "-i", "index", "--builder", "embedded"])
        .args(more)
        .current_dir(at)
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", at.join("bin").display()))
        .env("PYPI2PKG_CACHE_DIR", at.join("cache"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Whether this machine's packages are named as the target's.
fn is_debian() -> bool {
    let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
    text.lines().any(|line| line == "ID=debian") && have(&["python3", "bwrap"])
}

#[test]
fn missing_packages_are_named_and_installed() {
    if !is_debian() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    sdist(at, "psycopg2", |backend| backend);
    let list = at.join("installed");
    fs::write(&list, "installed gcc, c-compiler\nconfig-files libpq-dev, \n").unwrap();
    program(at, "dpkg-query", &format!("cat {}", list.display()));
    program(at, "sudo", &format!("exec {}/bin/\"$@\"", at.display()));
    program(
        at,
        "apt-get",
        &format!(
            "echo \"$@\" > {0}/asked; echo installed libpq-dev, >> {0}/installed",
            at.display()
        ),
    );
    let (status, stderr) = build(at, "psycopg2", &[]);
    assert_eq!(status, 1);
    assert!(
        stderr.contains(
            "`psycopg2-1.0.tar.gz` is built with what is not installed here: `libpq-dev`\nhint: `"
        ) && stderr.ends_with(
            "apt-get install --yes --no-install-recommends -- libpq-dev` installs what is missing, \
             as `--install-build-deps` does\n"
        ),
        "{stderr}"
    );
    // For a target of another family, it may do without.
    let (status, stderr) = build_for("fedora-43", at, "psycopg2", &["-o", "rpms"]);
    let told =
        "warning: `psycopg2-1.0.tar.gz` is built with what is not installed here: `libpq-dev`\n";
    assert_eq!((status, stderr.as_str()), (0, told));

    // The distribution's own package is newer.
    let more = ["--install-build-deps", "--name-prefix", "acme-"];
    let (status, stderr) = build(at, "psycopg2", &more);
    assert_eq!((status, stderr.as_str()), (0, "warning: installing libpq-dev\n"));
    let asked = fs::read_to_string(at.join("asked")).unwrap();
    assert_eq!(asked, "install --yes --no-install-recommends -- libpq-dev\n");
    assert_eq!(build(at, "psycopg2", &["-o", "again"]).0, 0);
}

#[test]
fn what_a_failed_build_lacked_is_named() {
    if !is_debian() {
        return;
    }
    for (said, wanted) in [
        ("x.c:1:1: fatal error: Python.h: No such file or directory", "python3.11-dev"),
        ("x.c:1:1: fatal error: openssl/ssl.h: No such file or directory", "libssl-dev"),
        ("error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory", "gcc"),
        ("error: command 'g++' failed: No such file or directory", "g++"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        sdist(at, "native", |backend| {
            backend
                .replace("    info = f", &format!("    raise SystemExit({said:?})\n    info = f"))
        });
        program(at, "dpkg-query", "echo installed nothing,");
        let (status, stderr) = build(at, "native", &[]);
        assert_eq!(status, 1);
        assert!(stderr.contains(said), "{stderr}");
        let hint =
            format!("-- {wanted}` installs what is missing, as `--install-build-deps` does\n");
        assert!(stderr.ends_with(&hint), "{stderr}");
    }
}

/// The list of folders in the native code of the package that was built, which has to be loadable.
fn library_path(at: &Path) -> Option<String> {
    let script = "dpkg-deb -x dist/*.deb root && cp root/usr/lib/python3/dist-packages/native/x.so . && \
                  python3 -c 'import ctypes; assert ctypes.CDLL(\"./x.so\").x() == 1' && readelf -d x.so";
    let output = Command::new("sh").args(["-c", script]).current_dir(at).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.contains("(RUNPATH)") || line.contains("(RPATH)"))?;
    Some(line.split_once('[')?.1.trim_end_matches(']').to_owned())
}

#[test]
fn libraries_are_not_looked_for_outside_the_wheel() {
    if !have(&["python3", "bwrap", "cc", "readelf", "dpkg-deb"]) {
        return;
    }
    for (path, status, kept) in [
        ("/build/lib", 1, None),
        ("$ORIGIN/../lib", 0, Some("$ORIGIN/../lib")),
        ("relative", 1, None),
        ("/usr/lib64", 0, None),
        ("/usr/lib:/usr/lib/x86_64-linux-gnu", 0, None),
        ("/usr/lib64:$ORIGIN/../lib:/lib", 0, Some("$ORIGIN/../lib")),
        ("/usr/lib64:/build/lib", 1, None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::write(at.join("x.c"), "int x(void) { return 1; }\n").unwrap();
        let linked = Command::new("cc")
            .args(["-shared", "-fPIC", "x.c", "-o", "x.so"])
            .arg(format!("-Wl,-rpath,{path}"))
            .current_dir(at)
            .status()
            .unwrap();
        assert!(linked.success());
        let binaries = [("native/x.so", fs::read(at.join("x.so")).unwrap())];
        let tags = "py3-none-linux_x86_64";
        Wheel { project: "native", tags, binaries: &binaries, ..Wheel::default() }
            .write(&at.join("source"));
        sdist(at, "native", |backend| {
            let name = format!("native-1.0-{tags}.whl");
            let copy = format!(
                "    import shutil\n    shutil.copy({name:?}, folder)\n    return {name:?}\n    info = f"
            );
            backend.replace("    info = f", &copy)
        });
        let (found, stderr) = build(at, "native", &["--arch", "x86_64"]);
        assert_eq!(found, status, "{path}: {stderr}");
        let foreign = path.rsplit(':').next().unwrap();
        let wanted = format!("a wheel whose `native/x.so` looks for libraries in `{foreign}`");
        assert!(status == 0 || stderr.contains(&wanted), "{stderr}");
        if status == 0 {
            assert_eq!(library_path(at).as_deref(), kept, "{path}");
        }
    }
}
