//! Wheels built in a sandbox.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{BuildSystem, Interpreter, SdistBuild};
use crate::base::{
    files::copy_tree,
    process::{Command, CommandRunner, Output, ProcessError, Room, Sandbox, Trust, Workshop},
};

/// The program that runs in the sandbox.
const DRIVER: &str = include_str!("build.py");
/// The folder of the sources in the sandbox.
const INPUT: &str = "/input";
/// Names of the user in the sandbox.
const USERS: [(&str, &str); 2] =
    [("passwd", "builder:x:1000:1000::/build/home:/bin/sh\n"), ("group", "builder:x:1000:\n")];
/// The maximum length of the header line, in bytes.
const HEADER_LIMIT: u64 = 64 << 10;
/// The number of a failed build's last lines in the error.
const REASON_LINES: usize = 20;

/// A wheel's source.
#[derive(Debug, Clone, Copy)]
pub struct BuildInput<'m> {
    /// An sdist, or a project's folder.
    pub path: &'m Path,
    /// The name of the sdist; its suffix is the archive format.
    pub filename: &'m str,
    /// The project's folder in it.
    pub subdirectory: Option<&'m str>,
    pub system: &'m BuildSystem,
    /// The wheels that are installed for the build.
    pub wheels: &'m [PathBuf],
    /// The requirements that these wheels satisfy.
    pub asked: &'m BTreeSet<String>,
}

/// The result of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackendAnswer {
    Wheel(PathBuf),
    /// The backend wants these requirements installed, too.
    Requires(Vec<String>),
}

/// The first line of the sandbox's output.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum MemberHeader {
    Requires(Vec<String>),
    Wheel(String),
}

/// Builds a wheel into `folder`, which must be empty. The code of the source has no network, no
/// access to local files except the system's, and not this program's environment; its only output
/// is the wheel, which is to be inspected as untrusted.
///
/// # Errors
/// No wheel was built: the end of a sentence that begins with the source, and the output of the
/// build.
pub fn build_confined(
    material: &BuildInput<'_>,
    build: &SdistBuild,
    interpreter: &Interpreter,
    sandbox: &Sandbox,
    folder: &Path,
    runner: &dyn CommandRunner,
) -> Result<BackendAnswer, (String, Output)> {
    let silent = |problem: String| (problem, Output::default());
    let prepared = Workshop::for_reading(sandbox)
        .and_then(|input| fill(&input, material).map(|source| (input, source)));
    let (input, source) =
        prepared.map_err(|error| silent(format!("cannot be laid out to be built: {error}")))?;
    let answer = folder.join("answer");
    let command = command(material, build, interpreter, &source)
        .save(&answer, sandbox.limits.file)
        .timeout(sandbox.limits.time);
    let room = room(&input, interpreter);
    let output = sandbox
        .confined(room, runner)
        .run(&command)
        .map_err(|error| silent(format!("cannot be built into a wheel: {}", told(&error))))?;
    if output.status != 0 {
        let problem = format!("cannot be built into a wheel: {}", output.reason(REASON_LINES));
        return Err((problem, output));
    }
    let taken = take(&answer, folder);
    let _ = fs::remove_file(&answer);
    taken.map_err(|error| (format!("was built, but not into a wheel: {error}"), output))
}

/// Describes an exceeded limit; the driver's command line would mean nothing to the user.
fn told(error: &ProcessError) -> String {
    match error {
        ProcessError::Timeout { seconds, .. } => format!("it was stopped after {seconds} s"),
        ProcessError::Flood { limit, .. } => format!("its wheel is larger than {limit} bytes"),
        ProcessError::FileLimit { limit, .. } => format!("it had more than {limit} files"),
        other => other.to_string(),
    }
}

/// Copies the build's inputs; returns the path of the source in the sandbox.
fn fill(input: &Workshop, material: &BuildInput<'_>) -> io::Result<String> {
    let at = input.path();
    fs::write(at.join("build.py"), DRIVER)?;
    for (name, text) in USERS {
        fs::write(at.join(name), text)?;
    }
    fs::create_dir(at.join("requirements"))?;
    for wheel in material.wheels {
        let name = wheel.file_name().unwrap_or_default();
        fs::copy(wheel, at.join("requirements").join(name))?;
    }
    fs::create_dir(at.join("source"))?;
    let name = if material.path.is_dir() {
        "tree"
    } else {
        Path::new(material.filename).file_name().and_then(|n| n.to_str()).unwrap_or("sdist")
    };
    let copy = at.join("source").join(name);
    if material.path.is_dir() {
        fs::create_dir(&copy).and_then(|()| copy_tree(material.path, &copy))?
    } else {
        fs::copy(material.path, &copy).map(drop)?
    }
    input.share()?;
    Ok(format!("{INPUT}/source/{name}"))
}

