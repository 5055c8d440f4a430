//! An sdist's contents that recipes refer to.

use std::path::Path;

use serde::Deserialize;

use crate::{
    distro::hints::When,
    index::{sdist_member, sdist_members},
    python::metadata::{CoreMetadata, Licence, sdist_licence},
};

use super::SourceError;

/// An inspected sdist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sdist {
    /// The folder that it unpacks into.
    pub folder: String,
    /// The files in that folder that a recipe can name, sorted.
    pub files: Vec<String>,
    /// `build-system.requires` (PEP 518); setuptools by default.
    pub requires: Vec<String>,
    /// `build-system.build-backend` (PEP 517).
    pub backend: Option<String>,
    /// The dependencies in the table `external` (PEP 725).
    pub external: Vec<(When, String)>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct PyProjectDocument {
    build_system: Option<BuildSystemTable>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Needs {
    external: ExternalTable,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct BuildSystemTable {
    #[serde(default)]
    requires: Vec<String>,
    build_backend: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct ExternalTable {
    build_requires: Vec<String>,
    host_requires: Vec<String>,
    dependencies: Vec<String>,
}

impl Sdist {
    /// Inspects the sdist at `path`, whose name is `filename`.
    ///
    /// # Errors
    /// The archive cannot be read, or no recipe could name its folder.
    pub fn inspect(path: &Path, filename: &str) -> Result<Self, SourceError> {
        let refuse = |problem: String| SourceError { file: filename.to_owned(), problem };
        let unreadable = |e: std::io::Error| refuse(format!("cannot be read: {e}"));
        let members = sdist_members(path, filename).map_err(unreadable)?;
        let text = sdist_member(path, filename, "pyproject.toml").map_err(unreadable)?;
        let text = text.map(|text| String::from_utf8_lossy(&text).into_owned());
        let text = text.unwrap_or_default();
        let PyProjectDocument { build_system } = toml::from_str(&text).unwrap_or_default();

        let first = members.iter().find_map(|member| member.split_once('/'));
        let folder = first.map_or_else(|| stem(filename).to_owned(), |(top, _)| top.to_owned());
        if !is_plain(&folder) {
            let shown = folder.escape_debug();
            return Err(refuse(format!("unpacks into the folder `{shown}`")));
        }
        let inside = members.iter().filter_map(|member| member.strip_prefix(&format!("{folder}/")));
        let is_named = |file: &&str| file.split('/').all(is_plain);
        let mut files: Vec<String> = inside.filter(is_named).map(str::to_owned).collect();
        files.sort();
        files.dedup();
        let (requires, backend) = match build_system {
            Some(system) => (system.requires, system.build_backend),
            None => (vec!["setuptools".to_owned()], None),
        };
        Ok(Self { folder, files, requires, backend, external: stated_needs(&text) })
    }

    /// Returns the licence from the metadata and the licence files of the sdist at `path`, whose
    /// name is `filename`; `None` if they state none, or cannot be read.
    pub fn licence(path: &Path, filename: &str) -> Option<Licence> {
        let metadata = sdist_member(path, filename, "PKG-INFO").ok()??;
        let metadata = CoreMetadata::parse(&metadata).ok()?;
        let members = sdist_members(path, filename).ok()?;
        let inside = members.iter().filter_map(|member| Some(member.split_once('/')?.1));
        let texts =
            inside.filter(|file| !file.contains('/') && is_licence(file)).filter_map(|file| {
                let text = sdist_member(path, filename, file).ok()??;
                Some((file.to_owned(), String::from_utf8_lossy(&text).into_owned()))
            });
        sdist_licence(&metadata, &texts.collect::<Vec<_>>())
    }

    /// Returns whether its folder has a file of that name.
    pub fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file == name)
    }

    /// Returns the files at the top level of its folder.
    pub fn top(&self) -> impl Iterator<Item = &String> {
        self.files.iter().filter(|file| !file.contains('/'))
    }
}

/// Returns whether a file has the name of a licence file.
fn is_licence(file: &str) -> bool {
    let file = file.to_ascii_uppercase();
    ["LICENSE", "LICENCE", "COPYING"].iter().any(|beginning| file.starts_with(beginning))
}

/// Returns the dependencies in the table `external` of a `pyproject.toml`'s text (PEP 725).
pub fn stated_needs(text: &str) -> Vec<(When, String)> {
    let Needs { external } = toml::from_str(text).unwrap_or_default();
    let build = external.build_requires.into_iter().chain(external.host_requires);
    let build = build.map(|text| (When::Build, text));
    build.chain(external.dependencies.into_iter().map(|text| (When::Run, text))).collect()
}

/// Returns an sdist's name without its archive suffix.
fn stem(filename: &str) -> &str {
    let name = filename.rsplit_once(".tar.").map_or(filename, |(stem, _)| stem);
    name.strip_suffix(".zip").or_else(|| name.strip_suffix(".tgz")).unwrap_or(name)
}

/// Returns whether a recipe can name a file as it is: one component, without characters that are
/// special to a shell, make or rpm.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_more_than_names_are_not_plain() {
        for name in ["", "a b", "a/b", "$(x)", "%{x}", "-n", ".hidden", "a\nb", "a;b"] {
            assert!(!is_plain(name), "{name}");
        }
        assert!(is_plain("WebOb-1.8.9") && is_plain("LICENSE.txt"));
        assert_eq!(stem("a-1.0.tar.gz"), "a-1.0");
        assert_eq!(stem("a-1.0.zip"), "a-1.0");
    }
}
