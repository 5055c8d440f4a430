//! What most verbs begin with: settings, target and requirements.

use std::{path::Path, sync::OnceLock};

use tempfile::TempDir;

use crate::{
    disk::WriteError,
    failure::Failure,
    pipeline::{BuildingIndex, Run},
    process::HostRunner,
    report::Terminal,
    requirements::Inputs,
    settings::{self, Configuration, Environment, Flags, Settings},
    target::{Target, Targets},
};

use super::arguments::Asked;

/// Everything that a run borrows from.
pub struct Session {
    pub settings: Settings,
    pub target: Target,
    /// What this machine runs.
    machine: Option<Target>,
    pub inputs: Inputs,
    pub reporter: Terminal,
    runner: HostRunner,
    /// Where sdists are built on the way to a plan.
    work: TempDir,
}

/// What names this machine's distribution. Source: os-release(5).
const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

impl Session {
    /// Resolves the settings and reads the inputs.
    pub fn start(asked: &Asked, flags: Flags, verbosity: i8) -> Result<Self, Failure> {
        let configuration = Configuration::read(asked.config.as_deref())?;
        let settings = settings::resolve(flags, configuration, Environment::of_process())?;
        let targets = targets(settings.targets.as_deref())?;
        let target = load_target(&settings, &targets)?;
        let machine =
            targets.detect(&os_release()).and_then(|name| targets.load(&name, None, None));
        let inputs = asked.inputs.read(&settings.environment)?;
        let reporter = Terminal::new(verbosity);
        let work = tempfile::tempdir().map_err(WriteError::at(&std::env::temp_dir()))?;
        Ok(Self {
            settings,
            target,
            machine: machine.ok(),
            inputs,
            reporter,
            runner: HostRunner,
            work,
        })
    }

    /// The run that these settings describe.
    pub fn run(&self) -> Run<'_> {
        Run {
            settings: &self.settings,
            target: &self.target,
            machine: self.machine.as_ref(),
            inputs: &self.inputs,
            runner: &self.runner,
            reporter: &self.reporter,
            probed: OnceLock::new(),
        }
    }

    /// The index that a run asks.
    pub fn index<'r>(&self, run: &'r Run<'r>) -> Result<BuildingIndex<'r>, Failure> {
        Ok(run.index(self.work.path())?)
    }
}

/// The embedded targets and the user's.
pub fn targets(folder: Option<&Path>) -> Result<Targets, Failure> {
    let targets = Targets::embedded();
    match folder {
        Some(folder) => Ok(targets.with_folder(folder)?),
        None => Ok(targets),
    }
}

/// The text that names this machine's distribution; empty where there is none.
fn os_release() -> String {
    let texts = OS_RELEASE.iter().map(std::fs::read_to_string);
    texts.into_iter().find_map(Result::ok).unwrap_or_default()
}

fn load_target(settings: &Settings, targets: &Targets) -> Result<Target, Failure> {
    let name = match &settings.target {
        Some(name) => name.clone(),
        None => targets.detect(&os_release())?,
    };
    let target = targets.load(&name, settings.python.as_deref(), settings.arch.as_deref())?;
    match &settings.install_prefix {
        Some(prefix) => Ok(target.isolated(prefix)?),
        None => Ok(target),
    }
}
