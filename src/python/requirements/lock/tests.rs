//! The lock files of `tests/data/lock`, and what is wrong with others.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use crate::python::{
    artifact::extra_name,
    requirements::{InputRequest, Inputs, LockFormat, RequirementsError},
};
use crate::support::expected::compare;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lock")
}

fn request<'a>(files: &'a [PathBuf], folder: &'a Path) -> InputRequest<'a> {
    InputRequest {
        arguments: &[],
        files,
        constraints: &[],
        extras: &[],
        all_extras: false,
        groups: &[],
        require_pinned: false,
        lock_format: None,
        folder,
        variable: &|_| None,
    }
}

/// What is understood of a lock, a line each, without this machine's paths.
fn shown(inputs: &Inputs) -> String {
    let mut text = String::new();
    let lock = inputs.lock.as_ref().unwrap();
    let format = serde_json::to_value(lock.format).unwrap();
    let python = lock.requires_python.as_ref().map(ToString::to_string).unwrap_or_default();
    let asked: Vec<&str> = lock.asked.iter().map(AsRef::as_ref).collect();
    let environments: Vec<&str> = lock.environments.iter().map(|e| e.text.as_str()).collect();
    writeln!(text, "{format} python {python:?} asked {asked:?} environments {environments:?}")
        .unwrap();
    for note in &inputs.notes {
        writeln!(text, "note {note}").unwrap();
    }
    for root in &lock.roots {
        writeln!(text, "root {root} ({})", root.origin).unwrap();
    }
    for written in &inputs.requirements {
        write!(text, "{written} ({})", written.origin).unwrap();
        if let Some(index) = serde_json::to_value(written).unwrap()["index"].as_str() {
            write!(text, " index {index}").unwrap();
        }
        if let Some(pythons) = &written.requires_python {
            write!(text, " python {pythons}").unwrap();
        }
        if !written.hashes.is_empty() {
            write!(text, " hashes {}", written.hashes.len()).unwrap();
        }
        writeln!(text).unwrap();
        for file in &written.files {
            let url = file.url.as_ref().map_or("-", url::Url::as_str);
            let hash = file.hashes.sha256().map_or("-", |hash| &hash[..1]);
            let (size, time) =
                (file.size.unwrap_or_default(), file.upload_time.unwrap_or_default());
            writeln!(text, "    {} {url} {hash} {size} {time}", file.filename).unwrap();
        }
    }
    text.replace(&folder().display().to_string(), "{LOCK}")
        .replace(&folder().parent().unwrap().display().to_string(), "{DATA}")
}

/// Locks that Poetry 2.5, PDM 2.29, Pipenv 2026.10, pip-tools 7.6 and uv 0.13 wrote, with example hosts
/// in place of their indexes.
#[test]
fn locks_of_the_tools_are_understood() {
    let mut text = String::new();
    for (file, extras, groups) in [
        ("uv/uv.lock", &[][..], &[][..]),
        ("uv/uv.lock", &["*"], &["dev"]),
        ("uv-archive/uv.lock", &[], &[]),
        ("uv-systems/uv.lock", &[], &[]),
        ("uv-conflicts/uv.lock", &[], &[]),
        ("uv-conflicts/uv.lock", &["cpu"], &["a"]),
        ("uv-conflicts/uv.lock", &["gpu", "net"], &["b"]),
        ("uv-conflicts/uv.lock", &["gpu"], &["dev"]),
        ("uv-conflicts/uv.lock", &["*"], &[]),
        ("uv-conflicts/uv.lock", &[], &["a", "b"]),
        ("poetry/poetry.lock", &[], &[]),
        ("poetry/poetry.lock", &["*"], &["dev", "docs"]),
        ("pdm/pdm.lock", &[], &[]),
        ("pdm/pdm.lock", &["fast"], &["dev"]),
        ("pdm/pdm.lock", &["*"], &[]),
        ("pdm/pdm.lock", &["dev"], &[]),
        ("pdm-targets/pdm.lock", &["fast"], &[]),
        ("pdm-systems/pdm.lock", &[], &[]),
        ("pipenv/Pipfile.lock", &[], &[]),
        ("pipenv/Pipfile.lock", &[], &["develop", "docs"]),
        ("pip-tools/requirements.txt", &[], &[]),
    ] {
        let (root, files) = (folder().join("tools"), [PathBuf::from(file)]);
        let all_extras = extras == ["*"];
        let names = extras.iter().filter_map(|name| extra_name(name)).collect::<Vec<_>>();
        let names = if all_extras { &[][..] } else { &names };
        let wanted: Vec<String> = groups.iter().map(ToString::to_string).collect();
        let request =
            InputRequest { extras: names, all_extras, groups: &wanted, ..request(&files, &root) };
        writeln!(text, "== {file} {extras:?} {groups:?}").unwrap();
        match Inputs::read(&request) {
            Ok(inputs) => writeln!(text, "{}", shown(&inputs)).unwrap(),
            Err(error) => writeln!(text, "error: {error}\n").unwrap(),
        }
    }
    compare(&folder().join("tools/expected.txt"), &text).unwrap_or_else(|wrong| panic!("{wrong}"));
}

