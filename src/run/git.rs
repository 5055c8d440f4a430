//! Repositories that requirements name.
//!
//! A repository is untrusted: only its files are taken, no program of its own runs (hooks, filters
//! and helpers are what the user's configuration would make of them, and that is not read), and what
//! is left of the clone contains neither its origin nor a password.
//! Source: git-config(1), git(1) on its environment, gitcredentials(7).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use percent_encoding::percent_decode_str;
use url::Url;

use super::Context;
use crate::{
    base::{
        files::create_private_folders,
        process::{Command, which},
    },
    index::may_use,
    python::artifact::{redacted, without_credentials},
};

/// What of the user's own configuration reaches a repository's server: who the user is there, and how
/// it is reached. Everything else could run programs on untrusted files.
const TAKEN: &str =
    r"^(credential|http|url|ssh)\.|^core\.(sshcommand|askpass|gitproxy)$|^safe\.directory$";
/// What git is told about every repository.
const SETTINGS: [(&str, &str); 6] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("init.templateDir", ""),
    ("submodule.recurse", "false"),
];
/// Gives the user name and the password that are in the environment.
const HELPER: &str = r#"!f() { test "$1" = get && printf 'username=%s\n' "$PYPI2PKG_GIT_USER" && test -n "$PYPI2PKG_GIT_PASSWORD" && printf 'password=%s\n' "$PYPI2PKG_GIT_PASSWORD"; :; }; f"#;
/// What of a clone is needed to tell versions and to build: the rest names its origin, runs as a hook,
/// or is a record of what was done.
const KEPT: [&str; 7] = ["HEAD", "index", "modules", "objects", "packed-refs", "refs", "shallow"];

/// A repository on its way into a folder.
struct Git<'r> {
    program: PathBuf,
    folder: &'r Path,
    run: &'r Context,
    /// Settings by the environment, which no other user can read.
    settings: Vec<(String, String)>,
    credentials: Vec<(String, String)>,
}

/// Clones a repository into an empty folder and checks a revision out; the commit.
///
/// # Errors
/// A repository that cannot or must not be fetched, or has no such revision: the rest of a sentence
/// that begins with it.
pub(super) fn check_out(
    run: &Context,
    repository: &Url,
    revision: Option<&str>,
    folder: &Path,
) -> Result<String, String> {
    check(run, repository, revision)?;
    let program = which("git", run.path()).ok_or("cannot be fetched: `git` is not installed")?;
    let git = Git { program, folder, run, settings: Vec::new(), credentials: Vec::new() };
    let git = git.configured(repository)?;
    let scheme = repository.scheme();
    let bare = bare(repository);
    git.run(scheme, &["clone", "--quiet", "--no-checkout", "--", bare.as_str(), "."])?;
    let wanted = match revision {
        Some(revision) => {
            // A branch of the other side has no name of its own in the clone.
            let remote = format!("origin/{revision}^{{commit}}");
            let local = format!("{revision}^{{commit}}");
            git.run("", &["rev-parse", "--verify", "--quiet", &remote])
                .or_else(|_| git.run("", &["rev-parse", "--verify", "--quiet", &local]))
                .map_err(|_| format!("has no revision `{revision}`"))?
        }
        None => git.run("", &["rev-parse", "HEAD"])?,
    };
    git.run("", &["checkout", "--quiet", "--detach", &wanted])?;
    // A repository of this machine must not have others of it fetched.
    let scheme = if scheme == "file" { "" } else { scheme };
    git.run(scheme, &["submodule", "update", "--init", "--recursive", "--quiet"])?;
    strip(folder).map_err(|error| format!("cannot be laid out to be built: {error}"))?;
    Ok(wanted)
}

/// The commit that a folder with a repository of its own is at, and the address that it was cloned
/// from, where that is not a place of this machine.
pub(super) fn head(run: &Context, folder: &Path) -> Option<(Option<Url>, String)> {
    if !folder.join(".git").exists() {
        return None;
    }
    let program = which("git", run.path())?;
    let settings = SETTINGS.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
    let git = Git { program, folder, run, settings, credentials: Vec::new() };
    let commit = git.run("", &["rev-parse", "--verify", "--quiet", "HEAD"]).ok()?;
    let remote = git.run("", &["config", "--get", "remote.origin.url"]).ok();
    let remote = remote.and_then(|text| Url::parse(&text).ok());
    let is_elsewhere = |url: &Url| url.scheme() != "file" && url.has_host();
    Some((remote.filter(is_elsewhere).map(|url| without_credentials(&url)), commit))
}

