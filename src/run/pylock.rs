//! `pylock.toml` of a resolution. Source: PyPA pylock.toml specification (PEP 751).

use std::{
    fmt::Write,
    path::{Component, Path, PathBuf},
};

use jiff::Timestamp;
use pep508_rs::MarkerEnvironment;
use toml::{Table, Value};

use super::Context;
use crate::{
    python::requirements::Requirements,
    python::{
        artifact::{Direct, Hashes, ReleaseFile, normalized, redacted},
        metadata::evaluate,
        requirements::RootRequirement,
    },
    resolve::{Pin, Resolution},
};

impl Context {
    /// The lock file of a resolution, for a place in `folder`: one file of each release, that for
    /// the target. What the lock was made for is kept beside, so that the same is built of it.
    pub fn pylock(
        &self,
        requirements: &Requirements,
        resolution: &Resolution,
        folder: &Path,
    ) -> String {
        self.pylock_of(requirements, resolution, folder, &|pin| {
            let mut roots = requirements.roots.iter();
            let of_place = |root: &&RootRequirement| {
                root.requirement.name == pin.project && root.direct.is_some()
            };
            roots.find(of_place).and_then(|root| root.direct.as_ref())
        })
    }

    /// The same, where `place` tells what is locked in place of a release's file.
    pub(super) fn pylock_of<'d>(
        &self,
        requirements: &Requirements,
        resolution: &Resolution,
        folder: &Path,
        place: &dyn Fn(&Pin) -> Option<&'d Direct>,
    ) -> String {
        let (target, markers) = (self.target(), self.target().markers());
        let mut text = format!(
            "# Locked by pypi2pkg for {}, Python {}.{} on {}.\n",
            target.name,
            target.python.version.0,
            target.python.version.1,
            target.architecture.machine,
        );
        text.push_str("lock-version = \"1.0\"\n");
        line(&mut text, "environments", Value::from(vec![environment(&markers)]));
        line(&mut text, "created-by", "pypi2pkg".into());
        for pin in resolution.pins.values() {
            text.push_str("\n[[packages]]\n");
            package(&mut text, pin, place(pin), folder);
        }
        self.tool(&mut text, requirements, &markers);
        text
    }

    /// What a build needs to know besides the packages.
    fn tool(&self, text: &mut String, requirements: &Requirements, markers: &MarkerEnvironment) {
        let asked =
            if requirements.asked.is_empty() { &requirements.roots } else { &requirements.asked };
        let options = self.resolve_options();
        let holds = |root: &&RootRequirement| {
            evaluate(&root.requirement.marker, markers, &[])
                && !options.excluded.contains(&root.requirement.name)
        };
        let mut roots: Vec<String> = asked.iter().filter(holds).map(bare).collect();
        roots.sort();
        roots.dedup();
        text.push_str("\n[tool.pypi2pkg]\n");
        line(text, "roots", roots.into());
        if options.no_deps {
            line(text, "no-deps", true.into());
        }
        if !options.excluded.is_empty() {
            let names: Vec<String> = options.excluded.iter().map(ToString::to_string).collect();
            line(text, "excluded", names.into());
        }
        if !requirements.external.is_empty() {
            let external: Vec<String> =
                requirements.external.iter().map(|external| external.text.clone()).collect();
            line(text, "external", external.into());
        }
        let configured = asked.iter().filter(holds).filter(|root| !root.config_settings.is_empty());
        for root in configured {
            let _ = writeln!(text, "\n[tool.pypi2pkg.config-settings.{}]", root.requirement.name);
            for (key, values) in &root.config_settings {
                line(text, &Value::from(key.clone()).to_string(), values.clone().into());
            }
        }
    }
}

/// A requirement by name: its place is that of its package.
fn bare(root: &RootRequirement) -> String {
    let mut requirement = root.requirement.clone();
    requirement.marker = pep508_rs::MarkerTree::TRUE;
    if root.direct.is_some() {
        requirement.version_or_url = None;
    }
    requirement.to_string()
}

