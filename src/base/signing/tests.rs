//! Signatures by both kinds of keys, judged by `gpg`.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::*;
use crate::base::process::{Command, HostRunner, Output};
use crate::support::tools::tool;

/// A `gpg` with a home of its own; without the tool, a visible line, or a failure where
/// `REQUIRE_TOOLS` is set.
struct TestHome {
    gpg: PathBuf,
    folder: tempfile::TempDir,
}

impl TestHome {
    fn new() -> Option<Self> {
        let gpg = tool("gpg")?;
        Some(Self { gpg, folder: tempfile::tempdir().unwrap() })
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let command = Command::new(&self.gpg, self.folder.path())
            .variable("GNUPGHOME", self.folder.path())
            .argument("--batch");
        HostRunner.run(&arguments.iter().fold(command, Command::argument)).unwrap()
    }

    /// Makes a key and answers with its fingerprint.
    fn make(&self, name: &str, algorithm: &str, passphrase: &str) -> String {
        let address = format!("{name} <{name}@example.org>");
        let with = ["--pinentry-mode", "loopback", "--passphrase", passphrase];
        let make = ["--quick-generate-key", &address, algorithm, "sign", "never"];
        let made = self.run(&[&with[..], &make].concat());
        assert_eq!(made.status, 0, "{}", made.reason(3));
        let listed = self.run(&["--with-colons", "--list-keys", name]);
        let listed = String::from_utf8(listed.stdout).unwrap();
        let row = listed.lines().find(|line| line.starts_with("fpr:")).unwrap();
        row.split(':').nth(9).unwrap().to_owned()
    }

    fn access(&self, passphrase: Option<&str>) -> Access<'static> {
        Access {
            runner: &HostRunner,
            path: Vec::leak(vec![PathBuf::from("/usr/bin")]),
            environment: vec![("GNUPGHOME".to_owned(), self.folder.path().display().to_string())],
            passphrase: passphrase.map(str::to_owned),
        }
    }

    fn verifies(&self, files: &[(&str, &[u8])]) -> bool {
        for (name, bytes) in files {
            fs::write(self.folder.path().join(name), bytes).unwrap();
        }
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        self.run(&[&["--verify"], &names[..]].concat()).status == 0
    }
}

impl Drop for TestHome {
    fn drop(&mut self) {
        let command = Command::new("/usr/bin/gpgconf", self.folder.path())
            .variable("GNUPGHOME", self.folder.path())
            .argument("--kill")
            .argument("all");
        let _ = HostRunner.run(&command);
    }
}

/// Lets only the owner read a file.
fn close(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

const TEXT: &str = "Suite: one\n- a dash\n\n last\n";
/// Long after any key of these tests was made: 19 January 2038.
const LATER: i64 = 2_147_483_000;

#[test]
fn signatures_of_both_kinds_are_those_of_the_key() {
    let Some(home) = TestHome::new() else { return };
    for (name, algorithm, passphrase) in
        [("rsa", "rsa3072", ""), ("curve", "ed25519", ""), ("locked", "ed25519", "secret words")]
    {
        let fingerprint = home.make(name, algorithm, passphrase);
        let export = ["--pinentry-mode", "loopback", "--passphrase", passphrase, "--armor"];
        let secret = home.run(&[&export[..], &["--export-secret-keys", name]].concat()).stdout;
        let file = home.folder.path().join("key.asc");
        fs::write(&file, secret).unwrap();
        close(&file);
        let file = file.display().to_string();
        let mut keys = vec![(file.as_str(), home.access(Some(passphrase)))];
        if passphrase.is_empty() {
            keys.push((&fingerprint, home.access(None)));
        }
        for (key, access) in keys {
            let signer = Signer::open(key, access).unwrap();
            let data = TEXT.as_bytes();
            let detached = signer.detached(data, 0).unwrap();
            assert_eq!(issuer(&detached).as_ref(), Some(&fingerprint), "{key}");
            assert!(signer.is(&fingerprint) && !signer.is("0123"));
            // Not at the time of the key, which may be now: gpg does not stop its clock there.
            let later = signer.detached(data, LATER).unwrap();
            assert_eq!(signer.detached(data, LATER).unwrap(), later);
            assert_ne!(signer.detached(data, LATER + 1).unwrap(), later);
            let armoured = signer.armoured(data, 0).unwrap();
            let clear = signer.clear(TEXT, 0).unwrap();
            for signature in [&detached, &armoured] {
                assert!(home.verifies(&[("signature", signature), ("text", data)]), "{key}");
                assert!(!home.verifies(&[("signature", signature), ("text", b"Suite: two\n")]));
            }
            assert!(home.verifies(&[("clear", &clear)]), "{key}");
            let forged = String::from_utf8(clear).unwrap().replace("one", "two");
            assert!(!home.verifies(&[("clear", forged.as_bytes())]));
            assert!(signer.public().starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
        }
    }
    let wrong = Signer::open(
        &home.folder.path().join("key.asc").display().to_string(),
        home.access(Some("guess")),
    );
    assert!(wrong.err().unwrap().to_string().contains("key.asc` cannot sign: "));
}

#[test]
fn what_is_no_key_is_refused() {
    let Some(home) = TestHome::new() else { return };
    let file = home.folder.path().join("key");
    fs::write(&file, "no key").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let exposed = Signer::open(&file.display().to_string(), home.access(None)).err().unwrap();
    assert!(exposed.to_string().contains("other users can read it (mode 0640)"), "{exposed}");
    close(&file);
    let file = file.display().to_string();
    let refused = |key: &str| Signer::open(key, home.access(None)).err().unwrap().to_string();
    assert!(refused(&file).contains("key` cannot sign: "), "{}", refused(&file));
    let unknown = refused("0123456789ABCDEF0123456789ABCDEF01234567");
    assert!(unknown.starts_with("gpg has no secret key `0123"), "{unknown}");
    let access = Access { path: &[], ..home.access(None) };
    assert_eq!(
        Signer::open("0123", access).err().unwrap().to_string(),
        "`gpg` is not installed, and `0123` is not a key file"
    );
}
