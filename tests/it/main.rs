//! The command line from outside, on folders and loopback only.

#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod arguments;
mod bad_input;
mod belief;
mod build;
mod bundled;
mod byte_code;
mod cases;
mod distribution;
mod epochs;
mod executables;
mod file_rules;
mod format;
mod hostile_sdist;
mod hostile_wheel;
mod hostile_wheels;
mod inputs;
mod keep_going;
mod kernel;
mod licences;
mod locks;
mod names;
mod native;
mod needs;
mod plugins;
mod project;
mod recipe_data;
mod recipes;
mod repositories;
mod robust;
mod sdist;
mod settings;
mod sharing;
mod spec_commands;
mod templates;
mod units;
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

/// The program in a folder, with nothing of the environment.
fn command(program: &Path, folder: &Path, arguments: &[&str]) -> Command {
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
fn run_as(program: &Path, folder: &Path, arguments: &[&str]) -> Run {
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
