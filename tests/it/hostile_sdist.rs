//! Sdists whose code wants more than to be built.

use std::{
    fs,
    io::ErrorKind,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};

use crate::{build::contents, project::project, support::tools::have};

/// Limits that a test reaches soon.
const LIMITS: &str = "[sandbox]\nseconds = 20\nmemory = 512\nprocesses = 32\nfile = 8\ndisk = 16\n\
                      files = 9000\n";
pub(super) const SECRET: &str = "canary-6f1d";
/// What begins each backend: `SAID` goes into the module of the wheel.
const BEGIN: &str = r#"
import os, socket, subprocess, sys, time
SAID = []
def attempt(what, *arguments):
    try:
        SAID.append(what(*arguments))
    except Exception as error:
        SAID.append(type(error).__name__)
"#;

struct Found {
    status: i32,
    stderr: String,
}

/// A folder with an index of one sdist, `evil` 1.0, whose backend runs `code` before it builds a
/// proper wheel; `[FOLDER]` in it is the test's folder.
pub(super) fn evil(code: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    // Untrusted code runs as somebody else where the test is root.
    fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["home", "index", "tmp"] {
        fs::create_dir(at.join(name)).unwrap();
    }
    fs::set_permissions(at.join("home"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(at.join("home/.netrc"), SECRET).unwrap();
    fs::write(at.join("pypi2pkg.toml"), LIMITS).unwrap();
    let source = at.join("source");
    project(&source, "evil", &[]);
    let backend = fs::read_to_string(source.join("backend.py")).unwrap();
    let backend = backend
        .replace("SETTING = {setting!r}", "SAID = {SAID!r}")
        .replace("    info = f", &format!("{}\n    info = f", indented(code)))
        .replace("[FOLDER]", &at.display().to_string());
    fs::write(source.join("backend.py"), format!("{BEGIN}{backend}")).unwrap();
    pack(at);
    folder
}

fn indented(code: &str) -> String {
    code.lines().map(|line| format!("    {line}\n")).collect()
}

fn pack(at: &Path) {
    let file = fs::File::create(at.join("index/evil-1.0.tar.gz")).unwrap();
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
    archive.append_dir_all("evil-1.0", at.join("source")).unwrap();
    archive.into_inner().unwrap().finish().unwrap();
}

fn build_with(at: &Path, path: &str, more: &[&str]) -> Found {
    let output = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
        .args(["build", "evil", "-q", "-t", "debian-12", "-i", "index"])
        .args(["--builder", "embedded", "--compression", "none"])
        .args(more)
        .current_dir(at)
        .env_clear()
        .env("PATH", path)
        .env("HOME", at.join("home"))
        .env("TMPDIR", at.join("tmp"))
        .env("PYPI2PKG_CACHE_DIR", at.join("cache"))
        .env("SECRET", SECRET)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let left: Vec<_> = fs::read_dir(at.join("tmp")).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
    let home: Vec<_> = fs::read_dir(at.join("home")).unwrap().collect();
    assert_eq!(home.len(), 1, "{home:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    Found { status: output.status.code().unwrap(), stderr }
}

fn build(at: &Path) -> Found {
    build_with(at, "/usr/bin:/bin", &[])
}

/// What the module of the package says, which is built.
fn said(at: &Path) -> String {
    let found = build(at);
    assert_eq!(found.status, 0, "{}", found.stderr);
    module(at)
}

/// What the module of the package says.
pub(super) fn module(at: &Path) -> String {
    let files = contents(&at.join("dist"));
    let package = &files["python3-evil_1.0-1_all.deb"];
    let text = String::from_utf8_lossy(package);
    let start = text.find("SAID = ").unwrap();
    text[start..].lines().next().unwrap().to_owned()
}

pub(super) fn is_confined() -> bool {
    have(&["python3", "bwrap"])
}

#[test]
fn nothing_of_the_host_is_written() {
    if !is_confined() {
        return;
    }
    let folder = evil(
        "for path in ('[FOLDER]/home/x', '[FOLDER]/index/x', '/usr/x', '/etc/x', '/var/tmp/x', '/x',\n        \
                '/dev/x', '/input/x', '/input/source/x'):\n    \
             attempt(os.mkdir, path)\n",
    );
    let at = folder.path();
    let before = contents(&at.join("index"));
    let said = said(at);
    assert!(!said.contains("None"), "{said}");
    assert_eq!(contents(&at.join("index")), before);
}

#[test]
fn nothing_of_the_host_is_read() {
    if !is_confined() {
        return;
    }
    let folder = evil(
        "for process in os.listdir('/proc'):\n    \
             attempt(lambda: open(f'/proc/{process}/environ').read())\n\
         attempt(lambda: sorted(os.environ.items()))\n\
         attempt(os.listdir, '/')\n\
         attempt(os.listdir, '/etc')\n\
         attempt(lambda: os.getuid())\n\
         attempt(lambda: open('/etc/shadow').read())\n\
         attempt(lambda: open('/etc/hostname').read())\n",
    );
    let said = said(folder.path());
    assert!(!said.contains(SECRET) && !said.contains("'home'"), "{said}");
    assert!(said.contains("'usr'") && said.contains(", 1000, "), "{said}");
    assert!(said.ends_with("'FileNotFoundError', 'FileNotFoundError']"), "{said}");
}

#[test]
fn nothing_that_the_program_has_open_is_handed_on() {
    if !is_confined() {
        return;
    }
    let folder = evil(
        "links = []\n\
         for process in filter(str.isdigit, os.listdir('/proc')):\n    \
             for file in os.scandir(f'/proc/{process}/fd'):\n        \
                 attempt(lambda: links.append(os.readlink(file)))\n\
         raise ValueError([link for link in links if link.startswith('/') and '/proc' not in link])",
    );
    let script = "exec 7</etc 9</; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_pypi2pkg"), "build", "evil", "-i", "index"])
        .args(["-q", "-t", "debian-12"])
        .current_dir(folder.path())
        .env("PYPI2PKG_CACHE_DIR", folder.path().join("cache"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("ValueError: []\n"), "{stderr}");
}

#[test]
fn there_is_no_network() {
    if !is_confined() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let code = format!(
        "attempt(socket.create_connection, ('127.0.0.1', {port}), 3)\n\
         udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         attempt(udp.sendto, b'x', ('192.0.2.1', 53))\n\
         attempt(socket.getaddrinfo, 'host.example', 80)\n"
    );
    let said = said(evil(&code).path());
    assert_eq!(said, "SAID = ['ConnectionRefusedError', 'OSError', 'gaierror']");
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// Whether a process with that word on its command line lives.
fn lives(word: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).into_owned()).any(|line| line.contains(word))
}

