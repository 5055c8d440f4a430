//! Which folders belong to a package.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use super::PlannedFile;

/// Folders that many packages share and that none of ours owns, as patterns of whole components:
/// `*` is any one component, a final `**` is the folder itself and everything below it.
///
/// They are what the distributions' own base packages (`filesystem`, `hicolor-icon-theme`,
/// `man-db`, `bash-completion`, …) bring.
const SHARED: [&str; 35] = [
    "/etc",
    "/etc/bash_completion.d",
    "/etc/profile.d",
    "/etc/xdg",
    "/etc/xdg/autostart",
    "/opt",
    "/srv",
    "/usr",
    "/usr/bin",
    "/usr/games",
    "/usr/include",
    "/usr/include/*",
    "/usr/lib",
    "/usr/lib/systemd/**",
    "/usr/lib/udev/**",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/**",
    "/usr/sbin",
    "/usr/share",
    "/usr/share/applications",
    "/usr/share/bash-completion/**",
    "/usr/share/dbus-1/**",
    "/usr/share/doc",
    "/usr/share/fish/**",
    "/usr/share/icons/**",
    "/usr/share/info",
    "/usr/share/licenses",
    "/usr/share/lintian/**",
    "/usr/share/locale/**",
    "/usr/share/man/**",
    "/usr/share/metainfo",
    "/usr/share/mime/**",
    "/usr/share/pixmaps",
    "/usr/share/zsh/**",
];

/// The folders that a package with these files owns, sorted: every folder above a file that is
/// neither on the list of shared ones nor an interpreter's site folder (`site-packages` or
/// `dist-packages` in a `python*` folder) or above one.
///
/// Several packages may own the same folder (PEP 420 namespaces, `/usr/share/jupyter`): rpm wants
/// each to name it, and removes it with the last of them.
pub fn owned_folders(files: &[PlannedFile]) -> Vec<String> {
    let mut owned = BTreeSet::new();
    for file in files {
        let mut path = file.path.as_str();
        while let Some(end) = path.rfind('/').filter(|end| *end > 0) {
            path = &path[..end];
            if owned.contains(path) || is_shared(path) {
                break;
            }
            owned.insert(path);
        }
    }
    owned.into_iter().map(str::to_owned).collect()
}

/// The entries of a map by path that lie below `folder`, sorted.
pub fn below<'m, V>(
    paths: &'m BTreeMap<&str, V>,
    folder: &str,
) -> impl Iterator<Item = (&'m str, &'m V)> {
    let folder = format!("{folder}/");
    let from = (Bound::Included(folder.as_str()), Bound::Unbounded);
    let entries = paths.range::<str, _>(from);
    entries
        .map(|(path, value)| (*path, value))
        .take_while(move |(path, _)| path.starts_with(&folder))
}

/// Whether no package owns `folder`. Whatever is above a shared folder is shared too.
fn is_shared(folder: &str) -> bool {
    SHARED.iter().any(|pattern| matches(pattern, folder)) || is_interpreters(folder)
}

fn matches(pattern: &str, folder: &str) -> bool {
    let mut components = folder.split('/');
    for wanted in pattern.split('/') {
        match (wanted, components.next()) {
            ("**", _) => return true,
            ("*", Some(_)) => {}
            (_, Some(found)) if wanted == found => {}
            _ => return false,
        }
    }
    components.next().is_none()
}

/// `/usr/lib/python3.13`, `/usr/lib64/python3.13/site-packages`, `/usr/lib/python3/dist-packages`,
/// and the byte code of modules beside packages.
fn is_interpreters(folder: &str) -> bool {
    let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
    match name {
        "site-packages" | "dist-packages" => is_interpreters(parent),
        "__pycache__" => parent.ends_with("-packages") && is_interpreters(parent),
        _ => name.starts_with("python") && ["/usr/lib", "/usr/lib64"].contains(&parent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Content, FileRole};

    fn owned(paths: &[&str]) -> Vec<String> {
        let files: Vec<PlannedFile> = paths
            .iter()
            .map(|path| {
                PlannedFile::new(
                    (*path).to_owned(),
                    0o644,
                    FileRole::Plain,
                    Content::Text(String::new()),
                )
            })
            .collect();
        owned_folders(&files)
    }

    #[test]
    fn folders_below_the_site_folder_are_owned() {
        let found = owned(&[
            "/usr/bin/webob",
            "/usr/lib/python3.13/site-packages/WebOb-1.8.dist-info/METADATA",
            "/usr/lib/python3.13/site-packages/__pycache__/single.cpython-313.pyc",
            "/usr/lib/python3.13/site-packages/single.py",
            "/usr/lib/python3.13/site-packages/webob/a/b/c.py",
            "/usr/lib/python3.13/site-packages/webob/d.py",
            "/usr/lib64/python3.13/site-packages/fast/x.so",
            "/usr/lib/python3/dist-packages/deb/x.py",
        ]);
        assert_eq!(
            found,
            [
                "/usr/lib/python3.13/site-packages/WebOb-1.8.dist-info",
                "/usr/lib/python3.13/site-packages/webob",
                "/usr/lib/python3.13/site-packages/webob/a",
                "/usr/lib/python3.13/site-packages/webob/a/b",
                "/usr/lib/python3/dist-packages/deb",
                "/usr/lib64/python3.13/site-packages/fast",
            ]
        );
    }

    #[test]
    fn shared_folders_are_not() {
        let none: [&str; 0] = [];
        let shared = [
            "/etc/bash_completion.d/x",
            "/usr/include/python3.13/x.h",
            "/usr/share/applications/x.desktop",
            "/usr/share/icons/hicolor/48x48/apps/x.png",
            "/usr/share/man/de/man1/x.1",
            "/usr/share/man/man1/x.1",
            "/usr/share/zsh/site-functions/_x",
        ];
        assert_eq!(owned(&shared), none);
    }

    #[test]
    fn a_packages_own_folder_in_a_shared_one_is_owned() {
        let found = owned(&[
            "/etc/jupyter/conf.d/x.json",
            "/usr/include/python3.13/greenlet/greenlet.h",
            "/usr/lib/systems/x",
            "/usr/share/doc/python3-x/copyright",
            "/usr/share/jupyter/kernels/x/kernel.json",
        ]);
        assert_eq!(
            found,
            [
                "/etc/jupyter",
                "/etc/jupyter/conf.d",
                "/usr/include/python3.13/greenlet",
                "/usr/lib/systems",
                "/usr/share/doc/python3-x",
                "/usr/share/jupyter",
                "/usr/share/jupyter/kernels",
                "/usr/share/jupyter/kernels/x",
            ]
        );
    }
}