fn room(input: &Workshop, interpreter: &Interpreter) -> Room {
    let mut room = Room::empty(Trust::Nothing).reading(input.path(), INPUT);
    for (name, _) in USERS {
        room = room.reading(&input.path().join(name), format!("/etc/{name}"));
    }
    for folder in interpreter.folders() {
        room = room.reading(&folder, &folder);
    }
    room
}

fn command(
    material: &BuildInput<'_>,
    build: &SdistBuild,
    interpreter: &Interpreter,
    source: &str,
) -> Command {
    let settings: BTreeMap<&String, Value> = build
        .config_settings
        .iter()
        .map(|(key, values)| match values.as_slice() {
            [only] => (key, json!(only)),
            several => (key, json!(several)),
        })
        .collect();
    let request = json!({
        "source": source,
        "subdirectory": material.subdirectory,
        "backend": material.system.backend,
        "backend_path": material.system.backend_path,
        "asked": material.asked,
        "settings": settings,
        "time": build.time,
    });
    let mut command = Command::new(&interpreter.program, Path::new(Room::WORK))
        .argument("-I")
        .argument(format!("{INPUT}/build.py"))
        .variable("SOURCE_DATE_EPOCH", build.time.to_string())
        .variable("PYTHONHASHSEED", "0")
        .variable("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(request.to_string());
    for (name, value) in &build.flags {
        command = command.variable(name, value);
    }
    command
}

/// Parses the sandbox's output.
fn take(answer: &Path, folder: &Path) -> io::Result<BackendAnswer> {
    let mut reader = BufReader::new(File::open(answer)?);
    let mut line = Vec::new();
    reader.by_ref().take(HEADER_LIMIT).read_until(b'\n', &mut line)?;
    let unreadable = |_| io::Error::other("it does not tell what it left");
    match serde_json::from_slice(&line).map_err(unreadable)? {
        MemberHeader::Requires(texts) => Ok(BackendAnswer::Requires(texts)),
        MemberHeader::Wheel(name) => {
            if !name.ends_with(".whl") || name.contains(['/', '\0']) {
                return Err(io::Error::other(format!("it is `{}`", name.escape_debug())));
            }
            let path = folder.join(name);
            io::copy(&mut reader, &mut File::create_new(&path)?)?;
            Ok(BackendAnswer::Wheel(path))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_the_sandbox_is_not_believed() {
        let taken = |answer: &[u8]| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("answer");
            fs::write(&path, answer).unwrap();
            let taken = take(&path, folder.path()).map_err(|error| error.to_string());
            taken.map(|built| match built {
                BackendAnswer::Wheel(path) => {
                    assert_eq!(path.parent(), Some(folder.path()));
                    fs::read_to_string(path).unwrap()
                }
                BackendAnswer::Requires(texts) => texts.join(" "),
            })
        };
        assert_eq!(taken(b"{\"wheel\": \"a-1-py3-none-any.whl\"}\nPK").unwrap(), "PK");
        assert_eq!(taken(b"{\"requires\": [\"a\", \"b\"]}\n").unwrap(), "a b");
        for (answer, wanted) in [
            ("{\"wheel\": \"../../x.whl\"}\n", "it is `../../x.whl`"),
            ("{\"wheel\": \"/x.whl\"}\n", "it is `/x.whl`"),
            ("{\"wheel\": \"x.\u{1b}[31m\"}\n", "it does not tell what it left"),
            ("{\"wheel\": \"answer\"}\n", "it is `answer`"),
            ("PK", "it does not tell what it left"),
            ("", "it does not tell what it left"),
            (&"x".repeat(1 << 20), "it does not tell what it left"),
        ] {
            assert_eq!(taken(answer.as_bytes()).unwrap_err(), wanted);
        }
    }
}