#[test]
fn no_process_survives() {
    if !is_confined() {
        return;
    }
    let daemon = "subprocess.Popen(['sleep', '98765.4321'], start_new_session=True,\n    \
                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n";
    assert_eq!(said(evil(daemon).path()), "SAID = []");
    assert!(!lives("98765.4321"));

    let hanging = [
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
         subprocess.run(['sleep', '98765.1234'])\n",
        "subprocess.Popen(['sleep', '98765.1234'])\nos.kill(os.getppid(), 19)\nos.kill(-1, 19)\n\
         os.kill(os.getpid(), 19)\n",
    ];
    for code in hanging {
        let folder = evil(code);
        let short = LIMITS.replace("seconds = 20", "seconds = 3");
        fs::write(folder.path().join("pypi2pkg.toml"), short).unwrap();
        let begun = Instant::now();
        let found = build(folder.path());
        assert_eq!(found.status, 1);
        let wanted = "cannot be built into a wheel: it was stopped after 3 s\n";
        assert!(found.stderr.contains(wanted), "{}", found.stderr);
        assert!(begun.elapsed() < Duration::from_secs(15));
        assert!(!lives("98765.1234"));
    }
}

#[test]
fn only_a_sound_wheel_of_the_release_is_taken() {
    if !is_confined() {
        return;
    }
    let cases = [
        (
            "os.symlink('/etc/passwd', f'{folder}/evil-1.0-py3-none-any.whl')\n\
             return 'evil-1.0-py3-none-any.whl'"
                .to_owned(),
            "the wheel cannot be taken: Too many levels of symbolic links",
        ),
        ("return '../../../etc/passwd'".to_owned(), "the backend names no file of its folder"),
        ("return ['x']".to_owned(), "the backend names no file of its folder"),
        (
            "os.mkfifo(f'{folder}/evil-1.0-py3-none-any.whl')\nreturn 'evil-1.0-py3-none-any.whl'"
                .to_owned(),
            "the wheel is not a regular file",
        ),
        (
            "open(f'{folder}/evil-1.0-py3-none-any.whl', 'w').write('no')\n\
             return 'evil-1.0-py3-none-any.whl'"
                .to_owned(),
            "was built into an unsound wheel: `evil-1.0-py3-none-any.whl` is not a sound zip archive",
        ),
        ("global NAME\nNAME = 'other'".to_owned(), "was built into another release: `other` 1.0"),
        (
            "global VERSION\nVERSION = '2.0'".to_owned(),
            "was built into another release: `evil` 2.0",
        ),
        ("raise ValueError('on purpose')".to_owned(), "ValueError: on purpose"),
    ];
    for (code, wanted) in cases {
        let folder = evil(&code);
        let found = build(folder.path());
        assert_eq!(found.status, 1, "{code}");
        assert!(found.stderr.contains(wanted), "{code}\n{}", found.stderr);
        assert!(!folder.path().join("dist/Packages").exists(), "{code}");
    }
}

