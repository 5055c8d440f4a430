//! The command line from outside, on folders and loopback only.

mod architecture;
mod bad_input;
mod build;
mod bundled;
mod cases;
mod distribution;
mod format;
mod hostile_sdist;
mod inputs;
mod native;
mod plugins;
mod project;
mod recipes;
mod robust;
mod sdist;
mod templates;
mod wheel;

use std::{
    path::Path,
    process::{Command, Stdio},
};

/// What a command line left behind. Paths of the test's folder are written `[FOLDER]`.
struct Run {
    status: i32,
    stdout: String,
    stderr: String,
}

/// Runs the program in `folder` with a private cache, a fixed clock and no other environment.
fn run(folder: &Path, arguments: &[&str]) -> Run {
    run_as(Path::new(env!("CARGO_BIN_EXE_pypi2pkg")), folder, arguments)
}

/// The same by another name of the program.
fn run_as(program: &Path, folder: &Path, arguments: &[&str]) -> Run {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("PYPI2PKG_CACHE_DIR", folder.join("cache"))
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes).unwrap().replace(&folder.display().to_string(), "[FOLDER]")
    };
    Run {
        status: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
