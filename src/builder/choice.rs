//! Which builder makes a format's packages.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::base::process::{CommandRunner, Sandbox, SandboxError, which};

use super::{BuildError, Builder, DpkgDeb, EmbeddedDeb, EmbeddedRpm, RpmBuild, system::is_system};

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

/// The builders that this machine offers.
pub struct Builders<'a> {
    runner: &'a dyn CommandRunner,
    /// The folders in which programs are looked for.
    path: &'a [PathBuf],
    /// What confines the tools, or why nothing does; nothing only where the user wants that.
    sandbox: Result<Option<&'a Sandbox>, SandboxError>,
    /// A further program that the tool runs.
    compiler: Option<&'a Path>,
}

/// A builder, and why the system's tool is left aside where it would have been taken.
pub struct Choice<'a> {
    pub builder: Box<dyn Builder + 'a>,
    pub unconfined: Option<BuildError>,
}

impl<'a> Builders<'a> {
    /// Builders whose tools are run by `runner` and looked for in `path`.
    pub fn new(runner: &'a dyn CommandRunner, path: &'a [PathBuf]) -> Self {
        Self { runner, path, sandbox: Ok(None), compiler: None }
    }

    /// These, with the system's tools confined; an error says why nothing confines them here.
    #[must_use]
    pub fn within(self, sandbox: Result<Option<&'a Sandbox>, SandboxError>) -> Self {
        Self { sandbox, ..self }
    }

    /// These, for packages whose tool also runs this interpreter.
    #[must_use]
    pub fn running(self, compiler: Option<&'a Path>) -> Self {
        Self { compiler, ..self }
    }

    /// The builder for packages of `format`: without a sandbox the system's tool is only taken where a
    /// person wants no sandbox.
    ///
    /// # Errors
    /// A format that no builder knows, and where the system's tool is demanded, one that is missing or
    /// that nothing confines.
    pub fn choose(&self, preference: Preference, format: &str) -> Result<Choice<'a>, BuildError> {
        let program = match format {
            "rpm" => "rpmbuild",
            "deb" => "dpkg-deb",
            _ => return Err(BuildError::Format { format: format.to_owned() }),
        };
        let found = match preference {
            Preference::Embedded => None,
            Preference::Auto | Preference::System => which(program, self.path),
        };
        let embedded = || -> Box<dyn Builder + 'a> {
            if format == "rpm" { Box::new(EmbeddedRpm) } else { Box::new(EmbeddedDeb) }
        };
        let is_demanded = preference == Preference::System;
        let Some(path) = found else {
            let missing = BuildError::Missing { program, format: format.to_owned() };
            let choice = || Choice { builder: embedded(), unconfined: None };
            return if is_demanded { Err(missing) } else { Ok(choice()) };
        };
        let programs: Vec<&Path> = self.compiler.into_iter().chain([path.as_path()]).collect();
        match confined(&programs, &self.sandbox) {
            Ok(sandbox) => {
                let builder: Box<dyn Builder + 'a> = match format {
                    "rpm" => Box::new(RpmBuild::new(self.runner, path).within(sandbox)),
                    _ => Box::new(DpkgDeb::new(self.runner, path).within(sandbox)),
                };
                Ok(Choice { builder, unconfined: None })
            }
            Err(reason) => {
                let error = BuildError::Exposed { program, reason };
                if is_demanded {
                    Err(error)
                } else {
                    Ok(Choice { builder: embedded(), unconfined: Some(error) })
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
    use crate::support::tools::{have, skip};

    #[test]
    fn the_system_is_preferred_where_its_tool_is() {
        let folder = tempfile::tempdir().unwrap();
        let tool = folder.path().join("rpmbuild");
        fs::write(&tool, "").unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        let path = [folder.path().to_owned()];
        let builders = Builders::new(&HostRunner, &path);

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
            (Preference::Auto, "apk", Err("no builder knows the package format `apk`")),
        ];
        for (preference, format, wanted) in cases {
            let chosen = builders.choose(preference, format);
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
        let builders = Builders::new(&HostRunner, &path).within(Err(broken()));
        let choice = builders.choose(Preference::Auto, "rpm").unwrap();
        let reason = choice.unconfined.map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(choice.builder.name(), "embedded");
        let wanted = "nothing confines `rpmbuild` here: `bwrap` does not work: no namespaces; \
                      install bubblewrap, use `--builder embedded`, or `--no-sandbox`";
        assert_eq!(reason, wanted);
        let refused = builders.choose(Preference::System, "rpm").err().unwrap().to_string();
        assert_eq!(refused, wanted);
        let choice = builders.choose(Preference::Embedded, "rpm").unwrap();
        assert!(choice.unconfined.is_none());
        // `--no-sandbox`
        let open = Builders::new(&HostRunner, &path).within(Ok(None));
        assert_eq!(open.choose(Preference::Auto, "rpm").unwrap().builder.name(), "system");
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
        let builders = Builders::new(&HostRunner, &path).within(Ok(Some(&sandbox)));
        let choice = builders.choose(Preference::Auto, "deb").unwrap();
        assert_eq!(choice.builder.name(), "embedded");
        let reason = choice.unconfined.map(|error| error.to_string()).unwrap_or_default();
        assert!(reason.contains("a sandbox only shows the system's programs"), "{reason}");
        assert!(builders.choose(Preference::System, "deb").is_err());
        let compiler = tool.as_path();
        let builders =
            Builders::new(&HostRunner, &system).within(Ok(Some(&sandbox))).running(Some(compiler));
        assert_eq!(builders.choose(Preference::Auto, "deb").unwrap().builder.name(), "embedded");
    }
}
