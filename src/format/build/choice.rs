//! The choice between the system's tool and the embedded writer.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::base::process::{CommandRunner, Sandbox, SandboxError, which};

use super::{BuildError, Builder, system::is_system};

/// What was requested with `--builder`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preference {
    /// The system's tool if it is installed, otherwise the embedded writer
    #[default]
    Auto,
    /// rpmbuild, dpkg-deb
    System,
    /// The embedded writers
    Embedded,
}

/// The tools of this machine that build packages.
pub struct BuildTools<'a> {
    pub(crate) runner: &'a dyn CommandRunner,
    /// The folders in which programs are looked for.
    path: &'a [PathBuf],
    /// What confines the tools, or why nothing does; `None` only with `--no-sandbox`.
    sandbox: Result<Option<&'a Sandbox>, SandboxError>,
    /// A further program that the tool runs.
    compiler: Option<&'a Path>,
}

/// A distribution's own tool for packages of a format.
#[derive(Clone, Copy)]
pub(crate) struct SystemTool {
    pub program: &'static str,
    pub format: &'static str,
}

/// A builder, and why it is not the system's tool where that was to be preferred.
pub struct ChosenBuilder<'a> {
    pub builder: Box<dyn Builder + 'a>,
    pub unconfined: Option<BuildError>,
}

impl<'a> BuildTools<'a> {
    /// Returns tools that are run by `runner` and looked for in `path`.
    pub fn new(runner: &'a dyn CommandRunner, path: &'a [PathBuf]) -> Self {
        Self { runner, path, sandbox: Ok(None), compiler: None }
    }

    /// Confines the system's tools; an error is the reason why nothing can confine them here.
    #[must_use]
    pub fn within(self, sandbox: Result<Option<&'a Sandbox>, SandboxError>) -> Self {
        Self { sandbox, ..self }
    }

    /// Lets the system's tool run this interpreter, too.
    #[must_use]
    pub fn running(self, compiler: Option<&'a Path>) -> Self {
        Self { compiler, ..self }
    }

    /// Chooses between a format's embedded writer and the system's tool, which `system` returns for
    /// its path and sandbox. The tool runs without a sandbox only if the user disabled that.
    ///
    /// # Errors
    /// The tool was requested, and is not installed or cannot be confined.
    pub(crate) fn choose(
        &self,
        preference: Preference,
        tool: SystemTool,
        embedded: Box<dyn Builder + 'a>,
        system: impl FnOnce(PathBuf, Option<&'a Sandbox>) -> Box<dyn Builder + 'a>,
    ) -> Result<ChosenBuilder<'a>, BuildError> {
        let SystemTool { program, format } = tool;
        let found = match preference {
            Preference::Embedded => None,
            Preference::Auto | Preference::System => which(program, self.path),
        };
        let is_demanded = preference == Preference::System;
        let Some(path) = found else {
            return if is_demanded {
                Err(BuildError::Missing { program, format: format.to_owned() })
            } else {
                Ok(ChosenBuilder { builder: embedded, unconfined: None })
            };
        };
        let programs: Vec<&Path> = self.compiler.into_iter().chain([path.as_path()]).collect();
        match confined(&programs, &self.sandbox) {
            Ok(sandbox) => Ok(ChosenBuilder { builder: system(path, sandbox), unconfined: None }),
            Err(reason) => {
                let error = BuildError::Exposed { program, reason };
                if is_demanded {
                    Err(error)
                } else {
                    Ok(ChosenBuilder { builder: embedded, unconfined: Some(error) })
                }
            }
        }
    }
}

