//! Where repositories are, and how they are read.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use quick_xml::{Reader, events::Event};
use url::Url;

use super::{Available, Repository, apt, pack, rpm};
use crate::{
    distro::targets::Target,
    index::{Index, IndexError},
    python::artifact::{HashAlgorithm, Hashes},
};

/// Names this machine's own configuration.
const SYSTEM: &str = "system";
/// What this machine's package managers keep of their repositories.
const APT_LISTS: &str = "/var/lib/apt/lists";
const DNF_CACHES: [&str; 2] = ["/var/cache/dnf", "/var/cache/libdnf5"];

/// Why a repository could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryError {
    #[error("cannot read the repository `{address}`: {problem}")]
    Unusable { address: String, problem: String },
    #[error("cannot read the repository `{address}`: {error}")]
    Fetch { address: String, error: Box<IndexError> },
}

impl RepositoryError {
    /// Returns the remedy.
    pub fn hint(&self) -> Option<String> {
        let hint = "name a repository's URL or folder, or an apt source such as \
                    `http://mirror.example/debian bookworm main`";
        Some(hint.to_owned())
    }
}

/// Reads a repository for a target: the URL or folder of an rpm repository or of a `Packages` file,
/// an apt source (`deb URL SUITE COMPONENT…` or without `deb`), or `system`.
///
/// # Errors
/// A place that is not one of these, or metadata that cannot be obtained or read.
pub fn open(
    address: &str,
    target: &Target,
    index: &dyn Index,
) -> Result<Repository, RepositoryError> {
    let opener = Opener { address, target, index };
    if !["deb", "rpm"].contains(&target.format.as_str()) {
        let problem = format!("repositories of `{}` packages cannot be read", target.format);
        return Err(opener.fail(problem));
    }
    let is_deb = target.format == "deb";
    let packages = match address.trim() {
        SYSTEM if is_deb => opener.apt_lists()?,
        SYSTEM => opener.dnf_caches()?,
        text if is_deb => opener.apt(text)?,
        text => opener.rpm(text)?,
    };
    Ok(Repository::new(&shown(address), is_deb, packages))
}

/// Reads the repository of a collection's folder, for all architectures and with the paths as far
/// as it lists them.
///
/// # Errors
/// Metadata that are missing or cannot be read.
pub fn open_collection(folder: &Path, is_deb: bool) -> Result<Repository, RepositoryError> {
    let address = folder.display().to_string();
    let fail = |problem: String| RepositoryError::Unusable { address: address.clone(), problem };
    if is_deb {
        let mut packages = BTreeMap::new();
        for list in lists(folder) {
            let text = fs::read_to_string(&list);
            let text = text.map_err(|error| fail(format!("`{}`: {error}", list.display())))?;
            let found = apt::packages(&text, None).into_iter();
            packages.extend(found.map(|package| (package.file.clone(), package)));
        }
        return Ok(Repository::new(&address, true, packages.into_values().collect()));
    }
    let pointer = fs::read_to_string(folder.join("repodata/repomd.xml"));
    let pointer = pointer.map_err(|error| fail(format!("`repodata/repomd.xml`: {error}")))?;
    let open = |kind: &str| {
        let (location, _) =
            data(&pointer, kind).ok_or_else(|| fail(format!("it has no {kind}")))?;
        pack::open(&folder.join(&location), &location).map_err(|error| fail(error.to_string()))
    };
    let mut packages = rpm::primary(open("primary")?, None).map_err(fail)?;
    let lists = rpm::filelists(open("filelists")?).map_err(fail)?;
    for package in &mut packages {
        let own = lists.iter().find(|(sum, _)| *sum == package.sha256);
        package.paths = own.map(|(_, paths)| paths.clone()).unwrap_or_default();
    }
    Ok(Repository::new(&address, false, packages))
}

