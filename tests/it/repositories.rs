//! Repositories of strangers, and the passwords for those of one's own.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    build::contents,
    project::{commit, project},
    run,
    support::tools::have,
};

const SECRET: &str = "canary-71c3";

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Serves the files of a folder to whoever has the password.
fn serve(folder: PathBuf, login: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let wanted = BASE64_STANDARD.encode(login);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let lines: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let Some(path) = lines.first().and_then(|line| line.split(' ').nth(1)) else {
                continue;
            };
            let path = path.split('?').next().unwrap().trim_start_matches('/').to_owned();
            let has_login = lines.iter().any(|line| line.contains(&format!("Basic {wanted}")));
            let (head, body) = match (has_login, fs::read(folder.join(&path))) {
                (false, _) => ("401 X\r\nwww-authenticate: Basic realm=\"x\"", Vec::new()),
                (true, Ok(bytes)) => ("200 OK", bytes),
                (true, Err(_)) => ("404 X", Vec::new()),
            };
            let head = format!(
                "HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    address
}

/// A project whose backend writes what it finds into the module `SAID`.
fn curious(folder: &Path, code: &str) {
    project(folder, "mine", &[]);
    let backend = fs::read_to_string(folder.join("backend.py")).unwrap();
    let code: String = code.lines().map(|line| format!("    {line}\n")).collect();
    let backend = backend
        .replace("SETTING = {setting!r}", "SAID = {said!r}")
        .replace("    info = f", &format!("    said = []\n{code}    info = f"));
    fs::write(folder.join("backend.py"), backend).unwrap();
}

fn module(at: &Path) -> String {
    let wheel = fs::File::open(at.join("frozen/mine-1.0-py3-none-any.whl")).unwrap();
    let mut wheel = zip::ZipArchive::new(wheel).unwrap();
    std::io::read_to_string(wheel.by_name("mine.py").unwrap()).unwrap()
}

#[test]
fn passwords_of_repositories_are_seen_by_their_servers_only() {
    if !have(&["git", "python3", "bwrap"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    mode(at, 0o755);
    curious(
        &at.join("src"),
        "import subprocess\n\
         for root, _, files in os.walk('.'):\n    \
             for file in files:\n        \
                 if '/objects' not in root:\n            \
                     said.append((root, file, open(os.path.join(root, file), 'rb').read()))\n\
         said.append(dict(os.environ))\n\
         said.append(subprocess.run(['git', 'describe', '--tags'], capture_output=True).stdout)\n\
         said.append(subprocess.run(['git', 'status', '--short'], capture_output=True).stdout)",
    );
    commit(&at.join("src"), "v7.5");
    let git = |arguments: &[&str]| {
        assert!(Command::new("git").current_dir(at).args(arguments).status().unwrap().success());
    };
    git(&["clone", "-q", "--bare", "src", "served.git"]);
    git(&["-C", "served.git", "update-server-info"]);
    let address = serve(at.to_owned(), &format!("pat:{SECRET}"));
    // A `git` that notes how it was started, and what others could read meanwhile.
    fs::create_dir_all(at.join("bin")).unwrap();
    fs::create_dir(at.join("tmp")).unwrap();
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >> {0}/log\nstat -c %a . .. >> {0}/modes\n\
         exec /usr/bin/git \"$@\"\n",
        at.display()
    );
    fs::write(at.join("bin/git"), script).unwrap();
    mode(&at.join("bin/git"), 0o755);
    let start = |login: &str, more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
            .args(["freeze", "-v", "-t", "debian-12", "-i", "index"])
            .arg(format!("mine @ git+http://{login}{address}/served.git@v7.5"))
            .args(more)
            .current_dir(at)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", at.join("bin").display()))
            .env("TMPDIR", at.join("tmp"))
            .env("HOME", at.join("tmp"))
            .env("PYPI2PKG_CACHE_DIR", at.join("cache"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    fs::create_dir(at.join("index")).unwrap();
    let (status, said) = start(&format!("pat:{SECRET}@"), &[]);
    assert_eq!(status, Some(0), "{said}");
    let module = module(at);
    assert!(module.contains("v7.5"), "{module}");
    assert!(!module.contains("[remote") && !module.contains("hooks"), "{module}");
    let log = fs::read_to_string(at.join("log")).unwrap();
    for text in [&said, &module, &log] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(!module.contains(&address), "{module}");
    let modes = fs::read_to_string(at.join("modes")).unwrap();
    assert!(modes.lines().all(|line| line == "700"), "{modes}");
    let (status, said) = start("pat:wrong@", &["-o", "other"]);
    assert_eq!(status, Some(1));
    assert!(!said.contains("wrong"), "{said}");
    for (name, bytes) in contents(&at.join("frozen")) {
        assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "{name}");
    }
    assert!(!at.join("cache").exists() && contents(&at.join("tmp")).is_empty());
}

#[test]
fn what_git_could_be_made_to_run_does_not_run() {
    if !have(&["git", "python3", "bwrap"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    mode(at, 0o755);
    let canary = at.join("canary");
    let touch = format!("touch {}", canary.display());
    project(&at.join("src"), "mine", &[]);
    fs::write(at.join("src/.gitattributes"), "* filter=evil\n").unwrap();
    fs::write(
        at.join("src/.gitmodules"),
        format!("[submodule \"x\"]\npath = x\nurl = ext::sh -c '{touch}'\n"),
    )
    .unwrap();
    commit(&at.join("src"), "v1");
    fs::create_dir_all(at.join("home/hooks")).unwrap();
    fs::write(at.join("home/hooks/post-checkout"), format!("#!/bin/sh\n{touch}\n")).unwrap();
    mode(&at.join("home/hooks/post-checkout"), 0o755);
    let configuration = format!(
        "[filter \"evil\"]\nsmudge = {touch}; cat\n[core]\nhooksPath = {}\nfsmonitor = {touch}\n\
         [protocol \"ext\"]\nallow = always\n",
        at.join("home/hooks").display()
    );
    fs::write(at.join("home/.gitconfig"), configuration).unwrap();
    let local = at.join("src").display().to_string();
    let addresses = [
        format!("git+file://{local}"),
        format!("git+file://{local}@--upload-pack=x"),
        format!("git+ssh://-oProxyCommand={touch}/x"),
        "git+ssh://-oProxyCommand@host.example/x".to_owned(),
        "git+http://host.example/x.git".to_owned(),
        "git+git://host.example/x.git".to_owned(),
    ];
    for address in addresses {
        let output = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
            .args(["plan", "-q", "-t", "debian-12", "--no-index"])
            .arg(format!("mine @ {address}"))
            .current_dir(at)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", at.join("home"))
            .env("PYPI2PKG_CACHE_DIR", at.join("cache"))
            .output()
            .unwrap();
        assert!(!canary.exists(), "{address}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() || address.ends_with("/src"), "{address}: {said}");
    }
}

#[test]
fn links_and_pipes_of_sources_are_not_followed() {
    if !have(&["git", "python3", "bwrap"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    mode(at, 0o755);
    fs::create_dir(at.join("index")).unwrap();
    let plan = |what: &str| {
        let begun = Instant::now();
        let found = run(at, &["plan", "-q", "-t", "debian-12", "-i", "index", what]);
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        found
    };
    for (number, target) in ["/dev/zero", "/etc/passwd", "backend.py"].into_iter().enumerate() {
        let source = at.join(format!("src{number}"));
        project(&source, "mine", &[]);
        fs::rename(source.join("pyproject.toml"), source.join("other.toml")).unwrap();
        symlink(target, source.join("pyproject.toml")).unwrap();
        commit(&source, "v1");
        let found = plan(&format!("mine @ git+file://{}", source.display()));
        assert_eq!(found.status, 1, "{}", found.stderr);
        assert!(found.stderr.contains("`pyproject.toml` is a symbolic link"), "{}", found.stderr);
    }
    // A folder of the user's own may have links inside; a pipe is never read.
    let own = at.join("own");
    project(&own, "mine", &[]);
    fs::rename(own.join("pyproject.toml"), own.join("real.toml")).unwrap();
    symlink("real.toml", own.join("pyproject.toml")).unwrap();
    assert!(Command::new("mkfifo").arg(own.join("pipe")).status().unwrap().success());
    let found = plan("./own");
    assert_eq!(found.status, 0, "{}", found.stderr);
    fs::remove_file(own.join("pyproject.toml")).unwrap();
    symlink("/dev/zero", own.join("pyproject.toml")).unwrap();
    assert_ne!(plan("./own").status, 0);
}