/// Refuses what git would read as more than an address or a revision, and what must not be fetched.
fn check(run: &Context, repository: &Url, revision: Option<&str>) -> Result<(), String> {
    if run.settings().offline && repository.scheme() != "file" {
        return Err("cannot be fetched with `--offline`".to_owned());
    }
    if revision.is_some_and(|text| text.starts_with('-') || text.chars().any(char::is_control)) {
        return Err("has a revision that is not one of git's".to_owned());
    }
    let user = percent_decode_str(repository.username()).decode_utf8_lossy();
    if user.starts_with('-') || repository.host_str().is_some_and(|host| host.starts_with('-')) {
        return Err("has an address that begins with `-`".to_owned());
    }
    if matches!(repository.scheme(), "http" | "git") {
        let mut plain = repository.clone();
        // Only schemes of the web can be changed into each other.
        if plain.set_scheme("http").is_err() {
            let text = repository.as_str().replacen("git://", "http://", 1);
            plain = Url::parse(&text).map_err(|error| error.to_string())?;
        }
        may_use(&plain, &run.trusted_hosts()).map_err(|_| {
            let host = repository.host_str().unwrap_or_default();
            format!(
                "is not fetched: `{}` is not protected on its way; use `git+https` or \
                 `--trusted-host {host}`",
                repository.scheme()
            )
        })?;
    }
    Ok(())
}

/// The address that git sees. A user name stays where it is part of how a server is reached.
fn bare(repository: &Url) -> Url {
    let mut bare = without_credentials(repository);
    if repository.scheme() == "ssh" {
        // A URL with a host can have a user.
        let _ = bare.set_username(repository.username());
    }
    bare
}

impl Git<'_> {
    /// With the settings that a repository is fetched by.
    fn configured(mut self, repository: &Url) -> Result<Self, String> {
        let own = self.run("", &["config", "--null", "--includes", "--get-regexp", TAKEN]);
        // Status 1: there are none.
        for entry in own.unwrap_or_default().split('\0').filter(|entry| !entry.is_empty()) {
            let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
            self.settings.push((key.to_owned(), value.to_owned()));
        }
        if matches!(repository.scheme(), "http" | "https") && !repository.username().is_empty() {
            let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            let user = decode(repository.username());
            let password = repository.password().map(decode).unwrap_or_default();
            if [&user, &password].iter().any(|text| text.chars().any(char::is_control)) {
                return Err("has a user name or password with a control character".to_owned());
            }
            // First, and for this server alone: the empty one forgets those of the user's.
            let origin = repository.origin().ascii_serialization();
            let key = format!("credential.{origin}.helper");
            self.settings.push((key.clone(), String::new()));
            self.settings.push((key, HELPER.to_owned()));
            self.credentials.push(("PYPI2PKG_GIT_USER".to_owned(), user));
            self.credentials.push(("PYPI2PKG_GIT_PASSWORD".to_owned(), password));
        }
        let speed = &self.run.settings().download;
        let mut set = |key: &str, value: String| self.settings.push((key.to_owned(), value));
        for (key, value) in SETTINGS {
            set(key, value.to_owned());
        }
        set("http.lowSpeedLimit", speed.least_speed.to_string());
        set("http.lowSpeedTime", speed.speed_window.as_secs().to_string());
        Ok(self)
    }

    /// What git prints; `scheme` is that of the server that it may reach, if any.
    fn run(&self, scheme: &str, arguments: &[&str]) -> Result<String, String> {
        let environment = &self.run.settings().environment;
        let mut command =
            Command::new(&self.program, self.folder).timeout(self.run.settings().download.time);
        for (name, value) in environment.session() {
            command = command.variable(&name, value);
        }
        let protocols = match scheme {
            "" => "https:ssh".to_owned(),
            scheme => format!("{scheme}:https:ssh"),
        };
        let above = self.folder.parent().unwrap_or(self.folder);
        command = command
            .variable("GIT_TERMINAL_PROMPT", "0")
            .variable("GIT_ALLOW_PROTOCOL", protocols)
            .variable("GIT_CEILING_DIRECTORIES", above)
            .variable("GIT_LFS_SKIP_SMUDGE", "1");
        if !self.settings.is_empty() {
            command = command
                .variable("GIT_CONFIG_NOSYSTEM", "1")
                .variable("GIT_CONFIG_GLOBAL", "/dev/null")
                .variable("GIT_CONFIG_COUNT", self.settings.len().to_string());
        }
        for (number, (key, value)) in self.settings.iter().enumerate() {
            command = command.variable(&format!("GIT_CONFIG_KEY_{number}"), key);
            command = command.variable(&format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        for (name, value) in &self.credentials {
            command = command.variable(name, value);
        }
        for argument in arguments {
            command = command.argument(argument);
        }
        let output = self.run.runner().run(&command).map_err(|error| error.to_string())?;
        match output.status {
            0 => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            _ => Err(format!("cannot be fetched: {}", self.without_secrets(&output.reason(5)))),
        }
    }

    /// A text without credentials: a server or the user's own settings may bring them into it.
    fn without_secrets(&self, text: &str) -> String {
        let words = text.split_inclusive(char::is_whitespace);
        let mut text: String = words
            .map(|word| match word.find("://") {
                Some(at) => {
                    let start = word[..at].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '+');
                    let start = start.map_or(0, |start| start + 1);
                    format!("{}{}", &word[..start], redacted(&word[start..]))
                }
                None => word.to_owned(),
            })
            .collect();
        for (name, secret) in &self.credentials {
            if name.ends_with("PASSWORD") && !secret.is_empty() {
                text = text.replace(secret.as_str(), "****");
            }
        }
        text
    }
}

