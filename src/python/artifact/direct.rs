//! Files, folders and repositories that requirements name in place of an index.

use std::{
    fmt,
    path::{Component, Path, PathBuf},
};

use percent_encoding::percent_decode_str;
use url::Url;

use super::{Hashes, ProjectName, project_name};

/// What a requirement names in place of an index. Source: PEP 508 and PEP 440 on direct
/// references, pip on their fragments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Direct {
    /// A wheel or an archive of sources, at an `http`, `https` or `file` URL without a fragment.
    Archive { url: Url, hashes: Hashes, subdirectory: Option<String> },
    /// A project's folder on this machine.
    Folder { path: PathBuf, subdirectory: Option<String> },
    /// A git repository; without a revision its default branch.
    Git { repository: Url, revision: Option<String>, subdirectory: Option<String> },
}

/// What a URL's fragment may hold.
#[derive(Default)]
struct Fragment {
    egg: Option<ProjectName>,
    subdirectory: Option<String>,
    hashes: Hashes,
}

impl Direct {
    /// Parses a URL or a path as requirements write it, and the project that its fragment names
    /// (`#egg=NAME`). Paths are relative to `folder`.
    ///
    /// # Errors
    /// What cannot be read, or is a scheme that nothing is fetched from.
    pub fn parse(text: &str, folder: &Path) -> Result<(Self, Option<ProjectName>), String> {
        let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
        let Fragment { egg, subdirectory, hashes } = Fragment::parse(fragment)?;
        let (scheme, rest) = match address.split_once(':') {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => return Ok((Self::local(&folder.join(address), hashes, subdirectory)?, egg)),
        };
        let parsed = |text: &str| {
            Url::parse(text).map_err(|error| format!("its address cannot be read: {error}"))
        };
        let direct = match scheme.as_str() {
            "http" | "https" => Self::Archive { url: parsed(address)?, hashes, subdirectory },
            "file" if rest.starts_with("//") => {
                let path = parsed(address)?.to_file_path();
                let path = path.map_err(|()| "it names another machine's file".to_owned())?;
                Self::local(&path, hashes, subdirectory)?
            }
            "file" => {
                let rest = percent_decode_str(rest).decode_utf8_lossy();
                Self::local(&folder.join(rest.as_ref()), hashes, subdirectory)?
            }
            "git+http" | "git+https" | "git+ssh" | "git+git" | "git+file" => {
                let (repository, revision) = split_revision(&address["git+".len()..]);
                let repository = mend_scp(repository).unwrap_or_else(|| repository.to_owned());
                Self::Git { repository: parsed(&repository)?, revision, subdirectory }
            }
            _ if scheme.contains('+') => {
                return Err(format!("`{scheme}` is not supported: of version control only git is"));
            }
            _ => return Err(format!("nothing can be fetched by `{scheme}`")),
        };
        Ok((direct, egg))
    }

    fn local(path: &Path, hashes: Hashes, subdirectory: Option<String>) -> Result<Self, String> {
        let path = normalized(path);
        if path.is_dir() {
            return Ok(Self::Folder { path, subdirectory });
        }
        let url = Url::from_file_path(&path).map_err(|()| "its path is not absolute".to_owned())?;
        Ok(Self::Archive { url, hashes, subdirectory })
    }

    /// The file's name, where there is one.
    pub fn filename(&self) -> Option<String> {
        let Self::Archive { url, .. } = self else { return None };
        let name = url.path_segments()?.next_back()?;
        Some(percent_decode_str(name).decode_utf8().ok()?.into_owned())
    }

    /// The address as others may see it: of what is on this machine, its name only.
    pub fn shown(&self) -> String {
        let last = |path: &Path| path.file_name().unwrap_or_default().display().to_string();
        match self {
            Self::Folder { path, .. } => last(path),
            Self::Archive { url, .. } if url.scheme() == "file" => {
                self.filename().unwrap_or_default()
            }
            Self::Git { repository, .. } if repository.scheme() == "file" => {
                last(Path::new(repository.path()))
            }
            _ => self.to_string(),
        }
    }

    /// Where it is, as a URL without user name and password.
    pub fn url(&self) -> Option<Url> {
        match self {
            Self::Archive { url, .. } => Some(without_credentials(url)),
            Self::Folder { path, .. } => Url::from_file_path(path).ok(),
            Self::Git { repository, .. } => Some(without_credentials(repository)),
        }
    }
}

impl fmt::Display for Direct {
    /// The address without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive { url, .. } => f.write_str(&redacted(url.as_str())),
            Self::Folder { path, .. } => path.display().fmt(f),
            Self::Git { repository, revision, .. } => {
                write!(f, "git+{}", redacted(repository.as_str()))?;
                revision.iter().try_for_each(|revision| write!(f, "@{revision}"))
            }
        }
    }
}