/// The only system that the lock is for.
fn environment(markers: &MarkerEnvironment) -> String {
    format!(
        "implementation_name == '{}' and platform_machine == '{}' and python_version == '{}' and \
         sys_platform == '{}'",
        markers.implementation_name(),
        markers.platform_machine(),
        markers.python_version(),
        markers.sys_platform()
    )
}

fn line(text: &mut String, key: &str, value: Value) {
    let _ = writeln!(text, "{key} = {value}");
}

fn package(text: &mut String, pin: &Pin, direct: Option<&Direct>, folder: &Path) {
    line(text, "name", pin.project.to_string().into());
    line(text, "version", pin.version.to_string().into());
    let fragment = |table: &mut Table, subdirectory: &Option<String>| {
        if let Some(path) = subdirectory {
            table.insert("subdirectory".to_owned(), path.clone().into());
        }
    };
    let mut table = Table::new();
    match direct {
        Some(Direct::Git { repository, revision, subdirectory }) => {
            let mut url = pin.file.url.clone();
            url.set_fragment(None);
            let commit = url.as_str().rsplit_once('@').map_or("", |(_, commit)| commit);
            table.insert("type".to_owned(), "git".into());
            let url = redacted(repository.as_str()).replace("****@", "");
            table.insert("url".to_owned(), url.into());
            if let Some(revision) = revision {
                table.insert("requested-revision".to_owned(), revision.clone().into());
            }
            table.insert("commit-id".to_owned(), commit.into());
            fragment(&mut table, subdirectory);
            line(text, "vcs", table.into());
        }
        Some(Direct::Folder { path, subdirectory }) => {
            table.insert("path".to_owned(), relative(folder, path).into());
            fragment(&mut table, subdirectory);
            line(text, "directory", table.into());
        }
        Some(Direct::Archive { subdirectory, .. }) => {
            place(&mut table, &pin.file, folder);
            fragment(&mut table, subdirectory);
            line(text, "archive", table.into());
        }
        None => {
            table.insert("name".to_owned(), pin.file.filename.clone().into());
            place(&mut table, &pin.file, folder);
            match pin.file.kind.wheel() {
                Some(_) => line(text, "wheels", Value::Array(vec![table.into()])),
                None => line(text, "sdist", table.into()),
            }
        }
    }
}

/// Where a file is, and how it is known again.
fn place(table: &mut Table, file: &ReleaseFile, folder: &Path) {
    match file.url.to_file_path() {
        Ok(path) if file.url.scheme() == "file" => {
            table.insert("path".to_owned(), relative(folder, &path).into());
        }
        _ => {
            let mut url = file.url.clone();
            // Of what is in an archive, the subdirectory is stated beside.
            url.set_fragment(None);
            table.insert("url".to_owned(), url.to_string().into());
        }
    }
    let time = file.upload_time.and_then(|time| Timestamp::from_second(time).ok());
    if let Some(time) = time.and_then(|time| time.to_string().parse().ok()) {
        table.insert("upload-time".to_owned(), Value::Datetime(time));
    }
    if let Some(size) = file.size.and_then(|size| i64::try_from(size).ok()) {
        table.insert("size".to_owned(), size.into());
    }
    let Hashes(hashes) = &file.hashes;
    let hashes = hashes.iter().map(|(name, digest)| (name.to_string(), digest.clone().into()));
    table.insert("hashes".to_owned(), Value::Table(hashes.collect()));
}

/// A path as seen from a folder, so that both may be moved together.
fn relative(folder: &Path, path: &Path) -> String {
    let (folder, path) = (normalized(folder), normalized(path));
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (folder.components().collect(), path.components().collect());
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[same..].iter().map(|_| Component::ParentDir);
    let whole: PathBuf = up.chain(to[same..].iter().copied()).collect();
    if whole.as_os_str().is_empty() { ".".to_owned() } else { whole.display().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_lock() {
        let seen = |folder: &str, path: &str| relative(Path::new(folder), Path::new(path));
        assert_eq!(seen("/a/b", "/a/b/c"), "c");
        assert_eq!(seen("/a/b", "/a/c/d"), "../c/d");
        assert_eq!(seen("/a/b", "/a/b"), ".");
    }
}
