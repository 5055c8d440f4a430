//! Every form of input, from a file to a collection.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use serde_json::Value;

use crate::{
    build::contents,
    project::{commit, project},
    run,
    support::tools::have,
    support::wheel::Wheel,
};

/// `two` requires `one`, of which there are two versions.
fn index(folder: &Path) {
    Wheel::default().write(&folder.join("index"));
    Wheel { version: "2.0", ..Wheel::default() }.write(&folder.join("index"));
    Wheel { project: "two", fields: "Requires-Dist: one\n", ..Wheel::default() }
        .write(&folder.join("index"));
}

fn resolved(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let arguments = [&["resolve", "-q", "--json", "-t", "debian-12"], arguments].concat();
    let found = run(folder, &arguments);
    assert_eq!((found.status, found.stderr.as_str()), (0, ""), "{arguments:?}");
    let json: Value = serde_json::from_str(&found.stdout).unwrap();
    let pins = json["pins"].as_object().unwrap().values();
    pins.map(|pin| pin["file"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_was_understood_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let hash = "0".repeat(64);
    fs::write(
        at.join("requirements.txt"),
        format!(
            "--index-url https://user:secret@index.example/simple\n\
             Foo[B,a]>=1,<2 ; python_version >= '3.8' --hash=sha256:{hash}\n\
             -c constraints.txt\n\
             bar @ git+https://git.example/bar.git@v1#subdirectory=src\n"
        ),
    )
    .unwrap();
    fs::write(at.join("constraints.txt"), "baz<3\n").unwrap();
    let found = run(at, &["inputs", "requirements.txt", "--json"]);
    assert_eq!((found.status, found.stderr.as_str()), (0, ""));
    assert!(!found.stdout.contains("secret"));
    let json: Value = serde_json::from_str(&found.stdout).unwrap();
    let first = &json["requirements"][0];
    assert_eq!(first["name"], "foo");
    assert_eq!(first["extras"], serde_json::json!(["b", "a"]));
    assert_eq!(first["specifier"], serde_json::json!([">=1", "<2"]));
    assert_eq!(first["marker"], "python_version >= '3.8'");
    assert_eq!(first["hashes"][0]["sha256"], hash);
    assert_eq!(first["origin"], "requirements.txt:2");
    assert_eq!(json["requirements"][1]["constraint"], true);
    assert_eq!(json["requirements"][2]["revision"], "v1");
    assert_eq!(json["requirements"][2]["subdirectory"], "src");
    assert_eq!(json["options"]["index-url"], "https://****@index.example/simple");
    let table = run(at, &["inputs", "requirements.txt"]).stdout;
    assert!(table.contains("constraint   baz<3"), "{table}");
    assert!(table.contains("option       --require-hashes\n"), "{table}");
}

#[test]
fn folders_archives_and_repositories_are_inputs() {
    if !have(&["git", "python3"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    project(&at.join("src/mine"), "mine", &["one<2"]);
    commit(&at.join("src/mine"), "v1");
    let local = ["-i", "index"];
    let mine = "mine-1.0-py3-none-any.whl".to_owned();
    let one = "one-1.0-py3-none-any.whl".to_owned();
    let repository = format!("mine @ git+file://{}@v1", at.join("src/mine").display());
    for input in ["./src/mine", &repository, "index/one-1.0-py3-none-any.whl"] {
        let found = resolved(at, &[&local[..], &[input]].concat());
        let expected = if input.starts_with("index") {
            vec![one.clone()]
        } else {
            vec![mine.clone(), one.clone()]
        };
        assert_eq!(found, expected, "{input}");
    }
    fs::write(at.join("r.txt"), "-e src/mine\nmine\n").unwrap();
    assert_eq!(resolved(at, &["-i", "index", "-r", "r.txt"]), [mine.clone(), one]);
    assert_eq!(
        resolved(at, &["-i", "index", "-r", "src/mine"]),
        ["one-1.0-py3-none-any.whl"],
        "a project that is named as a file gives its requirements"
    );

    // What was built here tells nothing of this machine.
    let built = run(at, &["build", "-q", "-t", "debian-12", "-i", "index", "./src/mine"]);
    assert_eq!(built.status, 0, "{}", built.stderr);
    let here = at.display().to_string();
    for (name, bytes) in contents(&at.join("dist")) {
        assert!(!String::from_utf8_lossy(&bytes).contains(&here), "{name}");
    }
    let missing = run(at, &["resolve", "-q", "-t", "debian-12", "-i", "index", "./src"]);
    assert_eq!(missing.status, 2);
    assert_eq!(
        missing.stderr,
        "error: command line: `./src` is not a requirement: the folder has neither \
         `pyproject.toml` nor `setup.py`\nhint: write NAME, NAME[EXTRA], NAME==VERSION, a URL, \
         or a path such as ./folder\n"
    );
}

#[test]
fn a_constraint_may_say_where_a_project_is() {
    if !have(&["python3"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    project(&at.join("own"), "one", &[]);
    fs::write(at.join("c.txt"), format!("one @ file:{}\n", at.join("own").display())).unwrap();
    let source = |arguments: &[&str]| {
        let target = ["resolve", "-q", "--json", "-t", "debian-12", "-i", "index"];
        let found = run(at, &[&target, arguments].concat());
        let json: Value = serde_json::from_str(&found.stdout).unwrap_or_default();
        json["pins"]["one"]["url"].as_str().map(str::to_owned)
    };
    assert_eq!(source(&["two"]).unwrap(), "file://[FOLDER]/index/one-2.0-py3-none-any.whl");
    assert_eq!(source(&["two", "-c", "c.txt"]).unwrap(), "file://[FOLDER]/own");
    assert_eq!(source(&["two", "one==2.0", "-c", "c.txt"]), None);
}

#[test]
fn settings_reach_the_build() {
    if !have(&["python3"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    project(&at.join("own"), "own", &[]);
    fs::write(at.join("r.txt"), "./own --config-settings setting=chosen\n").unwrap();
    let target = ["-q", "-t", "debian-12", "-i", "index"];
    let frozen = run(at, &[&["freeze", "-r", "r.txt"], &target[..]].concat());
    assert_eq!(frozen.status, 0, "{}", frozen.stderr);
    let wheel = fs::File::open(at.join("frozen/own-1.0-py3-none-any.whl")).unwrap();
    let mut wheel = zip::ZipArchive::new(wheel).unwrap();
    let module = std::io::read_to_string(wheel.by_name("own.py").unwrap()).unwrap();
    assert_eq!(module, "SETTING = 'chosen'\n");
}

#[test]
fn an_application_brings_its_system_packages() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    fs::create_dir(at.join("app")).unwrap();
    fs::write(at.join("app/dependencies.txt"), "two\n").unwrap();
    fs::write(
        at.join("app/external-dependencies.txt"),
        "libpq5  # database\nnothing; sys_platform == 'win32'\nlibfoo (>= 2)\n",
    )
    .unwrap();
    let found = run(at, &["plan", "app", "-q", "-t", "debian-12", "-i", "index", "--json"]);
    assert_eq!((found.status, found.stderr.as_str()), (0, ""));
    let plan = &found.stdout;
    assert_eq!(plan.matches("\"libpq5\"").count(), 1, "only what the application asks for");
    assert!(plan.contains("app/external-dependencies.txt:1") && !plan.contains("nothing"));
    assert!(
        plan.contains("needs from the system: libfoo (>= 2) (app/external-dependencies.txt:3)")
    );
}

#[test]
fn the_same_is_built_of_a_lock() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    let target = ["-q", "-t", "debian-12"];
    let lock = |more: &[&str]| {
        let found = run(at, &[&["lock", "two[x]", "-i", "index"], &target[..], more].concat());
        assert_eq!(found.status, 0, "{}", found.stderr);
        fs::read_to_string(at.join("pylock.toml")).unwrap()
    };
    fs::remove_file(at.join("index/one-2.0-py3-none-any.whl")).unwrap();
    let first = lock(&[]);
    assert!(first.contains("roots = [\"two[x]\"]"), "{first}");
    assert!(first.contains("path = \"index/one-1.0-py3-none-any.whl\""), "{first}");
    let build = |input: &[&str], output: &str| {
        let found = run(at, &[&["build", "-o", output], input, &target[..]].concat());
        assert_eq!(found.status, 0, "{}", found.stderr);
        let mut files = contents(&at.join(output));
        files.retain(|name, _| name.ends_with(".deb"));
        files
    };
    let resolved = build(&["two[x]", "-i", "index"], "first");
    assert_eq!(build(&["-r", "pylock.toml"], "second"), resolved);

    // A newer release changes the lock only where that is asked for.
    index(at);
    assert_eq!(lock(&[]), first);
    assert!(lock(&["--upgrade-package", "two"]).contains("one-1.0-py3"));
    assert!(lock(&["--upgrade"]).contains("one-2.0-py3"));

    // What is locked must be what is taken.
    Wheel { version: "2.0", fields: "Keywords: x\n", ..Wheel::default() }.write(&at.join("index"));
    let swapped = run(at, &["build", "-q", "-t", "debian-12", "-r", "pylock.toml"]);
    assert_eq!(swapped.status, 1);
    assert!(swapped.stderr.contains("is not the file that was expected"), "{}", swapped.stderr);
}

#[test]
fn what_does_not_fit_of_a_lock_is_told_in_one_go() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    let hash = "0".repeat(64);
    let hash = format!("--hash=sha256:{hash}");
    fs::write(
        at.join("requirements.txt"),
        format!("two==1.0 {hash}\none==3 {hash}\nlost==1 {hash}\n"),
    )
    .unwrap();
    let found =
        run(at, &["build", "-q", "-t", "debian-12", "-i", "index", "-r", "requirements.txt"]);
    assert_eq!(found.status, 1);
    assert_eq!(
        found.stderr,
        "error: the lock does not fit:\n  \
         requirements.txt:1: `two 1.0` has no file with a matching hash\n  \
         requirements.txt:2: the index has no file of `one==3`\n  \
         requirements.txt:3: the index does not have `lost`\n\
         hint: lock again for the target, or exclude a project with `--exclude`\n"
    );
    assert!(!at.join("dist/collection.json").exists());
}

/// Serves a folder's files and a page for each project until it is told to stop.
fn serve(folder: std::path::PathBuf, stop: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            if stop.load(Ordering::SeqCst) {
                return;
            }
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
            let path = line.split(' ').nth(1).unwrap().to_owned();
            let name = path.trim_matches('/');
            let page = fs::read(folder.join(name).join("index.html"));
            let (kind, body) = match (fs::read(folder.join(name)), page) {
                (Ok(bytes), _) => ("application/octet-stream", bytes),
                (_, Ok(page)) => ("text/html", page),
                _ => {
                    let files = fs::read_dir(&folder).unwrap();
                    let files = files.map(|e| e.unwrap().file_name().into_string().unwrap());
                    let files = files.filter(|file| file.starts_with(&format!("{name}-")));
                    let links = files.map(|file| format!("<a href='/{file}'>{file}</a>"));
                    ("text/html", links.collect::<String>().into_bytes())
                }
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    address
}

#[test]
fn a_frozen_folder_keeps_upload_times() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("files"));
    fs::create_dir_all(at.join("index/one")).unwrap();
    let link = "<a href=\"../../files/one-1.0-py3-none-any.whl\" \
                data-upload-time=\"2026-01-02T03:04:05Z\">one-1.0-py3-none-any.whl</a>";
    fs::write(at.join("index/one/index.html"), link).unwrap();
    let target = ["-q", "-t", "debian-12"];
    let frozen = run(at, &[&["freeze", "one", "-i", "index"], &target[..]].concat());
    assert_eq!(frozen.status, 0, "{}", frozen.stderr);
    let page = fs::read_to_string(at.join("frozen/one/index.html")).unwrap();
    assert!(page.contains(" data-upload-time=\"2026-01-02T03:04:05Z\">"), "{page}");
    let json = fs::read_to_string(at.join("frozen/one/index.json")).unwrap();
    assert!(json.contains("2026-01-02T03:04:05Z"), "{json}");
    for (limit, status) in [("2026-01-03", 0), ("2026-01-01", 1)] {
        let stop = Arc::new(AtomicBool::new(false));
        let address = serve(at.join("frozen"), Arc::clone(&stop));
        let newer = ["resolve", "one", "-i", &address, "--exclude-newer", limit];
        let found = run(at, &[&newer[..], &target[..]].concat());
        stop.store(true, Ordering::SeqCst);
        let _ = std::net::TcpStream::connect(address.trim_start_matches("http://"));
        assert_eq!(found.status, status, "{limit}: {}", found.stderr);
    }
}

#[test]
fn a_frozen_folder_needs_no_network() {
    if !have(&["python3"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    project(&at.join("mine"), "mine", &["two"]);
    let stop = Arc::new(AtomicBool::new(false));
    let address = serve(at.join("index"), Arc::clone(&stop));
    let input = format!("--index-url {address}\nmine @ file:{}\n", at.join("mine").display());
    fs::write(at.join("r.txt"), input).unwrap();
    let target = ["-q", "-t", "debian-12"];
    let frozen = run(at, &[&["freeze", "-r", "r.txt", "-o", "frozen"], &target[..]].concat());
    assert_eq!(frozen.status, 0, "{}", frozen.stderr);
    assert_eq!(
        frozen.stdout,
        "frozen/mine-1.0-py3-none-any.whl\nfrozen/one-2.0-py3-none-any.whl\n\
         frozen/two-1.0-py3-none-any.whl\nfrozen/pylock.toml\nfrozen/requirements.txt\n"
    );
    let page = fs::read_to_string(at.join("frozen/one/index.html")).unwrap();
    assert!(page.contains("<a href=\"../one-2.0-py3-none-any.whl#sha256="), "{page}");

    // From here on connections are refused, and nothing is in the cache.
    stop.store(true, Ordering::SeqCst);
    let _ = std::net::TcpStream::connect(address.trim_start_matches("http://"));
    fs::remove_dir_all(at.join("cache")).unwrap();
    let refused = run(at, &[&["build", "mine"], &target[..], &["-i", &address]].concat());
    assert_eq!(refused.status, 1);
    for sources in [&["-i", "frozen"][..], &["--no-index", "--find-links", "frozen"]] {
        let built = run(at, &[&["build", "mine"], &target[..], sources].concat());
        assert_eq!(built.status, 0, "{}", built.stderr);
        assert_eq!(built.stdout.lines().count(), 3);
    }
    // Both locks name the very files, wherever the folder is by now.
    fs::rename(at.join("frozen"), at.join("moved")).unwrap();
    for (lock, sources) in [
        ("moved/pylock.toml", &["--no-index"][..]),
        ("moved/requirements.txt", &["--no-index", "--find-links", "moved"]),
    ] {
        let built = run(at, &[&["build", "-r", lock], &target[..], sources].concat());
        assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{lock}");
        assert_eq!(built.stdout.lines().count(), 3, "{lock}");
    }
    let one = fs::read_to_string(at.join("moved/requirements.txt")).unwrap();
    assert!(one.contains("\none==2.0 --hash=sha256:"), "{one}");
    let pinned = ["resolve", "-r", "moved/requirements.txt", "--require-pinned", "-i", "moved"];
    assert_eq!(run(at, &[&pinned, &target[..]].concat()).status, 0);
    fs::rename(at.join("moved"), at.join("frozen")).unwrap();

    // Its own folder is replaced, another's is not.
    let again = ["freeze", "one", "-i", "frozen", "-o", "frozen"];
    assert_eq!(
        run(at, &[&again, &target[..]].concat()).stdout,
        "frozen/one-2.0-py3-none-any.whl\nfrozen/pylock.toml\nfrozen/requirements.txt\n"
    );
    let other = run(at, &[&["freeze", "one", "-i", "index", "-o", "index"], &target[..]].concat());
    assert_eq!(other.status, 2);
    assert_eq!(
        other.stderr,
        "error: `index` holds something that was not frozen\nhint: choose another folder with `-o`\n"
    );
}

#[test]
fn lists_for_production_name_every_version() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("r.txt"), "one==1.0\ntwo>=1\n-c c.txt\n").unwrap();
    fs::write(folder.path().join("c.txt"), "three<2\n").unwrap();
    let found = run(folder.path(), &["inputs", "r.txt", "--require-pinned"]);
    assert_eq!(found.status, 2);
    assert_eq!(
        found.stderr,
        "error: not pinned to an exact version:\n  r.txt:2: `two>=1`\n\
         hint: write NAME==VERSION on each of these lines\n"
    );
}
