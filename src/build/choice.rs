//! Which builder makes a format's packages.

use std::path::PathBuf;

use crate::process::{CommandRunner, Sandbox, which};

use super::{BuildError, Builder, DpkgDeb, EmbeddedDeb, EmbeddedRpm, RpmBuild};

/// What was asked for with `--builder`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preference {
    /// The system's tool where it is installed, else the embedded writer.
    #[default]
    Auto,
    System,
    Embedded,
}

/// The builders that this machine offers.
pub struct Builders<'a> {
    runner: &'a dyn CommandRunner,
    /// The folders in which programs are looked for.
    path: &'a [PathBuf],
    sandbox: Option<&'a Sandbox>,
}

impl<'a> Builders<'a> {
    /// Builders whose tools are run by `runner` and looked for in `path`.
    pub fn new(runner: &'a dyn CommandRunner, path: &'a [PathBuf]) -> Self {
        Self { runner, path, sandbox: None }
    }

    /// These, with the system's tools confined.
    #[must_use]
    pub fn within(self, sandbox: Option<&'a Sandbox>) -> Self {
        Self { sandbox, ..self }
    }

    /// The builder for packages of `format`.
    ///
    /// Fails for a format that none knows, and where the system's tool is demanded but missing.
    pub fn choose(
        &self,
        preference: Preference,
        format: &str,
    ) -> Result<Box<dyn Builder + 'a>, BuildError> {
        let program = match format {
            "rpm" => "rpmbuild",
            "deb" => "dpkg-deb",
            _ => return Err(BuildError::Format { format: format.to_owned() }),
        };
        let found = match preference {
            Preference::Embedded => None,
            Preference::Auto | Preference::System => which(program, self.path),
        };
        Ok(match (found, format) {
            (None, _) if preference == Preference::System => {
                return Err(BuildError::Missing { program, format: format.to_owned() });
            }
            (Some(path), "rpm") => Box::new(RpmBuild::new(self.runner, path).within(self.sandbox)),
            (Some(path), _) => Box::new(DpkgDeb::new(self.runner, path).within(self.sandbox)),
            (None, "rpm") => Box::new(EmbeddedRpm),
            (None, _) => Box::new(EmbeddedDeb),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::process::HostRunner;

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
            let named = chosen.map(|builder| builder.name()).map_err(|error| error.to_string());
            assert_eq!(named, wanted.map_err(str::to_owned), "{preference:?} {format}");
        }
    }
}
