//! What confined children can and cannot do on this machine.

use std::{
    io,
    time::{Duration, Instant},
};

use super::*;
use crate::base::process::{HostRunner, Workshop};
use crate::support::tools::skip;

/// The sandbox of this machine; without one, a failure where `REQUIRE_TOOLS` is set.
fn sandbox() -> Option<Sandbox> {
    let path = ["/usr/bin", "/bin"].map(PathBuf::from);
    let found = Sandbox::probe(&path, Limits::default(), &HostRunner);
    if let Err(error) = &found {
        skip(&format!("no sandbox: {error}"));
    }
    found.ok()
}

fn shell(script: &str) -> Command {
    Command::new("/bin/sh", Path::new(Room::WORK)).argument("-c").argument(script)
}

#[test]
fn untrusted_code_works_in_a_folder_that_is_handed_over() {
    let Some(sandbox) = sandbox() else { return };
    let workshop = Workshop::for_writing(&sandbox).unwrap();
    fs::write(workshop.path().join("recipe"), "of ours").unwrap();
    workshop.hand_over(&sandbox).unwrap();
    let room = Room::empty(Trust::Nothing).writing(workshop.path(), Room::WORK);
    let script =
        "cat recipe > package; rm recipe; ln -s /etc/passwd link; mkdir -m 0 locked; id -u";
    let output = sandbox.confined(room, &HostRunner).run(&shell(script)).unwrap();
    assert_eq!((output.status, output.stdout.as_slice()), (0, &b"1000\n"[..]));
    let text = |name: &str| workshop.open(Path::new(name)).and_then(io::read_to_string);
    assert_eq!(text("package").unwrap(), "of ours");
    assert!(text("link").is_err());
    let path = workshop.path().to_owned();
    drop(workshop);
    assert!(!path.exists());
}

#[test]
fn a_tool_keeps_its_user_and_has_no_network() {
    let Some(sandbox) = sandbox() else { return };
    let folder = tempfile::tempdir().unwrap();
    let room = Room::empty(Trust::Tool).writing(folder.path(), Room::WORK);
    let script = "pwd; id -u; ls /sys/class/net /root /home 2>/dev/null; touch made";
    let output = sandbox.confined(room, &HostRunner).run(&shell(script)).unwrap();
    let user = rustix::process::geteuid().as_raw();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("/build\n{user}\n"));
    assert!(folder.path().join("made").exists());
}

#[test]
fn nothing_of_the_environment_is_in_the_outer_command() {
    let sandbox = Sandbox {
        bwrap: "/usr/bin/bwrap".into(),
        prlimit: "/usr/bin/prlimit".into(),
        setpriv: Some("/usr/bin/setpriv".into()),
        filter: None,
        limits: Limits::default(),
    };
    let inner = shell("true").variable("SOURCE_DATE_EPOCH", "1");
    let outer = sandbox.wrap(&inner, &Room::empty(Trust::Nothing));
    assert_eq!(outer.program, Path::new("/usr/bin/setpriv"));
    assert!(outer.environment.is_empty());
    assert_eq!(outer.timeout, Some(Duration::from_secs(900)));
    let line = outer.line();
    for part in [
        "--reuid 65534 --regid 65534 --clear-groups -- /usr/bin/bwrap --unshare-all",
        "--size 2147483648 --tmpfs /build",
        "--setenv SOURCE_DATE_EPOCH 1",
        "/usr/bin/prlimit --core=0 --as=4294967296 --nproc=256 --fsize=1073741824",
    ] {
        assert!(line.contains(part), "{line}");
    }
    let tool = sandbox.wrap(&inner, &Room::empty(Trust::Tool)).line();
    assert!(tool.starts_with("/usr/bin/bwrap ") && !tool.contains("--nproc"), "{tool}");
}