/// The lists of packages of an apt repository: of a flat one, or one for each architecture.
fn lists(folder: &Path) -> Vec<PathBuf> {
    let suites = walkdir::WalkDir::new(folder.join("dists")).sort_by_file_name().into_iter();
    let lists = suites.flatten().filter(|entry| entry.file_name() == "Packages");
    let lists: Vec<PathBuf> = lists.map(walkdir::DirEntry::into_path).collect();
    if lists.is_empty() { vec![folder.join("Packages")] } else { lists }
}

/// The hosts of repositories that are served without encryption, as distributions' own mirrors are.
pub fn plain_hosts(addresses: &[String]) -> Vec<String> {
    let urls = addresses.iter().flat_map(|text| text.split_whitespace()).map(Url::parse);
    let plain = urls.flatten().filter(|url| url.scheme() == "http");
    let named = plain.filter_map(|url| {
        let host = url.host_str()?.to_owned();
        Some(url.port().map_or(host.clone(), |port| format!("{host}:{port}")))
    });
    named.collect()
}

/// The address without a password.
fn shown(address: &str) -> String {
    address.split_whitespace().map(crate::python::artifact::redacted).collect::<Vec<_>>().join(" ")
}

struct Opener<'a> {
    address: &'a str,
    target: &'a Target,
    index: &'a dyn Index,
}