/// What confines the programs, unless the user wants no sandbox; else why nothing can.
fn confined<'a>(
    programs: &[&Path],
    sandbox: &Result<Option<&'a Sandbox>, SandboxError>,
) -> Result<Option<&'a Sandbox>, String> {
    let sandbox = sandbox.clone().map_err(|error| error.to_string())?;
    let outside = programs.iter().find(|program| !is_system(program));
    match (sandbox, outside) {
        (Some(_), Some(program)) => {
            Err(format!("a sandbox only shows the system's programs, not `{}`", program.display()))
        }
        _ => Ok(sandbox),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::base::process::HostRunner;
    use crate::format::named;
    use crate::support::tools::{have, skip};

    fn choose<'a>(
        tools: &BuildTools<'a>,
        preference: Preference,
        format: &str,
    ) -> Result<ChosenBuilder<'a>, BuildError> {
        named(format).unwrap().builder(tools, preference)
    }

    #[test]
    fn the_system_is_preferred_where_its_tool_is() {
        let folder = tempfile::tempdir().unwrap();
        let tool = folder.path().join("rpmbuild");
        fs::write(&tool, "").unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        let path = [folder.path().to_owned()];
        let builders = BuildTools::new(&HostRunner, &path);

        let cases = [
            (Preference::Auto, "rpm", Ok("system")),
            (Preference::System, "rpm", Ok("system")),
            (Preference::Embedded, "rpm", Ok("embedded")),
            (Preference::Auto, "deb", Ok("embedded")),
            (
                Preference::System,
                "deb",
                Err("`dpkg-deb` is not installed, and packages of the format `deb` need it"),
            ),
        ];
        for (preference, format, wanted) in cases {
            let chosen = choose(&builders, preference, format);
            let named =
                chosen.map(|choice| choice.builder.name()).map_err(|error| error.to_string());
            assert_eq!(named, wanted.map_err(str::to_owned), "{preference:?} {format}");
        }
    }
    #[test]
    fn without_a_sandbox_the_embedded_writer_is_taken() {
        let path = [PathBuf::from("/usr/bin")];
        if !have(&["rpmbuild"]) {
            return;
        }
        let broken = || SandboxError::Broken { reason: "no namespaces".to_owned() };
        let builders = BuildTools::new(&HostRunner, &path).within(Err(broken()));
        let choice = choose(&builders, Preference::Auto, "rpm").unwrap();
        let reason = choice.unconfined.map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(choice.builder.name(), "embedded");
        let wanted = "nothing confines `rpmbuild` here: `bwrap` does not work: no namespaces; \
                      install bubblewrap, use `--builder embedded`, or `--no-sandbox`";
        assert_eq!(reason, wanted);
        let refused = choose(&builders, Preference::System, "rpm").err().unwrap().to_string();
        assert_eq!(refused, wanted);
        let choice = choose(&builders, Preference::Embedded, "rpm").unwrap();
        assert!(choice.unconfined.is_none());
        // `--no-sandbox`
        let open = BuildTools::new(&HostRunner, &path).within(Ok(None));
        assert_eq!(choose(&open, Preference::Auto, "rpm").unwrap().builder.name(), "system");
    }

    #[test]
    fn tools_outside_the_system_are_not_run_open() {
        let folder = tempfile::tempdir().unwrap();
        let tool = folder.path().join("dpkg-deb");
        fs::write(&tool, "").unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        let system = [PathBuf::from("/usr/bin")];
        let Ok(sandbox) =
            Sandbox::probe(&system, crate::base::process::Limits::default(), &HostRunner)
        else {
            skip("no sandbox");
            return;
        };
        let path = [folder.path().to_owned()];
        let builders = BuildTools::new(&HostRunner, &path).within(Ok(Some(&sandbox)));
        let choice = choose(&builders, Preference::Auto, "deb").unwrap();
        assert_eq!(choice.builder.name(), "embedded");
        let reason = choice.unconfined.map(|error| error.to_string()).unwrap_or_default();
        assert!(reason.contains("a sandbox only shows the system's programs"), "{reason}");
        assert!(choose(&builders, Preference::System, "deb").is_err());
        let compiler = tool.as_path();
        let builders = BuildTools::new(&HostRunner, &system)
            .within(Ok(Some(&sandbox)))
            .running(Some(compiler));
        assert_eq!(choose(&builders, Preference::Auto, "deb").unwrap().builder.name(), "embedded");
    }
}