/// Takes out of the `.git` folders of a clone, and of the modules within, all that says where it is
/// from or could run.
fn strip(clone: &Path) -> io::Result<()> {
    let own = clone.join(".git");
    let mut pending = vec![own];
    while let Some(folder) = pending.pop() {
        let format = object_format(&folder);
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            match entry.file_type()? {
                _ if KEPT.iter().any(|kept| name == *kept) => {}
                kind if kind.is_dir() => fs::remove_dir_all(entry.path())?,
                _ => fs::remove_file(entry.path())?,
            }
        }
        let remotes = folder.join("refs/remotes");
        if remotes.is_dir() {
            fs::remove_dir_all(remotes)?;
        }
        let work_tree = work_tree(&folder, clone);
        fs::write(folder.join("config"), config(&format, work_tree.as_deref()))?;
        create_private_folders(&folder.join("refs"))?;
        pending.extend(modules(&folder.join("modules"))?);
    }
    Ok(())
}

/// The folders of modules, whose names may have slashes, below that of all modules.
fn modules(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                continue;
            }
            if entry.path().join("HEAD").is_file() {
                found.push(entry.path())
            } else {
                pending.push(entry.path())
            }
        }
    }
    Ok(found)
}

/// How the objects of a repository are named, where that is not the usual way.
fn object_format(folder: &Path) -> Option<&'static str> {
    let config = fs::read_to_string(folder.join("config")).unwrap_or_default();
    let is_new = config.to_ascii_lowercase().lines().any(|line| {
        line.split_once('=').is_some_and(|(key, value)| {
            key.trim() == "objectformat" && value.trim().trim_matches('"') == "sha256"
        })
    });
    is_new.then_some("sha256")
}

/// Where the files of a module lie, relative to its folder in `.git`.
fn work_tree(folder: &Path, clone: &Path) -> Option<String> {
    let inside = folder.strip_prefix(clone.join(".git/modules")).ok()?;
    // Its depth below the clone; names of modules are their paths, unless that was changed.
    let up = "../".repeat(folder.strip_prefix(clone).ok()?.components().count());
    let inside = inside.to_str()?.replace("/modules/", "/");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let is_there = clone.join(&inside).is_dir() && inside.chars().all(is_plain);
    is_there.then(|| format!("{up}{inside}"))
}

fn config(format: &Option<&str>, work_tree: Option<&str>) -> String {
    let version = if format.is_some() { 1 } else { 0 };
    let mut text = format!(
        "[core]\n\trepositoryformatversion = {version}\n\tfilemode = true\n\tbare = false\n"
    );
    if let Some(path) = work_tree {
        text += &format!("\tworktree = {path}\n");
    }
    if let Some(format) = format {
        text += &format!("[extensions]\n\tobjectFormat = {format}\n");
    }
    text
}
