//! Wheels from sdists.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::base::process::{Command, CommandRunner, Output};

/// The time limit of a build.
const TIME_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Why no wheel was built from a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}` {problem}")]
pub struct SdistError {
    /// The source's name.
    pub file: String,
    /// The end of a sentence.
    pub problem: String,
    /// A remedy.
    pub hint: Option<String>,
}

impl SdistError {
    /// Returns a problem without a remedy.
    pub fn new(file: &str, problem: String) -> Self {
        Self { file: file.to_owned(), problem, hint: None }
    }
}

/// Options of a build.
#[derive(Debug, Clone)]
pub struct SdistBuild {
    /// Settings for the project's build backend (PEP 517).
    pub config_settings: BTreeMap<String, Vec<String>>,
    /// The time for `SOURCE_DATE_EPOCH`: seconds since 1970.
    pub time: i64,
    /// Environment variables with the compiler flags of the target's packages.
    pub flags: BTreeMap<String, String>,
}

/// Builds the wheel of an sdist, a folder or a `file` URL with `pip wheel`, in pip's own build
/// environment, into `folder`, which must be empty, and returns its path. `python` is an
/// interpreter with pip; `variables` are its environment, with the location of build requirements.
///
/// The source's code is not confined: it has all permissions of the user.
///
/// # Errors
/// No wheel was built: the end of a sentence that begins with the source.
pub fn build_wheel(
    sdist: &OsStr,
    build: &SdistBuild,
    python: &Path,
    variables: &[(String, String)],
    folder: &Path,
    runner: &dyn CommandRunner,
) -> Result<PathBuf, (String, Output)> {
    let mut command = Command::new(python, folder).timeout(TIME_LIMIT);
    let arguments =
        ["-m", "pip", "wheel", "--no-deps", "--no-cache-dir", "--disable-pip-version-check"];
    for argument in arguments {
        command = command.argument(argument);
    }
    for (key, values) in &build.config_settings {
        for value in values {
            command = command.argument(format!("--config-settings={key}={value}"));
        }
    }
    command = command.argument("--wheel-dir");
    command = command
        .argument(folder)
        .argument(sdist)
        .variable("SOURCE_DATE_EPOCH", build.time.to_string());
    // pip builds in folders with random names, which compilers would write into libraries.
    let prefix = format!("-ffile-prefix-map={}=.", folder.display());
    for (name, value) in &build.flags {
        let is_of_compiler = matches!(name.as_str(), "CFLAGS" | "CXXFLAGS");
        let value = if is_of_compiler { format!("{value} {prefix}") } else { value.clone() };
        command = command.variable(name, value);
    }
    command = command.variable("TMPDIR", folder);
    for (name, value) in variables {
        command = command.variable(name, value);
    }
    let silent = |problem: String| (problem, Output::default());
    let output =
        runner.run(&command).map_err(|e| silent(format!("cannot be built into a wheel: {e}")))?;
    if output.status != 0 {
        let problem = format!("cannot be built into a wheel: {}", output.reason(20));
        return Err((problem, output));
    }
    let entries = std::fs::read_dir(folder)
        .map_err(|e| silent(format!("was built, but its folder cannot be read: {e}")))?;
    let mut wheels: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "whl") && !path.is_symlink()
        })
        .collect();
    match wheels.pop() {
        Some(wheel) if wheels.is_empty() => Ok(wheel),
        _ => Err(silent("was built, but not into one wheel".to_owned())),
    }
}
