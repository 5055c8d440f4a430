//! Keys that `gpg` has.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::process::{Command, CommandRunner, Output, which};

use super::{Access, SignError};

/// Whoever has to enter a PIN has as long for it.
const TIME_LIMIT: Duration = Duration::from_secs(5 * 60);

/// A secret key of `gpg`.
pub(super) struct GpgKey<'a> {
    program: PathBuf,
    runner: &'a dyn CommandRunner,
    environment: Vec<(String, String)>,
    fingerprint: String,
}

impl<'a> GpgKey<'a> {
    /// Finds a key; answers also with when it was made, and its and its subkeys' fingerprints.
    pub(super) fn open(
        key: &str,
        access: Access<'a>,
    ) -> Result<(Self, i64, Vec<String>), SignError> {
        let program = which("gpg", access.path).ok_or(SignError::NoGpg { key: key.to_owned() })?;
        let mut found = Self {
            program,
            runner: access.runner,
            environment: access.environment,
            fingerprint: key.to_owned(),
        };
        let arguments = ["--with-colons", "--fixed-list-mode", "--list-secret-keys", key];
        let output = found.run(Path::new("/"), &arguments)?;
        let unknown = |reason: String| SignError::Unknown { key: key.to_owned(), reason };
        if output.status != 0 {
            return Err(unknown(output.reason(1)));
        }
        let listed = String::from_utf8_lossy(&output.stdout);
        // Source: GnuPG's doc/DETAILS: the 6th field is when a key was made, the 10th of the line
        // `fpr` after it its fingerprint.
        let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split(':').collect()).collect();
        let field =
            |row: &Vec<&str>, at: usize| row.get(at).copied().unwrap_or_default().to_owned();
        let of_kind = |kinds: &'static [&str]| {
            rows.iter().filter(|row| kinds.contains(&row[0])).collect::<Vec<_>>()
        };
        if of_kind(&["sec"]).len() != 1 {
            return Err(unknown("several keys are called so; name the fingerprint".to_owned()));
        }
        let made = of_kind(&["sec", "ssb"]);
        let made = made.iter().filter_map(|row| field(row, 5).parse().ok()).max().unwrap_or(0);
        let fingerprints: Vec<String> =
            of_kind(&["fpr"]).into_iter().map(|row| field(row, 9)).collect();
        found.fingerprint = fingerprints.first().cloned().unwrap_or_default();
        Ok((found, made, fingerprints))
    }

    /// The public key in ASCII armour.
    pub(super) fn public(&self) -> Result<String, SignError> {
        let arguments =
            ["--armor", "--export-options", "export-minimal", "--export", &self.fingerprint];
        let output = self.succeed(Path::new("/"), &arguments)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What `gpg` makes of `data` with the arguments of a kind of signature.
    pub(super) fn sign(&self, data: &[u8], time: i64, kind: &[&str]) -> Result<Vec<u8>, SignError> {
        let folder = tempfile::tempdir()
            .map_err(|source| SignError::Folder { path: std::env::temp_dir(), source })?;
        let at = |source| SignError::Folder { path: folder.path().to_owned(), source };
        fs::write(folder.path().join("data"), data).map_err(at)?;
        // The mark freezes the clock, which would go on from that time otherwise.
        let time = format!("{time}!");
        let before = ["--local-user", &self.fingerprint, "--digest-algo", "SHA256"];
        let clock = ["--faked-system-time", &time, "--output", "signature"];
        let arguments = [&before[..], &clock, kind, &["data"]].concat();
        self.succeed(folder.path(), &arguments)?;
        fs::read(folder.path().join("signature")).map_err(at)
    }

    fn succeed(&self, folder: &Path, arguments: &[&str]) -> Result<Output, SignError> {
        let output = self.run(folder, arguments)?;
        match output.status {
            0 => Ok(output),
            _ => Err(SignError::Failed { key: self.fingerprint.clone(), reason: output.reason(2) }),
        }
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> Result<Output, SignError> {
        let mut command = Command::new(&self.program, folder).timeout(TIME_LIMIT);
        for (name, value) in &self.environment {
            command = command.variable(name, value);
        }
        for argument in ["--batch", "--no-tty", "--yes"].iter().chain(arguments) {
            command = command.argument(argument);
        }
        Ok(self.runner.run(&command)?)
    }
}