/// An address in which `****` stands for user name and password, for people to see.
pub fn redacted(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        // The name by which all log in to a host is not a secret.
        Some((user, _)) if scheme.ends_with("ssh") && !user.contains(':') => address.to_owned(),
        Some((_, host)) => format!("{scheme}://****@{host}{}", &rest[end..]),
        None => address.to_owned(),
    }
}

/// An address without user name and password. One that cannot have any is left as it is.
pub fn without_credentials(url: &Url) -> Url {
    let mut url = url.clone();
    if url.set_username("").is_ok() {
        let _ = url.set_password(None);
    }
    url
}

impl Fragment {
    fn parse(text: &str) -> Result<Self, String> {
        let mut fragment = Self::default();
        for (key, value) in text.split('&').filter_map(|part| part.split_once('=')) {
            match key {
                "egg" => {
                    let name = project_name(value);
                    fragment.egg =
                        Some(name.ok_or_else(|| format!("`{value}` is not a valid project name"))?);
                }
                "subdirectory" => fragment.subdirectory = Some(subdirectory(value)?),
                _ => {}
            }
        }
        fragment.hashes = Hashes::from_fragment(text).map_err(|error| error.to_string())?;
        Ok(fragment)
    }
}

/// A folder below the root of what is fetched.
fn subdirectory(value: &str) -> Result<String, String> {
    let path = percent_decode_str(value).decode_utf8_lossy().into_owned();
    let is_below = Path::new(&path).components().all(|c| matches!(c, Component::Normal(_)));
    if is_below { Ok(path) } else { Err(format!("the subdirectory `{path}` is not inside")) }
}

/// Cuts the revision off: what follows the last `@` of the path.
fn split_revision(address: &str) -> (&str, Option<String>) {
    let path = address.find("://").map_or(0, |at| at + 3);
    let start = address[path..].find('/').map_or(address.len(), |at| path + at);
    match address[start..].rfind('@') {
        Some(at) => (&address[..start + at], Some(address[start + at + 1..].to_owned())),
        None => (address, None),
    }
}

/// `ssh://git@host:folder/name` as the URL that it stands for.
pub fn mend_scp(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once(':')?;
    let is_port = path.starts_with(|c: char| c.is_ascii_digit());
    let is_scp = scheme.ends_with("ssh") && !host.contains('/') && !path.starts_with('/');
    (is_scp && !is_port).then(|| format!("{scheme}://{host}/{path}"))
}

/// A path without `.` and `..`, by its words alone.
pub fn normalized(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match Direct::parse(text, Path::new("/folder")) {
            Ok((direct, egg)) => {
                let egg = egg.map(|egg| format!(" ({egg})")).unwrap_or_default();
                format!("{direct}{egg}")
            }
            Err(problem) => problem,
        }
    }

    #[test]
    fn addresses_are_read() {
        for (text, expected) in [
            ("https://u:p@files.example/a.zip#egg=A_b", "https://****@files.example/a.zip (a-b)"),
            ("git+https://host.example/a/b.git@v1@2", "git+https://host.example/a/b.git@v1@2"),
            ("git+ssh://git@host.example:a/b.git@v1", "git+ssh://git@host.example/a/b.git@v1"),
            ("git+ssh://git@host.example:22/b.git", "git+ssh://git@host.example:22/b.git"),
            ("file:../a.zip", "file:///a.zip"),
            ("./sub/../a.zip", "file:///folder/a.zip"),
            ("file:///x/a%20b.zip", "file:///x/a%20b.zip"),
            ("/", "/"),
            (
                "hg+https://host.example/a",
                "`hg+https` is not supported: of version control only git is",
            ),
            ("ftp://host.example/a.zip", "nothing can be fetched by `ftp`"),
            ("a.zip#egg=a[b]", "`a[b]` is not a valid project name"),
            ("a.zip#subdirectory=../b", "the subdirectory `../b` is not inside"),
            ("a.zip#subdirectory=/b", "the subdirectory `/b` is not inside"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn revisions_are_cut_from_the_path() {
        let parse = |text| Direct::parse(text, Path::new("/")).unwrap().0;
        let Direct::Git { repository, revision, subdirectory } =
            parse("git+https://u@host.example/a.git@v1.0#subdirectory=x/y&egg=a")
        else {
            panic!("no repository");
        };
        assert_eq!(repository.as_str(), "https://u@host.example/a.git");
        assert_eq!((revision.as_deref(), subdirectory.as_deref()), (Some("v1.0"), Some("x/y")));
    }
}
