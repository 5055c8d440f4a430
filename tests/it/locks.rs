//! Locks for other systems, locks that lack something, and several projects in one place.

use std::{fs, path::Path};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    project::{commit, project},
    run,
    support::tools::have,
    support::wheel::Wheel,
};

#[test]
fn locks_for_other_systems_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lock/tools");
    let refused = |target: &str, lock: &str| {
        let path = tools.join(lock).display().to_string();
        let found = run(folder.path(), &["resolve", "-q", "--offline", "-t", target, "-r", &path]);
        assert_eq!((found.status, found.stdout.as_str()), (1, ""), "{lock}");
        found.stderr
    };
    for (target, lock, expected) in [
        (
            "debian-12",
            "uv-systems/uv.lock",
            "it was locked for `sys_platform == 'win32'` and `sys_platform == 'darwin'` (the \
             target is Python 3.11.2 on linux x86_64)\n",
        ),
        (
            "debian-12",
            "pdm-systems/pdm.lock",
            "it was locked for `Python >=3.11, macos_14_0_arm64` and `Python >=3.11, \
             windows_amd64` (the target is Python 3.11.2 on linux x86_64)\n",
        ),
        (
            "el9",
            "pdm-targets/pdm.lock",
            "it was locked for `Python >=3.11, manylinux_2_40_x86_64` and `Python >=3.11, \
             windows_amd64` (the target is Python 3.9.",
        ),
        ("el9", "pdm/pdm.lock", "it was locked for `Python >=3.11` (the target is Python 3.9."),
        (
            "el9",
            "poetry/poetry.lock",
            "it was locked for `Python >=3.11,<4.0` (the target is Python 3.9.",
        ),
        ("el9", "uv/uv.lock", "it is for Python >=3.11 (the target has 3.9."),
        ("el9", "pipenv/Pipfile.lock", "it is for Python ==3.11.* (the target has 3.9."),
    ] {
        let error = refused(target, lock);
        assert!(error.contains(expected), "{lock}: {error}");
        assert!(error.contains("\nhint: lock again for the target"), "{lock}: {error}");
    }
}

#[test]
fn what_a_project_requires_itself_is_locked() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    Wheel { project: "two", ..Wheel::default() }.write(&at.join("index"));
    let resolve = |stated: &str| {
        let hash = "0".repeat(64);
        let lock = format!(
            "version = 1\n[[package]]\nname = 'app'\nsource = {{virtual = '.'}}\n\
             dependencies = [{{name = 'one'}}]\n[package.metadata]\nrequires-dist = [{stated}]\n\
             [[package]]\nname = 'one'\nversion = '1.0'\nsource = {{registry = 'index'}}\n\
             wheels = [{{path = 'index/one-1.0-py3-none-any.whl', hash = 'sha256:{hash}'}}]\n"
        );
        fs::write(at.join("uv.lock"), lock).unwrap();
        run(at, &["resolve", "-q", "--no-build-metadata", "-t", "debian-12", "-r", "uv.lock"])
            .stderr
    };
    for (stated, problem) in [
        (
            "{name = 'one', specifier = '>=2'}",
            "uv.lock:2: `one>=2` is required, but 1.0 is locked\n",
        ),
        ("{name = 'two'}", "uv.lock:2: `two` is required, but is not locked\n"),
        (
            "{name = 'two', marker = \"sys_platform == 'linux'\"}",
            "uv.lock:2: `two ; sys_platform == 'linux'` is required, but is not locked\n",
        ),
    ] {
        assert!(resolve(stated).contains(problem), "{stated}: {}", resolve(stated));
    }
    for stated in [
        "{name = 'one', specifier = '>=1'}",
        "{name = 'two', marker = \"sys_platform == 'win32'\"}",
        "{name = 'two', marker = \"extra == 'fast'\"}",
    ] {
        assert!(!resolve(stated).contains("is required"), "{stated}: {}", resolve(stated));
    }
}