#[test]
fn locks_are_understood() {
    let mut text = String::new();
    let fast = [extra_name("fast").unwrap()];
    let dev = ["dev".to_owned()];
    for (file, extras, groups) in [
        ("pylock.toml", &[][..], &[][..]),
        ("pylock.toml", &fast, &["test".to_owned()]),
        ("uv.lock", &[], &[]),
        ("uv.lock", &fast, &dev),
        ("poetry.lock", &[], &[]),
        ("poetry.lock", &fast, &dev),
        ("old/poetry.lock", &[], &[]),
        ("old/poetry.lock", &fast, &[]),
        ("pdm.lock", &[], &[]),
        ("pdm.lock", &fast, &dev),
        ("Pipfile.lock", &[], &[]),
        ("Pipfile.lock", &[], &["develop".to_owned()]),
        ("requirements.txt", &[], &[]),
    ] {
        let (root, files) = (folder(), [PathBuf::from(file)]);
        let request = InputRequest { extras, groups, ..request(&files, &root) };
        let inputs = Inputs::read(&request).unwrap_or_else(|error| panic!("{file}: {error}"));
        writeln!(text, "== {file} {groups:?}\n{}", shown(&inputs)).unwrap();
    }
    compare(&folder().join("expected.txt"), &text).unwrap_or_else(|wrong| panic!("{wrong}"));
}

#[test]
fn what_is_wrong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        let files = [PathBuf::from(name)];
        Inputs::read(&request(&files, folder.path())).unwrap_err().to_string()
    };
    let package = "lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\n";
    for (name, text, expected) in [
        (
            "pylock.toml",
            "lock-version = '2.0'\npackages = []",
            "pylock.toml: its lock-version is `2.0`",
        ),
        ("pylock.toml", "lock-version = [", "pylock.toml:1: "),
        (
            "pylock.toml",
            &format!("{package}version = 'x'"),
            "pylock.toml:3: `x` is not a valid version",
        ),
        ("pylock.toml", &format!("{package}marker = 'x'"), "pylock.toml:3: "),
        (
            "pylock.toml",
            &format!(
                "{package}wheels = [{{url = 'https://a.example/a-1-py3-none-any.whl', hashes = {{sha256 = '0'}}}}]"
            ),
            "pylock.toml:3: `0` is not a valid sha256 digest",
        ),
        (
            "pylock.x.toml",
            &format!("{package}sdist = {{hashes = {{}}}}"),
            "pylock.x.toml:3: a file of it has neither url nor path",
        ),
        ("uv.lock", "version = 2", "uv.lock: its version is 2"),
        (
            "uv.lock",
            "version = 1\n[[package]]\nname = 'a'\nsource = {virtual = '.'}\ndependencies = [{name = 'b'}]",
            "uv.lock:2: `a` requires `b`, which is not in the file",
        ),
        ("poetry.lock", "[metadata]\nlock-version = '9'", "poetry.lock: its lock-version is `9`"),
        ("pdm.lock", "[metadata]\nlock_version = '3'", "pdm.lock: its lock_version is `3`"),
        (
            "pdm.lock",
            "[metadata]\nlock_version = '4.5'\n[[package]]\nname = 'a'",
            "pdm.lock:3: it states no groups: lock with the strategy `inherit_metadata`",
        ),
        ("Pipfile.lock", "{", "Pipfile.lock:1: "),
        ("Pipfile.lock", "{}", "Pipfile.lock: it has no `_meta`"),
        (
            "Pipfile.lock",
            r#"{"_meta": {"pipfile-spec": 6}, "default": {"a": {"hashes": ["x"]}}}"#,
            "Pipfile.lock: default.a: `x` names no hash algorithm",
        ),
    ] {
        let message = read(name, text);
        assert!(message.starts_with(expected), "{message}\n{expected}");
    }
}

#[test]
fn a_lock_stands_alone() {
    let root = folder();
    let files = [PathBuf::from("uv.lock")];
    let alone = request(&files, &root);
    let others = ["flask".to_owned()];
    let refused = |request: &InputRequest<'_>| Inputs::read(request).unwrap_err();
    let is_refused = |error| matches!(error, RequirementsError::LockWithOthers { .. });
    assert!(is_refused(refused(&InputRequest { arguments: &others, ..alone })));
    let two = [PathBuf::from("uv.lock"), PathBuf::from("pdm.lock")];
    assert!(is_refused(refused(&request(&two, &root))));
    let constraints = [PathBuf::from("requirements.txt")];
    let alone = request(&files, &root);
    assert!(is_refused(refused(&InputRequest { constraints: &constraints, ..alone })));
    let groups = ["none".to_owned()];
    let error = refused(&InputRequest { groups: &groups, ..request(&files, &root) });
    assert!(matches!(error, RequirementsError::NoSuch { .. }), "{error}");
}

#[test]
fn requirements_are_a_lock_where_each_has_a_version_and_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let hash = format!("--hash=sha256:{}", "0".repeat(64));
    fs::write(folder.path().join("locked.txt"), format!("a==1 {hash}\nb==2 {hash}\n")).unwrap();
    fs::write(folder.path().join("loose.txt"), format!("a==1 {hash}\nb>=2 {hash}\n")).unwrap();
    let read = |name: &str, lock_format| {
        let files = [PathBuf::from(name)];
        let inputs = Inputs::read(&InputRequest { lock_format, ..request(&files, folder.path()) });
        inputs.map(|inputs| inputs.lock.is_some()).map_err(|error| error.to_string())
    };
    assert_eq!(read("locked.txt", None), Ok(true));
    assert_eq!(read("loose.txt", None), Ok(false));
    let error = read("loose.txt", Some(LockFormat::Requirements)).unwrap_err();
    assert_eq!(error, "not locked by a version and hashes:\n  loose.txt:2: `b>=2`");
}
