//! Collections in a tree of their own, separate from the distribution's and others.

use serde::Serialize;

use super::{Target, TargetError};

/// The location of an isolated collection, and the prefix of its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Isolation {
    /// An absolute folder, without a trailing slash: `/opt/acme`.
    pub prefix: String,
    /// The prefix of packages' names and capabilities: `acme-`.
    pub namespace: String,
}

/// Folders that belong to the system.
const SYSTEM_FOLDERS: [&str; 12] =
    ["bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "tmp"];

impl Target {
    /// Returns this target with everything installed below `prefix`: modules in a separate site
    /// folder, commands in `bin`, data in `share`.
    ///
    /// # Errors
    /// The prefix is not an absolute folder of its own.
    pub fn isolated(mut self, prefix: &str) -> Result<Self, TargetError> {
        let prefix = prefix.trim_end_matches('/');
        let parts: Vec<&str> = prefix.split('/').collect();
        let [first, rest @ ..] = parts.as_slice() else {
            return Err(TargetError::Prefix { prefix: prefix.to_owned() });
        };
        let is_own = match rest {
            ["usr", ..] => rest.starts_with(&["usr", "local"]) && rest.len() > 2,
            [top, _, ..] => !SYSTEM_FOLDERS.contains(top),
            _ => false,
        };
        let last = rest.last().filter(|_| first.is_empty() && is_own && rest.iter().all(is_plain));
        let Some(last) = last else {
            return Err(TargetError::Prefix { prefix: prefix.to_owned() });
        };
        let namespace = format!("{}-", last.to_ascii_lowercase().replace('_', "-"));
        let (major, minor) = self.python.version;
        let site = format!("{prefix}/lib/python{major}.{minor}/site-packages");
        let python = &mut self.python;
        python.purelib.clone_from(&site);
        python.platlib = site;
        python.include = format!("{prefix}/include");
        python.scripts = format!("{prefix}/bin");
        prefix.clone_into(&mut python.data);
        self.naming.unversioned_dist = false;
        self.naming.dotted_dist = false;
        self.naming.aliases.clear();
        self.isolation = Some(Isolation { prefix: prefix.to_owned(), namespace });
        Ok(self)
    }
}

fn is_plain(part: &&str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphanumeric())
        && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

#[cfg(test)]
mod tests {
    use crate::distro::targets::Targets;

    #[test]
    fn a_prefix_is_a_folder_of_ones_own() {
        let isolated = |prefix: &str| {
            Targets::embedded().load("el9", Some("3.12"), None).unwrap().isolated(prefix)
        };
        let target = isolated("/opt/Acme_web/").unwrap();
        assert_eq!(target.python.purelib, "/opt/Acme_web/lib/python3.12/site-packages");
        assert_eq!(target.python.scripts, "/opt/Acme_web/bin");
        assert_eq!(target.isolation.unwrap().namespace, "acme-web-");
        assert!(isolated("/usr/local/acme").is_ok());
        for prefix in [
            "",
            "/",
            "/usr",
            "/usr/lib",
            "/usr/local",
            "opt/x",
            "/opt",
            "/etc/x",
            "/opt/../x",
            "/opt/a b",
        ] {
            assert!(isolated(prefix).is_err(), "{prefix}");
        }
    }
}
