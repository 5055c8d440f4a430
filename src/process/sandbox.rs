//! Children that see nothing of this machine but its system files: no network, no home, no
//! environment, and only so much of its resources.
//!
//! bubblewrap makes the namespaces, prlimit the limits, setpriv gives root's rights up. bubblewrap
//! itself starts with an empty environment, since its first process can be read by all others.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Command, CommandRunner, Output, ProcessError, which};

/// Who untrusted code runs as where the program itself is root: nobody.
pub(super) const NOBODY: u32 = 65_534;
/// Who it believes to be, whoever runs it: builds must not differ.
const INNER_USER: &str = "1000";
const MEBIBYTE: u64 = 1 << 20;
/// The sizes of `/tmp` and of shared memory, beside [`Limits::disk`], in bytes.
const TEMPORARY: u64 = 256 * MEBIBYTE;
const SHARED: u64 = 64 * MEBIBYTE;
const OPEN_FILES: u64 = 1024;
/// The first file descriptor beyond the standard streams.
const FIRST_INHERITED: i32 = 3;
/// System files outside `/usr` that tools need and that hold no secrets: which of several compilers
/// is meant, where libraries lie, rpm's and dpkg's configuration, and whose certificates are trusted,
/// which modules read when they are imported.
const CONFIGURATION: [&str; 9] = [
    "/etc/alternatives",
    "/etc/dpkg",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/etc/rpm",
    "/etc/ssl/certs",
];

/// What tools call users and groups by, root above all: archives name them.
const NAMES: [&str; 2] = ["/etc/group", "/etc/passwd"];

/// What untrusted code may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub time: Duration,
    /// The address space of each process, in bytes.
    pub memory: u64,
    /// How many processes and threads there are at once.
    pub processes: u64,
    /// The largest file, in bytes.
    pub file: u64,
    /// All files together, in bytes.
    pub disk: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(15 * 60),
            memory: 4096 * MEBIBYTE,
            processes: 256,
            file: 1024 * MEBIBYTE,
            disk: 2048 * MEBIBYTE,
        }
    }
}

/// How far a child is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Not at all: the code of an sdist. Limits hold, and root's rights are given up.
    Nothing,
    /// A tool of the system that works on what this program wrote: it keeps the user.
    Tool,
}

/// What a confined child sees beside the system's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    pub trust: Trust,
    /// Paths of this machine, and where the child sees them, read-only.
    pub readable: Vec<(PathBuf, PathBuf)>,
    /// Folders of this machine, and where the child may write to them. Links in them can point
    /// anywhere: what untrusted code leaves there is taken with [`Workshop::open`].
    ///
    /// [`Workshop::open`]: super::Workshop::open
    pub writable: Vec<(PathBuf, PathBuf)>,
}

impl Room {
    /// Where a child works: a folder of its own in memory, or the one that is bound there.
    pub const WORK: &str = "/build";

    /// A room with nothing in it but an empty [`Room::WORK`].
    pub fn empty(trust: Trust) -> Self {
        Self { trust, readable: Vec::new(), writable: Vec::new() }
    }

    /// Shows `path` read-only at `inside`.
    pub fn reading(mut self, path: &Path, inside: impl Into<PathBuf>) -> Self {
        self.readable.push((path.to_owned(), inside.into()));
        self
    }

    /// Shows the folder `path` at `inside` for writing.
    pub fn writing(mut self, path: &Path, inside: impl Into<PathBuf>) -> Self {
        self.writable.push((path.to_owned(), inside.into()));
        self
    }
}

/// Why nothing can be confined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    #[error("`{program}` is not installed")]
    Missing { program: &'static str },
    #[error("`bwrap` does not work: {reason}")]
    Broken { reason: String },
}

/// A sandbox that was found to work on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    bwrap: PathBuf,
    prlimit: PathBuf,
    /// What gives root's rights up, where there are any.
    setpriv: Option<PathBuf>,
    pub limits: Limits,
}

impl Sandbox {
    /// Looks for the programs in `path` and tries them.
    ///
    /// # Errors
    /// One of them is missing, or the system does not allow it.
    pub fn probe(
        path: &[PathBuf],
        limits: Limits,
        runner: &dyn CommandRunner,
    ) -> Result<Self, SandboxError> {
        let find = |program| which(program, path).ok_or(SandboxError::Missing { program });
        let is_root = rustix::process::geteuid().is_root();
        let sandbox = Self {
            bwrap: find("bwrap")?,
            prlimit: find("prlimit")?,
            setpriv: is_root.then(|| find("setpriv")).transpose()?,
            limits,
        };
        // A folder that somebody left open for this program would be a way out.
        close_fds::set_fds_cloexec_threadsafe(FIRST_INHERITED, &[]);
        let broken = |reason: String| SandboxError::Broken { reason };
        let trial = Command::new("/bin/sh", Path::new("/")).argument("-c").argument("exit 7");
        let confined = sandbox.confined(Room::empty(Trust::Nothing), runner).run(&trial);
        let output = confined.map_err(|error| broken(error.to_string()))?;
        match output.status {
            7 => Ok(sandbox),
            _ => Err(broken(output.reason(3))),
        }
    }

    /// A runner that confines every command to `room`. Programs and folders of its commands are
    /// those that the child sees.
    pub fn confined<'a>(&'a self, room: Room, runner: &'a dyn CommandRunner) -> Confined<'a> {
        Confined { sandbox: self, room, runner }
    }

    /// Whether untrusted code runs as another user, who has to reach all that is bound for it.
    pub fn drops_user(&self) -> bool {
        self.setpriv.is_some()
    }

