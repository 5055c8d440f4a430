//! Wheels from sdists.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::process::{Command, CommandRunner};

use super::SourceError;

/// A build may take this long.
const TIME_LIMIT: Duration = Duration::from_secs(15 * 60);

/// How a wheel is built of an sdist: by `pip wheel`, in pip's isolated build environment.
///
/// This runs the sdist's own code, as every build from source does.
#[derive(Debug, Clone)]
pub struct SdistBuild {
    /// An interpreter with pip.
    pub python: PathBuf,
    /// Where pip finds build requirements.
    pub index_url: String,
    /// Variables that pip needs to reach the index: proxies and certificates.
    pub variables: Vec<(String, String)>,
}

/// Builds the wheel of `sdist` into `folder`, which must be empty, and returns its path. `time`
/// stands for the clock: seconds since 1970.
pub fn build_wheel(
    sdist: &Path,
    build: &SdistBuild,
    folder: &Path,
    time: i64,
    runner: &dyn CommandRunner,
) -> Result<PathBuf, SourceError> {
    let file = sdist.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let refuse = |problem: String| SourceError { file: file.clone(), problem };
    let mut command = Command::new(&build.python, folder).timeout(TIME_LIMIT);
    let arguments =
        ["-m", "pip", "wheel", "--no-deps", "--no-cache-dir", "--disable-pip-version-check"];
    for argument in arguments.into_iter().chain(["--index-url", &build.index_url, "--wheel-dir"]) {
        command = command.argument(argument);
    }
    command =
        command.argument(folder).argument(sdist).variable("SOURCE_DATE_EPOCH", time.to_string());
    for (name, value) in &build.variables {
        command = command.variable(name, value);
    }
    let output =
        runner.run(&command).map_err(|e| refuse(format!("cannot be built into a wheel: {e}")))?;
    if output.status != 0 {
        return Err(refuse(format!("cannot be built into a wheel: {}", output.reason(20))));
    }
    let entries = std::fs::read_dir(folder)
        .map_err(|e| refuse(format!("was built, but its folder cannot be read: {e}")))?;
    let mut wheels: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "whl") && !path.is_symlink()
        })
        .collect();
    match wheels.pop() {
        Some(wheel) if wheels.is_empty() => Ok(wheel),
        _ => Err(refuse("was built, but not into one wheel".to_owned())),
    }
}