#[test]
fn limits_hold() {
    if !is_confined() {
        return;
    }
    let cases = [
        ("open('/build/big', 'wb').write(bytes(9 << 20))", "File too large"),
        (
            "for n in range(9): open(f'/build/{n}', 'wb').write(bytes(4 << 20))",
            "No space left on device",
        ),
        ("[bytearray(64 << 20) for _ in range(99)]", "MemoryError"),
        (
            "while True: subprocess.Popen(['sleep', '60'])",
            "BlockingIOError: [Errno 11] Resource temporarily unavailable",
        ),
        (
            "while True: open('/dev/shm/' + str(time.time_ns()), 'wb').write(bytes(4 << 20))",
            "space",
        ),
        (
            "for n in range(1 << 30): os.mkdir(f'/build/{n}')",
            "cannot be built into a wheel: it had more than 9000 files\n",
        ),
    ];
    for (code, wanted) in cases {
        let found = build(evil(code).path());
        assert_eq!(found.status, 1, "{code}");
        assert!(found.stderr.contains(wanted), "{code}\n{}", found.stderr);
    }
}

#[test]
fn a_long_log_is_cut_and_made_plain() {
    if !is_confined() {
        return;
    }
    let folder = evil(
        "for _ in range(20):\n    print('\\x1b]0;x\\x07' + 'y' * (1 << 20))\n    \
         sys.stderr.write('\\x1b[31m\\r' * 9999)\n\
         raise ValueError('the end')",
    );
    let found = build(folder.path());
    assert_eq!(found.status, 1);
    assert!(found.stderr.contains("ValueError: the end"));
    assert!(!found.stderr.contains(['\x1b', '\x07', '\r']));
    assert!(found.stderr.len() < 3 << 20, "{}", found.stderr.len());
}

#[test]
fn what_a_build_asks_for_is_looked_at() {
    if !is_confined() {
        return;
    }
    let cases = [
        ("requires = []", "requires = ['evil']", "`evil-1.0.tar.gz` → `evil-1.0.tar.gz`"),
        ("requires = []", "requires = ['x @ https://x.example/x.whl']", "cannot be installed: "),
        ("requires = []", "requires = ['--index-url=x']", "cannot be installed: "),
        ("requires = []", "requires = ['missing>=1']", "cannot be installed: "),
        ("['.']", "['.', '../../..']", "has a backend outside its folder: `../../..`"),
    ];
    for (old, new, wanted) in cases {
        let folder = evil("");
        let at = folder.path();
        let file = at.join("source/pyproject.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace(old, new)).unwrap();
        pack(at);
        let found = build(at);
        assert_eq!(found.status, 1, "{new}");
        assert!(found.stderr.contains(wanted), "{new}\n{}", found.stderr);
    }
    // A way out by a link leads nowhere.
    let folder = evil("");
    let at = folder.path();
    symlink("/etc", at.join("source/way")).unwrap();
    let file = at.join("source/pyproject.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("['.']", "['way', '.']")).unwrap();
    assert_eq!(said(at), "SAID = []");
}

#[test]
fn without_a_sandbox_nothing_is_built() {
    if !have(&["python3"]) {
        return;
    }
    let folder = evil("");
    let at = folder.path();
    fs::create_dir(at.join("bin")).unwrap();
    symlink("/usr/bin/python3", at.join("bin/python3")).unwrap();
    let path = at.join("bin").display().to_string();
    let found = build_with(at, &path, &[]);
    assert_eq!(found.status, 1);
    assert!(
        found.stderr.contains(
            "`evil-1.0.tar.gz` is built by its own code, which nothing here confines: `bwrap` is \
             not installed\n"
        ) && found.stderr.contains("hint: install bubblewrap"),
        "{}",
        found.stderr
    );
    // It has a backend of its own, and needs no index.
    let found = build_with(at, &path, &["--no-sandbox", "--no-deps"]);
    assert_eq!(found.status, 0, "{}", found.stderr);
    fs::write(at.join("pypi2pkg.toml"), "[sandbox]\nenabled = false\n").unwrap();
    let found = build_with(at, &path, &["-o", "other"]);
    assert_eq!(found.status, 0, "{}", found.stderr);
}