#[test]
fn the_filter_is_opened_before_rights_are_given_up() {
    let filter = Filter::new().unwrap();
    let Some(path) = filter.as_ref().map(Filter::path) else { return };
    let sandbox = Sandbox {
        bwrap: "/usr/bin/bwrap".into(),
        prlimit: "/usr/bin/prlimit".into(),
        setpriv: Some("/usr/bin/setpriv".into()),
        filter,
        limits: Limits::default(),
    };
    let outer = sandbox.wrap(&shell("true"), &Room::empty(Trust::Nothing));
    assert_eq!(outer.program, Path::new("/bin/sh"));
    let begin = ["-c", "exec 9<\"$0\" \"$@\""].map(OsString::from);
    assert_eq!(outer.arguments[..2], begin);
    assert_eq!(outer.arguments[2..4], [path.into_os_string(), "/usr/bin/setpriv".into()]);
    assert!(outer.line().contains(" --seccomp 9 "));
}

/// A program of Python that prints the error numbers of system calls, by their numbers on two
/// architectures.
const CALL: &str = "
import ctypes, platform
call = ctypes.CDLL(None, use_errno=True).syscall
for x86_64, aarch64, *arguments in CALLS:
    number = {'x86_64': x86_64, 'aarch64': aarch64}[platform.machine()]
    answer = call(number, *arguments)
    print(ctypes.get_errno() if answer == -1 else 'done')
";

#[test]
fn calls_that_namespaces_do_not_cover_are_refused() {
    let Some(sandbox) =
        sandbox().filter(|_| cfg!(any(target_arch = "x86_64", target_arch = "aarch64")))
    else {
        return;
    };
    let calls = "CALLS = [
        (250, 219, 0, -3, 0),      # keyctl: whose is the session's keyring?
        (248, 217, b'user', b'x', b'x', 1, -3), # add_key
        (249, 218, b'user', b'x', 0, -3), # request_key
        (101, 117, 0, 0, 0, 0),    # ptrace: be traced
        (310, 270, 1, 0, 0, 0, 0, 0), # process_vm_readv
        (425, 425, 1, 0),          # io_uring_setup
        (321, 280, 0, 0, 0),       # bpf
        (272, 97, 0x10000000),     # unshare: a namespace of users
        (41, 198, 40, 1, 0),       # socket: to the machine's host
        (1000, 1000),              # what no kernel has
        (39, 172),                 # getpid
    ]";
    let python = Command::new("/usr/bin/python3", Path::new(Room::WORK))
        .argument("-c")
        .argument(format!("{calls}{CALL}"));
    for trust in [Trust::Nothing, Trust::Tool] {
        let output = sandbox.confined(Room::empty(trust), &HostRunner).run(&python).unwrap();
        let said = String::from_utf8(output.stdout.clone()).unwrap();
        let said: Vec<&str> = said.split_whitespace().collect();
        assert_eq!(said[..9], ["1"; 9], "{trust:?} {}", output.reason(9));
        assert!(said[9] == "38" && said[10] != "38", "{said:?}");
    }
    let keys = shell("cat /proc/keys /proc/key-users");
    let output = sandbox.confined(Room::empty(Trust::Nothing), &HostRunner).run(&keys).unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
}

#[test]
fn files_are_counted() {
    let Some(mut sandbox) = sandbox() else { return };
    sandbox.limits.files = 3000;
    for folder in ["/build", "/tmp", "/dev/shm"] {
        let script = format!("cd {folder}; seq 2000 | xargs touch; sleep 0.3; echo done");
        let room = || Room::empty(Trust::Nothing);
        let few = sandbox.confined(room(), &HostRunner).run(&shell(&script)).unwrap();
        assert_eq!(few.stdout, b"done\n", "{folder}");
        let script = format!("cd {folder}; seq 4000 | xargs mkdir; sleep 60");
        let begin = Instant::now();
        let many = sandbox.confined(room(), &HostRunner).run(&shell(&script)).unwrap_err();
        assert!(matches!(many, ProcessError::FileLimit { limit: 3000, .. }), "{many}");
        assert!(many.to_string().ends_with("was stopped because it had more than 3000 files"));
        assert!(begin.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn what_stops_itself_is_killed() {
    let Some(sandbox) = sandbox() else { return };
    let limited = |script: &str| {
        let command = shell(script).timeout(Duration::from_secs(1));
        sandbox.confined(Room::empty(Trust::Nothing), &HostRunner).run(&command).unwrap_err()
    };
    for script in ["kill -STOP $$", "sleep 98761 & kill -STOP -1; kill -STOP $$"] {
        assert!(matches!(limited(script), ProcessError::Timeout { seconds: 1, .. }), "{script}");
    }
}
