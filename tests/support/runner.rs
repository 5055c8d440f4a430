//! Running the program.

use std::{
    path::Path,
    process::{Command, Stdio},
};

/// What a command line left behind. Paths of the test's folder are written `[FOLDER]`.
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the program in `folder` with a private cache, a fixed clock and no other environment.
pub fn run(folder: &Path, arguments: &[&str]) -> Run {
    run_as(Path::new(env!("CARGO_BIN_EXE_pypi2pkg")), folder, arguments)
}

/// The program in a folder, with nothing of the environment.
pub fn command(program: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("PYPI2PKG_CACHE_DIR", folder.join("cache"))
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .stdin(Stdio::null());
    command
}

/// The same by another name of the program.
pub fn run_as(program: &Path, folder: &Path, arguments: &[&str]) -> Run {
    let output = command(program, folder, arguments).output().unwrap();
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes).unwrap().replace(&folder.display().to_string(), "[FOLDER]")
    };
    Run {
        status: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
