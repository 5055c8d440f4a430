//! Children that see nothing of this machine but its system files: no network, no home, no
//! environment, and only so much of its resources.
//!
//! bubblewrap makes the namespaces, prlimit the limits, setpriv gives root's rights up, and a filter of
//! system calls covers what namespaces do not. bubblewrap
//! itself starts with an empty environment, since its first process can be read by all others.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{
    Command, CommandRunner, FileLimit, Limits, Output, ProcessError, Room, Trust, filter::Filter,
    which,
};

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
/// What opens a file for the program that it becomes, as the file descriptor 9.
const SHELL: &str = "/bin/sh";
const OPEN: &str = "exec 9<\"$0\" \"$@\"";
const OPENED: &str = "9";
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

/// The lists of the kernel's keys. Source: proc(5).
const KEYS: [&str; 2] = ["/proc/keys", "/proc/key-users"];

/// What tools call users and groups by, root above all: archives name them.
const NAMES: [&str; 2] = ["/etc/group", "/etc/passwd"];

/// Why nothing can be confined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    #[error("`{program}` is not installed")]
    Missing { program: &'static str },
    #[error("`bwrap` does not work: {reason}")]
    Broken { reason: String },
}

/// A sandbox that was found to work on this machine.
#[derive(Debug, Clone)]
pub struct Sandbox {
    bwrap: PathBuf,
    prlimit: PathBuf,
    /// What gives root's rights up, where there are any.
    setpriv: Option<PathBuf>,
    /// The system calls that are left, on architectures whose calls are known.
    filter: Option<Filter>,
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
        let broken = |reason: String| SandboxError::Broken { reason };
        let is_root = rustix::process::geteuid().is_root();
        let sandbox = Self {
            bwrap: find("bwrap")?,
            prlimit: find("prlimit")?,
            setpriv: is_root.then(|| find("setpriv")).transpose()?,
            filter: Filter::new().map_err(|error| broken(error.to_string()))?,
            limits,
        };
        // A folder that somebody left open for this program would be a way out.
        close_fds::set_fds_cloexec_threadsafe(FIRST_INHERITED, &[]);
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
        if let Some(filter) = &self.filter {
            add(&mut words, [SHELL, "-c", OPEN]);
            words.push(filter.path().into());
        }
        if let Some(setpriv) = self.setpriv.as_ref().filter(|_| untrusted) {
            words.push(setpriv.into());
            let user = NOBODY.to_string();
            add(&mut words, ["--reuid", &user, "--regid", &user, "--clear-groups", "--"]);
        }
        words.push(self.bwrap.clone().into());
        add(&mut words, ["--unshare-all", "--unshare-user", "--disable-userns", "--new-session"]);
        add(&mut words, ["--die-with-parent", "--clearenv", "--cap-drop", "ALL"]);
        add(&mut words, ["--hostname", "localhost"]);
        if self.filter.is_some() {
            add(&mut words, ["--seccomp", OPENED]);
        }
        if untrusted {
            add(&mut words, ["--uid", INNER_USER, "--gid", INNER_USER]);
        }
        system(&mut words);
        for path in NAMES.iter().filter(|_| !untrusted) {
            add(&mut words, ["--ro-bind-try", path, path]);
        }
        let folders = self.memory(&mut words, room);
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
            words.extend(self.limit_options().map(OsString::from));
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
            file_limit: Some(FileLimit { folders, limit: self.limits.files }),
        }
    }

    fn limit_options(&self) -> [String; 4] {
        let Limits { memory, processes, file, .. } = self.limits;
        [
            format!("--as={memory}"),
            format!("--nproc={processes}"),
            format!("--fsize={file}"),
            format!("--nofile={OPEN_FILES}"),
        ]
    }

    /// File systems in memory, each with an end; where they are.
    fn memory(&self, words: &mut Vec<OsString>, room: &Room) -> Vec<PathBuf> {
        add(words, ["--proc", "/proc", "--dev", "/dev"]);
        // Whose keys there are: no namespace hides them.
        for path in KEYS {
            add(words, ["--ro-bind-try", "/dev/null", path]);
        }
        let mut folders = vec![("/dev/shm", SHARED), ("/tmp", TEMPORARY)];
        if !room.writable.iter().any(|(_, inside)| inside == Path::new(Room::WORK)) {
            folders.push((Room::WORK, self.limits.disk));
        }
        for (folder, size) in &folders {
            add(words, ["--size", &size.to_string(), "--tmpfs", folder]);
        }
        add(words, ["--remount-ro", "/dev"]);
        folders.into_iter().map(|(folder, _)| folder.into()).collect()
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
            ProcessError::FileLimit { limit, .. } => {
                ProcessError::FileLimit { command: command(), limit }
            }
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
mod tests;
