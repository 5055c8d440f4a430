//! Wheels from sdists.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::process::{Command, CommandRunner};

/// A build may take this long.
const TIME_LIMIT: Duration = Duration::from_secs(15 * 60);

/// How a wheel is built of an sdist: by `pip wheel`, in pip's isolated build environment.
///
/// This runs the sdist's own code, as every build from source does.
#[derive(Debug, Clone)]
pub struct SdistBuild {
    /// An interpreter with pip.
    pub python: PathBuf,
    /// Settings for the project's build backend (PEP 517).
    pub config_settings: BTreeMap<String, Vec<String>>,
    /// Variables by which pip finds build requirements: indexes, proxies and certificates.
    pub variables: Vec<(String, String)>,
}

/// Builds the wheel of an sdist, a folder or a `file` URL into `folder`, which must be empty, and
/// returns its path. `time` stands for the clock: seconds since 1970.
///
/// # Errors
/// Why there is no wheel: the rest of a sentence that begins with what was built.
pub fn build_wheel(
    sdist: &OsStr,
    build: &SdistBuild,
    folder: &Path,
    time: i64,
    runner: &dyn CommandRunner,
) -> Result<PathBuf, String> {
    let mut command = Command::new(&build.python, folder).timeout(TIME_LIMIT);
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
    command =
        command.argument(folder).argument(sdist).variable("SOURCE_DATE_EPOCH", time.to_string());
    // pip builds in folders with random names, which compilers would write into libraries.
    let flags = format!("-g0 -ffile-prefix-map={}=.", folder.display());
    for name in ["CFLAGS", "CXXFLAGS"] {
        command = command.variable(name, &flags);
    }
    command = command.variable("TMPDIR", folder);
    for (name, value) in &build.variables {
        command = command.variable(name, value);
    }
    let output = runner.run(&command).map_err(|e| format!("cannot be built into a wheel: {e}"))?;
    if output.status != 0 {
        return Err(format!("cannot be built into a wheel: {}", output.reason(20)));
    }
    let entries = std::fs::read_dir(folder)
        .map_err(|e| format!("was built, but its folder cannot be read: {e}"))?;
    let mut wheels: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "whl") && !path.is_symlink()
        })
        .collect();
    match wheels.pop() {
        Some(wheel) if wheels.is_empty() => Ok(wheel),
        _ => Err("was built, but not into one wheel".to_owned()),
    }
}
