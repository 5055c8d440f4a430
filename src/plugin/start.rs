//! Starting a plugin for one hook.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Hook, Message, Plugin, PluginError, PluginManifest,
    protocol::{API, HookRequest},
};
use crate::{
    base::text::serialised,
    base::{
        files::{FileError, Temporary, temporary_place},
        process::{Command, CommandRunner, Output, which},
        report::{Event, Reporter},
    },
    distro::targets::Target,
};

/// The most that an answer may have, in bytes.
const ANSWER_LIMIT: u64 = 64 << 20;
/// How many lines of standard error are in an error.
const REASON_LINES: usize = 5;

/// What plugins are run with.
#[derive(Clone, Copy)]
pub struct CallContext<'a> {
    pub target: &'a Target,
    pub runner: &'a dyn CommandRunner,
    pub reporter: &'a dyn Reporter,
    /// Stands for the clock: seconds since 1970.
    pub time: Option<i64>,
    /// The folders in which programs are looked for.
    pub path: &'a [std::path::PathBuf],
}

/// An answer, and the folder that the plugin worked in.
pub(crate) struct Answered<A> {
    pub answer: A,
    pub work: Temporary,
}

impl Plugin {
    /// Asks the plugin. Its lines on standard error are shown behind its name.
    pub(crate) fn ask<A: DeserializeOwned>(
        &self,
        hook: Hook,
        subject: impl Serialize,
        context: &CallContext<'_>,
    ) -> Result<Answered<A>, PluginError> {
        let request = HookRequest {
            api: API.to_string(),
            hook,
            settings: &self.settings,
            target: context.target.into(),
            subject,
        };
        // Everything in a request has a form in JSON.
        let text = serialised::json(&request);
        let (work, answer) = self.run(hook, text, context)?;
        let answer = serde_json::from_slice(&answer).map_err(|error| PluginError::Answer {
            plugin: self.manifest.name.clone(),
            hook: hook.to_string(),
            problem: error.to_string(),
        })?;
        Ok(Answered { answer, work })
    }

    /// Runs the plugin on the text of a request, and gives that of its answer with the folder that it
    /// worked in.
    ///
    /// # Errors
    /// It does not have the hook, cannot be started, or fails.
    pub fn run(
        &self,
        hook: Hook,
        request: String,
        context: &CallContext<'_>,
    ) -> Result<(Temporary, Vec<u8>), PluginError> {
        let (plugin, name) = (self.manifest.name.clone(), hook.to_string());
        if !self.manifest.hooks.contains(&hook) {
            return Err(PluginError::NoHook { plugin, hook: name });
        }
        let outer = Temporary::new().map_err(FileError::write(&temporary_place()))?;
        let work = outer.path().join("work");
        fs::create_dir(&work).map_err(FileError::write(&work))?;
        let saved = outer.path().join("answer");
        let command = self.command(&work, context)?.stdin(request).save(&saved, ANSWER_LIMIT);
        let failed =
            |error| PluginError::Process { plugin: plugin.clone(), hook: name.clone(), error };
        let output = context.runner.run(&command).map_err(failed)?;
        self.show(&output, context.reporter);
        if output.status != 0 {
            let reason = output.reason(REASON_LINES);
            return Err(PluginError::Status { plugin, hook: name, status: output.status, reason });
        }
        let answer = fs::read(&saved).map_err(FileError::write(&saved))?;
        Ok((outer, answer))
    }

    fn command(&self, work: &Path, context: &CallContext<'_>) -> Result<Command, PluginError> {
        let words = self.manifest.command.iter();
        let mut words = words.map(|word| match PluginManifest::inside(&self.folder, word) {
            Some(path) => path.into_os_string(),
            None => word.into(),
        });
        let program = words.next().unwrap_or_default();
        let program = if program.to_string_lossy().contains('/') {
            program.into()
        } else {
            which(&program.to_string_lossy(), context.path).ok_or_else(|| {
                PluginError::Unreadable {
                    path: program.clone().into(),
                    reason: "there is no such program".to_owned(),
                }
            })?
        };
        let mut command = Command::new(program, work)
            .variable("PYPI2PKG_PLUGIN", &self.folder)
            .timeout(self.manifest.timeout());
        if let Some(time) = context.time {
            command = command.variable("SOURCE_DATE_EPOCH", time.to_string());
        }
        Ok(words.fold(command, |command, word| command.argument(word)))
    }

    fn show(&self, output: &Output, reporter: &dyn Reporter) {
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            reporter.event(Event::Said { name: &self.manifest.name, line });
        }
    }

    /// Tells messages; those that are errors about no project are one.
    pub(crate) fn tell(
        &self,
        messages: &[Message],
        reporter: &dyn Reporter,
    ) -> Result<(), PluginError> {
        for message in messages {
            let about = message.project.as_ref().map(|p| format!("{p}: ")).unwrap_or_default();
            let line = format!("{}: {about}{}", self.manifest.name, message.text);
            match (message.level, &message.project) {
                (super::Level::Note, _) => reporter.event(Event::Detail(&line)),
                (super::Level::Warning, _) => reporter.event(Event::Warning(&line)),
                (super::Level::Error, Some(_)) => {}
                (super::Level::Error, None) => {
                    let (plugin, text) = (self.manifest.name.clone(), message.text.to_string());
                    return Err(PluginError::Said { plugin, text });
                }
            }
        }
        Ok(())
    }

    /// Takes a regular file out of a plugin's working folder.
    pub(crate) fn take(&self, work: &Path, from: &str) -> io::Result<Vec<u8>> {
        fs::read(self.place(work, from)?)
    }

    /// Where a regular file is in a plugin's working folder.
    pub(crate) fn place(&self, work: &Path, from: &str) -> io::Result<PathBuf> {
        let path = work.join("work").join(from);
        let real = path.canonicalize()?;
        let inside = work.canonicalize()?;
        if real.starts_with(inside) && !path.symlink_metadata()?.is_symlink() && real.is_file() {
            Ok(real)
        } else {
            Err(io::Error::other("it is not a file in the working folder"))
        }
    }
}
