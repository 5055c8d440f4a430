//! The interpreter at work: confined, since what it compiles is untrusted.

use std::{
    fs::{self, File, FileTimes},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;
use walkdir::WalkDir;

use crate::{
    base::{
        files::Temporary,
        process::{Command, CommandRunner, Limits, Output, Room, Sandbox, Trust, Workshop, which},
    },
    wheels::Interpreter,
};

use super::ByteCodeError;

/// What runs.
const DRIVER: &str = include_str!("compile.py");
/// Where it finds the modules, and where it works.
const INPUT: &str = "/input";
const ROOT: &str = "/build/root";
/// What stands for the length of a file that is not there.
const ABSENT: u64 = u64::MAX;
/// Modules of twenty megabytes take less.
const TIME: Duration = Duration::from_secs(5 * 60);
const MEMORY: u64 = 2 << 30;

/// What confines the interpreter.
#[derive(Debug, Clone)]
pub(super) enum Confinement {
    Sandbox(Box<Sandbox>),
    /// Nothing: the user does without. Its memory is limited where the program for that is there.
    Limits {
        prlimit: Option<PathBuf>,
        limits: Limits,
    },
}

impl Confinement {
    /// As the sandbox has it, within what compiling takes at most.
    pub(super) fn new(sandbox: Option<&Sandbox>, path: &[PathBuf]) -> Self {
        let lower = |limits: Limits| Limits {
            time: limits.time.min(TIME),
            memory: limits.memory.min(MEMORY),
            ..limits
        };
        match sandbox {
            Some(sandbox) => {
                let mut sandbox = sandbox.clone();
                sandbox.limits = lower(sandbox.limits);
                Self::Sandbox(Box::new(sandbox))
            }
            None => {
                Self::Limits { prlimit: which("prlimit", path), limits: lower(Limits::default()) }
            }
        }
    }

    /// Starts the interpreter with `arguments` for all below `root`, which stands for the root, and
    /// puts `files`, paths below it, there as far as they came of it. The arguments name `root` as
    /// [`Confinement::root`] has it.
    pub(super) fn run(
        &self,
        interpreter: &Interpreter,
        arguments: &[String],
        root: &Path,
        files: &[String],
        runner: &dyn CommandRunner,
    ) -> Result<(), ByteCodeError> {
        let failed = |error: io::Error| ByteCodeError::Failed {
            interpreter: interpreter.program.clone(),
            reason: error.to_string(),
        };
        let ended = |output: Output| match output.status {
            0 => Ok(()),
            _ => Err(failed(io::Error::other(output.reason(5)))),
        };
        let request = |input: Option<&str>, files: &[String]| {
            let root = self.root(root);
            json!({ "root": root, "input": input, "arguments": arguments, "files": files })
        };
        match self {
            Self::Sandbox(sandbox) => {
                let input = Workshop::for_reading(sandbox).map_err(failed)?;
                lay_out(root, input.path()).and_then(|()| input.share()).map_err(failed)?;
                let answers = Temporary::new().map_err(failed)?;
                let answer = answers.path().join("answer");
                let request = request(Some(&format!("{INPUT}/root")), files);
                let driver = Path::new(INPUT).join("compile.py");
                let command = command(&interpreter.program, &driver, Path::new(Room::WORK))
                    .stdin(request.to_string())
                    .save(&answer, sandbox.limits.file);
                let mut room = Room::empty(Trust::Nothing).reading(input.path(), INPUT);
                for folder in interpreter.folders() {
                    room = room.reading(&folder, &folder);
                }
                ended(sandbox.confined(room, runner).run(&command)?)?;
                take(&answer, root, files).map_err(failed)
            }
            Self::Limits { prlimit, limits } => {
                let folder = Temporary::new().map_err(failed)?;
                let driver = folder.path().join("compile.py");
                fs::write(&driver, DRIVER).map_err(failed)?;
                let mut command = command(&interpreter.program, &driver, folder.path());
                if let Some(prlimit) = prlimit {
                    let limit = format!("--as={}", limits.memory).into();
                    let program = std::mem::replace(&mut command.program, prlimit.clone());
                    let words = [limit, "--core=0".into(), "--".into(), program.into_os_string()];
                    command.arguments.splice(0..0, words);
                }
                let request = request(None, &[]).to_string();
                ended(runner.run(&command.stdin(request).timeout(limits.time))?)
            }
        }
    }

    /// Where the interpreter sees `root`.
    pub(super) fn root<'r>(&self, root: &'r Path) -> &'r Path {
        match self {
            Self::Sandbox(_) => Path::new(ROOT),
            Self::Limits { .. } => root,
        }
    }
}

fn command(program: &Path, driver: &Path, folder: &Path) -> Command {
    Command::new(program, folder).argument("-I").argument(driver).variable("PYTHONHASHSEED", "0")
}

/// Copies what is below `root`, with its times: byte code states them.
fn lay_out(root: &Path, input: &Path) -> io::Result<()> {
    fs::write(input.join("compile.py"), DRIVER)?;
    let copy = input.join("root");
    for entry in WalkDir::new(root) {
        let entry = entry?;
        let to = copy.join(entry.path().strip_prefix(root).unwrap_or(entry.path()));
        if entry.file_type().is_dir() {
            fs::create_dir(&to)?;
        } else {
            fs::copy(entry.path(), &to)?;
            let time = entry.metadata()?.modified()?;
            File::open(&to)?.set_times(FileTimes::new().set_modified(time))?;
        }
    }
    Ok(())
}

/// Takes what left the sandbox: nothing of it is a name.
fn take(answer: &Path, root: &Path, files: &[String]) -> io::Result<()> {
    let mut reader = BufReader::new(File::open(answer)?);
    for path in files {
        let mut length = [0; 8];
        reader.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length == ABSENT {
            continue;
        }
        let path = root.join(path.trim_start_matches('/'));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let copied = io::copy(&mut reader.by_ref().take(length), &mut File::create_new(&path)?)?;
        if copied != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_expected_files_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (answer, root) = (folder.path().join("answer"), folder.path().join("root"));
        let files = ["/a/__pycache__/x.pyc", "/a/y.pyc"].map(str::to_owned);
        let taken = |bytes: &[&[u8]]| {
            let _ = fs::remove_dir_all(&root);
            fs::write(&answer, bytes.concat()).unwrap();
            take(&answer, &root, &files).is_ok()
        };
        let (two, absent) = (2_u64.to_le_bytes(), u64::MAX.to_le_bytes());
        assert!(taken(&[&two, b"xy", &absent]));
        assert_eq!(fs::read(root.join("a/__pycache__/x.pyc")).unwrap(), b"xy");
        assert!(!root.join("a/y.pyc").exists());
        for bytes in [&[&two[..], b"x"][..], &[&two, b"xy"], &[b"no"], &[]] {
            assert!(!taken(bytes), "{bytes:?}");
        }
    }
}
