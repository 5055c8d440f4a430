//! Signing with `gpg`.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::base::{
    files::{Temporary, open_regular, temporary_place},
    process::{Command, CommandRunner, Output, which},
};

use super::{Access, SignError, home::GpgHome};

/// Whoever has to enter a PIN has as long for it.
const TIME_LIMIT: Duration = Duration::from_secs(5 * 60);
/// The permissions of all users but a file's owner.
const OTHERS: u32 = 0o077;

/// A secret key of `gpg`.
pub(super) struct GpgKey<'a> {
    program: PathBuf,
    runner: &'a dyn CommandRunner,
    environment: Vec<(String, String)>,
    /// That of a key from a file; for others, an agent asks for it.
    passphrase: Option<String>,
    fingerprint: String,
    /// When it was made; of it and its subkeys the newest.
    pub created: i64,
    /// Its own and those of its subkeys.
    pub fingerprints: Vec<String>,
    /// Where a key from a file is kept.
    _home: Option<GpgHome<'a>>,
}

impl<'a> GpgKey<'a> {
    /// Finds a key that `gpg` has.
    pub(super) fn open(key: &str, access: Access<'a>) -> Result<Self, SignError> {
        let program = which("gpg", access.path).ok_or(SignError::NoGpg { key: key.to_owned() })?;
        let mut found = Self {
            program,
            runner: access.runner,
            environment: access.environment,
            passphrase: None,
            fingerprint: String::new(),
            created: 0,
            fingerprints: Vec::new(),
            _home: None,
        };
        found.identify(&[key]).map_err(|reason| match reason {
            Ok(reason) => SignError::Unknown { key: key.to_owned(), reason },
            Err(error) => error,
        })?;
        Ok(found)
    }

    /// Takes the key from a file, and signs something to see that the passphrase fits.
    pub(super) fn import(path: &Path, access: Access<'a>) -> Result<Self, SignError> {
        let refuse = |reason: String| SignError::File { path: path.to_owned(), reason };
        let unreadable = |error: io::Error| refuse(error.to_string());
        let mode = open_regular(path).and_then(|file| file.metadata()).map_err(unreadable)?.mode();
        if mode & OTHERS != 0 {
            return Err(SignError::Exposed { path: path.to_owned(), mode: mode & 0o7777 });
        }
        let program = which("gpg", access.path)
            .ok_or_else(|| refuse("`gpg`, which reads it, is not installed".to_owned()))?;
        let folder = |source| SignError::Folder { path: temporary_place(), source };
        let home = GpgHome::new(access.path, access.runner).map_err(folder)?;
        let mut found = Self {
            program,
            runner: access.runner,
            environment: home.environment(),
            passphrase: Some(access.passphrase.unwrap_or_default()),
            fingerprint: String::new(),
            created: 0,
            fingerprints: Vec::new(),
            _home: Some(home),
        };
        let file = std::path::absolute(path).map_err(|error| refuse(error.to_string()))?;
        let file = file.display().to_string();
        let imported = found.run(Path::new("/"), &["--quiet", "--import", "--", &file])?;
        if imported.status != 0 {
            return Err(refuse(imported.reason(1)));
        }
        found.identify(&[]).map_err(|reason| reason.map_or_else(|error| error, refuse))?;
        found.sign(b"", found.created, &["--detach-sign"]).map_err(|error| match error {
            SignError::Failed { reason, .. } => refuse(reason),
            other => other,
        })?;
        Ok(found)
    }

    /// Asks what the one secret key is that the words name; all where there are none. Fails with the
    /// reason why it is none.
    fn identify(&mut self, words: &[&str]) -> Result<(), Result<String, SignError>> {
        let arguments = ["--with-colons", "--fixed-list-mode", "--list-secret-keys", "--"];
        let output = self.run(Path::new("/"), &[&arguments[..], words].concat()).map_err(Err)?;
        if output.status != 0 {
            return Err(Ok(output.reason(1)));
        }
        let listed = String::from_utf8_lossy(&output.stdout);
        // Source: GnuPG's doc/DETAILS: the 6th field is when a key was made, the 10th of the line
        // `fpr` after it its fingerprint.
        let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split(':').collect()).collect();
        let fields = |kinds: &[&str], at: usize| -> Vec<String> {
            let rows = rows.iter().filter(|row| kinds.contains(&row[0]));
            rows.map(|row| row.get(at).copied().unwrap_or_default().to_owned()).collect()
        };
        match fields(&["sec"], 0).len() {
            0 => return Err(Ok("it has no secret key".to_owned())),
            1 => {}
            _ => return Err(Ok("there are several keys; name the fingerprint of one".to_owned())),
        }
        let made = fields(&["sec", "ssb"], 5);
        self.created = made.iter().filter_map(|time| time.parse().ok()).max().unwrap_or(0);
        self.fingerprints = fields(&["fpr"], 9);
        self.fingerprint = self.fingerprints.first().cloned().unwrap_or_default();
        Ok(())
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
        let folder = with_files(&[("data", data)])?;
        // The mark freezes the clock, which would go on from that time otherwise.
        let time = format!("{time}!");
        let before = ["--local-user", &self.fingerprint, "--digest-algo", "SHA256"];
        let clock = ["--faked-system-time", &time, "--output", "signature"];
        let arguments = [&before[..], &clock, kind, &["data"]].concat();
        self.succeed(folder.path(), &arguments)?;
        let at = |source| SignError::Folder { path: folder.path().to_owned(), source };
        fs::read(folder.path().join("signature")).map_err(at)
    }

    /// The fingerprint of the key that made a sound signature of `data`.
    pub(super) fn verify(&self, signature: &[u8], data: &[u8]) -> Result<String, SignError> {
        let folder = with_files(&[("signature", signature), ("data", data)])?;
        let arguments = ["--status-fd", "1", "--ignore-time-conflict", "--verify"];
        let output =
            self.succeed(folder.path(), &[&arguments[..], &["signature", "data"]].concat())?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // Source: GnuPG's doc/DETAILS.
        let valid = said.lines().find_map(|line| line.strip_prefix("[GNUPG:] VALIDSIG "));
        Ok(valid.and_then(|rest| rest.split(' ').next()).unwrap_or_default().to_owned())
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
        let mut before = vec!["--batch", "--no-tty", "--yes"];
        if let Some(passphrase) = &self.passphrase {
            // No one else sees it there.
            command = command.stdin(format!("{passphrase}\n"));
            before.extend(["--pinentry-mode", "loopback", "--passphrase-fd", "0"]);
            before.extend(["--trust-model", "always"]);
        }
        for argument in before.iter().chain(arguments) {
            command = command.argument(argument);
        }
        Ok(self.runner.run(&command)?)
    }
}

/// A private folder with files in it.
fn with_files(files: &[(&str, &[u8])]) -> Result<Temporary, SignError> {
    let folder =
        Temporary::new().map_err(|source| SignError::Folder { path: temporary_place(), source })?;
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::write(&path, bytes).map_err(|source| SignError::Folder { path, source })?;
    }
    Ok(folder)
}