#[test]
fn projects_of_one_place_are_told_apart() {
    if !have(&["git", "python3", "tar"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    let mono = at.join("src/mono");
    project(&mono.join("first"), "first", &["one"]);
    project(&mono.join("second"), "second", &[]);
    commit(&mono, "v1");
    let packed = std::process::Command::new("tar")
        .args(["-czf", "mono.tar.gz", "-C", "src", "--exclude=.git", "mono"])
        .current_dir(at)
        .status();
    assert!(packed.unwrap().success());
    let place = at.display();
    for url in [
        format!("git+file://{place}/src/mono@v1"),
        format!("file://{place}/mono.tar.gz"),
        format!("file://{place}/src/mono"),
    ] {
        let both =
            format!("first @ {url}#subdirectory=first\nsecond @ {url}#subdirectory=second\n");
        fs::write(at.join("r.txt"), both).unwrap();
        let common = ["-q", "-t", "debian-12", "-i", "index", "-r"];
        let build = |file: &str, into: &str| {
            let built = run(at, &[&["build"], &common[..], &[file, "-o", into]].concat());
            assert_eq!(built.status, 0, "{url}: {}", built.stderr);
            let text = fs::read_to_string(at.join(into).join("collection.json")).unwrap();
            let json: Value = serde_json::from_str(&text).unwrap();
            let list = json["packages"].as_array().unwrap().iter();
            list.map(|found| found["project"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(build("r.txt", "dist"), ["first", "one", "second"], "{url}");
        let locked = run(at, &[&["lock"], &common[..], &["r.txt", "-o", "pylock.toml"]].concat());
        assert_eq!(locked.status, 0, "{url}: {}", locked.stderr);
        assert_eq!(build("pylock.toml", "again"), ["first", "one", "second"], "{url}");
        fs::remove_dir_all(at.join("dist")).unwrap();
        fs::remove_dir_all(at.join("again")).unwrap();
    }
}

#[test]
fn a_lock_that_its_project_has_outgrown_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    Wheel { project: "two", ..Wheel::default() }.write(&at.join("index"));
    let wheel = "one-1.0-py3-none-any.whl";
    let hash = hex::encode(Sha256::digest(fs::read(at.join("index").join(wheel)).unwrap()));
    let file = format!("files = [{{file = '{wheel}', hash = 'sha256:{hash}'}}]");
    let one = "[[package]]\nname = 'one'\nversion = '1.0'\noptional = false\n";
    let uv = format!(
        "version = 1\n[[package]]\nname = 'app'\nsource = {{virtual = '.'}}\n\
         dependencies = [{{name = 'one'}}]\n{one}source = {{registry = 'index'}}\n\
         wheels = [{{path = 'index/{wheel}', hash = 'sha256:{hash}'}}]\n"
    );
    let poetry = format!(
        "{one}groups = ['main']\npython-versions = '>=3'\n{file}\n[metadata]\n\
         lock-version = '2.1'\npython-versions = '>=3'\ncontent-hash = 'x'\n"
    );
    let pdm = format!(
        "[metadata]\ngroups = ['default']\nstrategy = []\nlock_version = '4.5.0'\n\
         content_hash = 'x'\n{one}groups = ['default']\n{file}\n"
    )
    .replace("optional = false\n", "");
    let pipfile = format!(
        "{{\"_meta\": {{\"pipfile-spec\": 6, \"requires\": {{}}, \"sources\": []}}, \"develop\": {{}}, \
         \"default\": {{\"one\": {{\"hashes\": [\"sha256:{hash}\"], \"version\": \"==1.0\"}}}}}}"
    );
    let project = |lines: &str| format!("[project]\nname = 'app'\nversion = '1'\n{lines}");
    let locks = [("uv.lock", &uv), ("poetry.lock", &poetry), ("pdm.lock", &pdm)];
    let resolve = |lock: &str, text: &str, beside: &str, content: &str| {
        fs::write(at.join(lock), text).unwrap();
        fs::write(at.join(beside), content).unwrap();
        let common = ["resolve", "-q", "-t", "debian-12", "-i", "index", "-r", lock];
        let found = run(at, &common);
        fs::remove_file(at.join(lock)).unwrap();
        fs::remove_file(at.join(beside)).unwrap();
        (found.status, found.stderr)
    };
    let beside = "pyproject.toml";
    for (lock, text) in locks {
        for (lines, problem) in [
            ("dependencies = ['one', 'two>=1']\n", "4: `two>=1` is required, but is not locked\n"),
            ("dependencies = ['one>1']\n", "4: `one>1` is required, but 1.0 is locked\n"),
            ("dependencies = ['one', \"two ; sys_platform == 'win32'\"]\n", ""),
            ("dynamic = ['dependencies']\n", ""),
            ("dependencies = ['one==1.0']\n", ""),
        ] {
            let (status, stderr) = resolve(lock, text, beside, &project(lines));
            let expected = if problem.is_empty() {
                String::new()
            } else {
                format!(
                    "error: the lock does not fit:\n  pyproject.toml:{problem}\
                     hint: lock again for the target, or exclude a project with `--exclude`\n"
                )
            };
            assert_eq!(
                (status, stderr),
                (i32::from(!problem.is_empty()), expected),
                "{lock} {lines}"
            );
        }
    }
    // What uv takes from elsewhere or in another version is not stale.
    let lines = "dependencies = ['one>1', 'two']\n[tool.uv]\noverride-dependencies = ['one==1']\n\
                 [tool.uv.sources]\ntwo = {workspace = true}\n";
    assert_eq!(resolve("uv.lock", &uv, beside, &project(lines)), (0, String::new()));
    // Poetry's own table, and a Pipfile.
    let table = "[tool.poetry.dependencies]\npython = '^3.11'\none = '^1'\ntwo = '^1'\n";
    let (status, stderr) = resolve("poetry.lock", &poetry, beside, table);
    assert_eq!(status, 1);
    assert!(stderr.contains("pyproject.toml:4: `two` is required, but is not locked"), "{stderr}");
    let table = "[packages]\none = '>1'\ntwo = {version = '*', markers = \"os_name == 'nt'\"}\n";
    let (status, stderr) = resolve("Pipfile.lock", &pipfile, "Pipfile", table);
    assert_eq!(status, 1);
    assert!(stderr.contains("Pipfile:2: `one>1` is required, but 1.0 is locked"), "{stderr}");
    let table = "[packages]\none = '*'\n";
    assert_eq!(resolve("Pipfile.lock", &pipfile, "Pipfile", table), (0, String::new()));
}
