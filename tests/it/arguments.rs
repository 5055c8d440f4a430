//! What the command line names: files in place of projects, standard input, pipes.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{command, run, support::wheel::Wheel};

/// The names of the requirements that a shell's command line gives, where `pypi2pkg` is the program.
fn understood(folder: &Path, script: &str, input: &str) -> Result<Vec<String>, String> {
    let program = Path::new(env!("CARGO_BIN_EXE_pypi2pkg")).parent().unwrap();
    let mut child = Command::new("bash")
        .args(["-c", script])
        .current_dir(folder)
        .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let list = json["requirements"].as_array().unwrap().iter();
    Ok(list.map(|found| format!("{} {}", found["name"], found["origin"])).collect())
}

#[test]
fn a_file_is_no_project() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    fs::copy(at.join("index/one-1.0-py3-none-any.whl"), at.join("one-1.0-py3-none-any.whl"))
        .unwrap();
    for name in ["plain", "reqs.txt", "reqs.in", "pyproject.toml", "LOCK.TXT", "uv.lock"] {
        fs::write(at.join(name), "").unwrap();
    }
    let resolve =
        |argument: &str| run(at, &["resolve", "-q", "-t", "debian-12", "-i", "index", argument]);
    for name in ["plain", "./plain", "reqs.txt", "LOCK.TXT", "missing.txt", "missing.in"] {
        let refused = resolve(name);
        assert_eq!(refused.status, 2, "{name}");
        let expected = format!(
            "error: command line: `{name}` is the name of a file, not of a project\nhint: `-r \
             {name}` reads it as a requirements, project or lock file; a project of that name is \
             `{name}>=0`\n"
        );
        assert_eq!(refused.stderr, expected);
    }
    for name in ["reqs.in", "pyproject.toml", "missing.toml", "uv.lock", "missing.lock"] {
        assert!(resolve(name).stderr.contains("not of a project"), "{name}");
    }
    // Wheels are inputs, and so is a project that is called like a folder.
    fs::create_dir(at.join("one")).unwrap();
    for name in ["one", "one==1.0", "one-1.0-py3-none-any.whl", "./one-1.0-py3-none-any.whl"] {
        assert_eq!(resolve(name).status, 0, "{name}: {}", resolve(name).stderr);
    }
}

#[test]
fn streams_are_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("more.txt"), "more\n").unwrap();
    let read = |script: &str| understood(at, script, "one\n-r more.txt\n");
    let expected = [r#""one" "<stdin>:1""#, r#""more" "more.txt:1""#];
    assert_eq!(read("pypi2pkg inputs - --json").unwrap(), expected);
    let piped = read("pypi2pkg inputs <(printf 'one\\n-r more.txt\\n') --json").unwrap();
    assert!(piped[0].starts_with(r#""one" "/dev/fd/"#), "{piped:?}");
    assert_eq!(piped[1], r#""more" "more.txt:1""#);
    let fifo = "mkfifo pipe; printf 'one\\n' > pipe & pypi2pkg inputs pipe --json";
    assert_eq!(read(fifo).unwrap(), [r#""one" "pipe:1""#]);
    let twice = read("pypi2pkg inputs - -c - --json").unwrap_err();
    let expected = "error: cannot read the requirements file `<stdin>`: it was read before, and a \
                    stream can be read only once\n";
    assert!(twice.starts_with(expected), "{twice}");
    // What a file names is not waited for.
    fs::write(at.join("waits.txt"), "-r pipe\n").unwrap();
    let nested = read("pypi2pkg inputs waits.txt --json").unwrap_err();
    assert!(nested.contains("it is not a regular file"), "{nested}");
}

#[test]
fn a_lock_may_come_from_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let hash = "0".repeat(64);
    let lock = format!(
        "lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'one'\nversion = '1'\n\
         wheels = [{{path = 'w/one-1-py3-none-any.whl', hashes = {{sha256 = '{hash}'}}}}]\n"
    );
    let script = "pypi2pkg inputs - --lock-format pylock --json | tee found";
    assert_eq!(understood(at, script, &lock).unwrap(), [r#""one" "<stdin>:3""#]);
    let found = fs::read_to_string(at.join("found")).unwrap();
    let url = format!("file://{}/w/one-1-py3-none-any.whl", at.display());
    assert!(found.contains(&url), "{found}");
}

#[test]
fn an_application_that_starts_itself_is_mentioned() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    fs::create_dir_all(at.join("app/bin")).unwrap();
    fs::write(at.join("app/dependencies.txt"), "one\n").unwrap();
    let resolve = || run(at, &["resolve", "-q", "-t", "debian-12", "-i", "index", "app"]);
    assert_eq!(resolve().stderr, "");
    fs::write(at.join("app/bin/wsgiapp"), "").unwrap();
    let expected = "warning: app/bin/wsgiapp: it is not packaged: only what `dependencies.txt` \
                    names is\n";
    assert_eq!((resolve().status, resolve().stderr.as_str()), (0, expected));
}

#[test]
fn hashes_of_some_need_not_be_hashes_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    Wheel { project: "two", ..Wheel::default() }.write(&at.join("index"));
    let resolve = |text: &str| {
        fs::write(at.join("r.txt"), text).unwrap();
        run(at, &["resolve", "-q", "-t", "debian-12", "-i", "index", "-r", "r.txt"])
    };
    let wrong = "0".repeat(64);
    let found = resolve("one\ntwo\n--no-require-hashes\n");
    assert_eq!((found.status, found.stderr.as_str()), (0, ""));
    let found = resolve(&format!("one --hash=sha256:{wrong}\ntwo\n--no-require-hashes\n"));
    assert!(found.stderr.contains("no file with a matching hash"), "{}", found.stderr);
    let found = resolve(&format!("one\ntwo --hash=sha256:{wrong}\n"));
    assert!(found.stderr.contains("without a hash"), "{}", found.stderr);
    let found = resolve("one\n--require-hashes\n--no-require-hashes\n");
    assert_eq!(found.status, 2);
    let expected = "error: r.txt:3: the option `--no-require-hashes` contradicts \
                    `--require-hashes` (r.txt:2)\n";
    assert!(found.stderr.starts_with(expected), "{}", found.stderr);
}

#[test]
fn diagnostics_are_written_when_they_are_requested() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let arguments = ["resolve", "one", "-i", "http://user:secret@127.0.0.1:9/simple"];
    let program = Path::new(env!("CARGO_BIN_EXE_pypi2pkg"));
    let stderr = |level: &str| {
        let output = command(program, at, &arguments).env("PYPI2PKG_LOG", level).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, text) = stderr("debug");
    assert_eq!(status, Some(1));
    assert!(text.contains("DEBUG pypi2pkg::index::http: request"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    assert!(!stderr("warn").1.contains("DEBUG"));
    let wanted = "error: `PYPI2PKG_LOG`: `loud` is not a level: expected error, warn, info, debug or trace\n";
    assert_eq!(stderr("loud"), (Some(2), wanted.to_owned()));
}