impl Opener<'_> {
    fn fail(&self, problem: impl ToString) -> RepositoryError {
        let address = shown(self.address);
        RepositoryError::Unusable { address, problem: problem.to_string() }
    }

    /// The architecture in the format's words.
    fn architecture(&self) -> &str {
        &self.target.architecture.package
    }

    /// A URL that ends with a slash.
    fn base(&self, text: &str) -> Result<Url, RepositoryError> {
        let mut url = if text.contains("://") {
            Url::parse(text).map_err(|error| self.fail(error))?
        } else {
            let path = fs::canonicalize(text).map_err(|error| self.fail(error))?;
            Url::from_directory_path(path).map_err(|()| self.fail("it is not a folder"))?
        };
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(url)
    }

    fn fetch(&self, base: &Url, path: &str, hashes: &Hashes) -> Result<PathBuf, RepositoryError> {
        let url = base.join(path).map_err(|error| self.fail(error))?;
        let fetched = self.index.download(&url, hashes);
        fetched.map(|(path, _)| path).map_err(|error| RepositoryError::Fetch {
            address: shown(self.address),
            error: Box::new(error),
        })
    }

    fn rpm(&self, text: &str) -> Result<Vec<Available>, RepositoryError> {
        let base = self.base(text)?;
        let pointer = self.fetch(&base, "repodata/repomd.xml", &Hashes::default())?;
        let pointer = fs::read_to_string(pointer).map_err(|error| self.fail(error))?;
        let found = data(&pointer, "primary");
        let (location, hashes) = found.ok_or_else(|| self.fail("it has no `primary`"))?;
        let path = self.fetch(&base, &location, &hashes)?;
        let input = pack::open(&path, &location).map_err(|error| self.fail(error))?;
        rpm::primary(input, Some(self.architecture())).map_err(|error| self.fail(error))
    }

    /// `deb [options] URL SUITE COMPONENT…`, or the place of a `Packages` file.
    fn apt(&self, text: &str) -> Result<Vec<Available>, RepositoryError> {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        if words.first() == Some(&"deb") {
            words.remove(0);
        }
        words.retain(|word| !word.starts_with('[') && !word.ends_with(']'));
        let [url, rest @ ..] = words.as_slice() else {
            return Err(self.fail("write URL SUITE COMPONENT, as apt's sources do"));
        };
        let base = self.base(url)?;
        let [suite, components @ ..] = rest else {
            return self.packages(&base, "", None);
        };
        if suite.ends_with('/') {
            return self.packages(&base, suite.trim_start_matches("./"), None);
        }
        let folder = format!("dists/{suite}/");
        let release = self.fetch(&base, &format!("{folder}Release"), &Hashes::default())?;
        let release = fs::read_to_string(release).map_err(|error| self.fail(error))?;
        let mut packages = Vec::new();
        for component in components {
            let inside = format!("{component}/binary-{}/", self.architecture());
            packages.extend(self.packages(&base, &folder, Some((&inside, &release)))?);
        }
        Ok(packages)
    }

    /// The `Packages` file in a folder, in the best packing that there is.
    fn packages(
        &self,
        base: &Url,
        folder: &str,
        listed: Option<(&str, &str)>,
    ) -> Result<Vec<Available>, RepositoryError> {
        let mut last = self.fail("it has no `Packages`");
        for ending in pack::ENDINGS {
            let name = format!("{}Packages{ending}", listed.map_or("", |(inside, _)| inside));
            let hashes = match listed {
                Some((_, release)) => match sum(release, &name) {
                    Some(hashes) => hashes,
                    None => continue,
                },
                None => Hashes::default(),
            };
            match self.fetch(base, &format!("{folder}{name}"), &hashes) {
                Ok(path) => {
                    let text = pack::open(&path, &name).and_then(io::read_to_string);
                    let text = text.map_err(|error| self.fail(error))?;
                    return Ok(apt::packages(&text, Some(self.architecture())));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn apt_lists(&self) -> Result<Vec<Available>, RepositoryError> {
        let mut packages = Vec::new();
        for path in files(Path::new(APT_LISTS), "_Packages") {
            let text = fs::read_to_string(&path).map_err(|error| self.fail(error))?;
            packages.extend(apt::packages(&text, Some(self.architecture())));
        }
        if packages.is_empty() {
            Err(self.fail(format!("`{APT_LISTS}` is empty: run `apt update`")))
        } else {
            Ok(packages)
        }
    }

    fn dnf_caches(&self) -> Result<Vec<Available>, RepositoryError> {
        let mut packages = Vec::new();
        for cache in DNF_CACHES {
            for entry in walkdir::WalkDir::new(cache).into_iter().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.contains("primary.xml") {
                    let input =
                        pack::open(entry.path(), &name).map_err(|error| self.fail(error))?;
                    let found = rpm::primary(input, Some(self.architecture()));
                    packages.extend(found.map_err(|error| self.fail(error))?);
                }
            }
        }
        if packages.is_empty() {
            Err(self.fail("dnf keeps no metadata here: run `dnf makecache`"))
        } else {
            Ok(packages)
        }
    }
}

/// Files of a folder whose names end so, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    paths
}

/// The location and the SHA-256 of a part that `repomd.xml` names.
fn data(pointer: &str, kind: &str) -> Option<(String, Hashes)> {
    let mut reader = Reader::from_str(pointer);
    let (mut is_wanted, mut is_sum) = (false, false);
    let (mut location, mut hashes) = (None, Hashes::default());
    loop {
        match reader.read_event().ok()? {
            Event::Eof => return None,
            Event::Start(element) | Event::Empty(element) => {
                let attribute = |name: &str| {
                    let found = element.try_get_attribute(name).ok()??;
                    Some(found.value.into_owned())
                };
                match element.name().as_ref() {
                    "data" => is_wanted = attribute("type").as_deref() == Some(kind),
                    "checksum" => is_sum = attribute("type").as_deref() == Some("sha256"),
                    "location" if is_wanted => location = attribute("href"),
                    _ => is_sum = false,
                }
            }
            Event::Text(text) if is_wanted && is_sum => {
                hashes.insert(HashAlgorithm::Sha256, text.trim()).ok()?;
                is_sum = false;
            }
            Event::End(element) if element.name().as_ref() == "data" && is_wanted => {
                return Some((location?, hashes));
            }
            _ => {}
        }
    }
}

/// The SHA-256 of a file that a `Release` file lists.
fn sum(release: &str, name: &str) -> Option<Hashes> {
    let list = release.split_once("\nSHA256:\n")?.1;
    let lines = list.lines().take_while(|line| line.starts_with(' '));
    let mut words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let found = words.find(|words| words.get(2) == Some(&name))?;
    Hashes::parse(&format!("sha256={}", found[0])).ok()
}