    /// Whether untrusted code reaches a file or folder of this machine.
    pub fn reaches(&self, path: &Path) -> bool {
        let is_open = |folder: &Path| {
            folder.metadata().is_ok_and(|found| found.permissions().mode() & 0o001 != 0)
        };
        !self.drops_user() || path.ancestors().all(is_open)
    }

    /// The command that runs `inner` in `room`.
    fn wrap(&self, inner: &Command, room: &Room) -> Command {
        let untrusted = room.trust == Trust::Nothing;
        let mut words: Vec<OsString> = Vec::new();
        if let Some(setpriv) = self.setpriv.as_ref().filter(|_| untrusted) {
            words.push(setpriv.into());
            let user = NOBODY.to_string();
            add(&mut words, ["--reuid", &user, "--regid", &user, "--clear-groups", "--"]);
        }
        words.push(self.bwrap.clone().into());
        add(&mut words, ["--unshare-all", "--unshare-user", "--disable-userns", "--new-session"]);
        add(&mut words, ["--die-with-parent", "--clearenv", "--cap-drop", "ALL"]);
        add(&mut words, ["--hostname", "localhost"]);
        if untrusted {
            add(&mut words, ["--uid", INNER_USER, "--gid", INNER_USER]);
        }
        system(&mut words);
        for path in NAMES.iter().filter(|_| !untrusted) {
            add(&mut words, ["--ro-bind-try", path, path]);
        }
        self.memory(&mut words, room);
        for (flag, binds) in [("--ro-bind", &room.readable), ("--bind", &room.writable)] {
            for (path, inside) in binds {
                add(&mut words, [OsStr::new(flag), path.as_os_str(), inside.as_os_str()]);
            }
        }
        add(&mut words, ["--remount-ro", "/"]);
        for (name, value) in &inner.environment {
            add(&mut words, [OsStr::new("--setenv"), OsStr::new(name), value]);
        }
        add(&mut words, [OsStr::new("--chdir"), inner.folder.as_os_str(), OsStr::new("--")]);
        // Within, since a user's processes outside count there, too.
        words.push(self.prlimit.clone().into());
        words.push("--core=0".into());
        if untrusted {
            let Limits { memory, processes, file, .. } = self.limits;
            words.extend([
                format!("--as={memory}").into(),
                format!("--nproc={processes}").into(),
                format!("--fsize={file}").into(),
                format!("--nofile={OPEN_FILES}").into(),
            ]);
        }
        words.push("--".into());
        words.push(inner.program.clone().into());
        words.extend(inner.arguments.iter().cloned());
        let mut words = words.into_iter();
        Command {
            program: words.next().unwrap_or_default().into(),
            arguments: words.collect(),
            environment: Vec::new(),
            folder: PathBuf::from("/"),
            timeout: inner.timeout.or(untrusted.then_some(self.limits.time)),
            stdin: inner.stdin.clone(),
            saved: inner.saved.clone(),
        }
    }

    /// File systems in memory, each with an end.
    fn memory(&self, words: &mut Vec<OsString>, room: &Room) {
        add(words, ["--proc", "/proc", "--dev", "/dev"]);
        let mut folders = vec![("/dev/shm", SHARED), ("/tmp", TEMPORARY)];
        if !room.writable.iter().any(|(_, inside)| inside == Path::new(Room::WORK)) {
            folders.push((Room::WORK, self.limits.disk));
        }
        for (folder, size) in folders {
            add(words, ["--size", &size.to_string(), "--tmpfs", folder]);
        }
        add(words, ["--remount-ro", "/dev"]);
    }
}

/// Runs commands in a sandbox.
pub struct Confined<'a> {
    sandbox: &'a Sandbox,
    room: Room,
    runner: &'a dyn CommandRunner,
}

impl CommandRunner for Confined<'_> {
    fn run(&self, inner: &Command) -> Result<Output, ProcessError> {
        let command = || inner.line();
        let output = self.runner.run(&self.sandbox.wrap(inner, &self.room));
        // Who reads of a failure wants to know of the command, not of what confined it.
        output.map_err(|error| match error {
            ProcessError::Timeout { seconds, .. } => {
                ProcessError::Timeout { command: command(), seconds }
            }
            ProcessError::Flood { limit, .. } => ProcessError::Flood { command: command(), limit },
            ProcessError::Watch { reason, .. } => {
                ProcessError::Watch { command: command(), reason }
            }
            error @ (ProcessError::Start { .. } | ProcessError::Interrupted) => error,
        })
    }
}

fn add<S: AsRef<OsStr>>(words: &mut Vec<OsString>, more: impl IntoIterator<Item = S>) {
    words.extend(more.into_iter().map(|word| word.as_ref().to_owned()));
}

/// The system's programs and libraries, read-only.
fn system(words: &mut Vec<OsString>) {
    add(words, ["--ro-bind", "/usr", "/usr"]);
    for folder in ["/bin", "/sbin", "/lib", "/lib32", "/lib64"] {
        match fs::read_link(folder) {
            Ok(target) => {
                add(words, [OsStr::new("--symlink"), target.as_os_str(), OsStr::new(folder)])
            }
            Err(_) => add(words, ["--ro-bind-try", folder, folder]),
        }
    }
    for path in CONFIGURATION {
        add(words, ["--ro-bind-try", path, path]);
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::process::{HostRunner, Workshop};

    /// The sandbox of this machine; without one, a failure where `REQUIRE_TOOLS` is set.
    fn sandbox() -> Option<Sandbox> {
        let path = ["/usr/bin", "/bin"].map(PathBuf::from);
        let found = Sandbox::probe(&path, Limits::default(), &HostRunner);
        assert!(
            found.is_ok() || std::env::var_os("REQUIRE_TOOLS").is_none(),
            "no sandbox: {found:?}"
        );
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
}
