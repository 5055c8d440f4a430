//! What a machine needs to install from a collection: a file for its package manager, and the key.
//! Source: dnf.conf(5), sources.list(5).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::sign::Signer;

/// What the files are called and the repository is known by.
const NAME: &str = "pypi2pkg";

/// Stands where nobody said where the folder will be served.
pub(super) const UNKNOWN_URL: &str = "https://packages.example/";

/// The address that the files in a folder state.
pub(super) fn known_url(folder: &Path) -> Option<String> {
    [("repo", "baseurl="), ("sources", "URIs: ")].into_iter().find_map(|(kind, key)| {
        let text = fs::read_to_string(folder.join(format!("{NAME}.{kind}"))).ok()?;
        text.lines().find_map(|line| Some(line.strip_prefix(key)?.to_owned()))
    })
}

/// The files, by name: `.repo` for dnf and zypper, `.sources` for apt, and the public key. `source`
/// is what [`super::apt_source`] says.
pub(super) fn files(
    formats: &BTreeSet<&'static str>,
    suite: &str,
    (url, source): (&str, &str),
    signer: Option<&Signer<'_>>,
) -> BTreeMap<String, String> {
    let note = match url {
        UNKNOWN_URL => "# Replace the address by that at which this folder is served.\n",
        _ => "",
    };
    let mut files = BTreeMap::new();
    let check = u8::from(signer.is_some());
    if formats.contains("rpm") {
        let key = match signer {
            Some(_) => format!("gpgkey=file:///etc/pki/rpm-gpg/{NAME}.asc\n"),
            None => String::new(),
        };
        let text = format!(
            "# /etc/yum.repos.d/{NAME}.repo\n{note}[{NAME}]\nname=Python projects as packages for \
             {suite}\nbaseurl={url}\nenabled=1\ngpgcheck={check}\nrepo_gpgcheck={check}\n{key}"
        );
        files.insert(format!("{NAME}.repo"), text);
    }
    if formats.contains("deb") {
        let suites = source.replacen(' ', "\nComponents: ", 1);
        let trust = match signer {
            Some(_) => format!("Signed-By: /etc/apt/keyrings/{NAME}.asc\n"),
            None => "Trusted: yes\n".to_owned(),
        };
        let text = format!(
            "# /etc/apt/sources.list.d/{NAME}.sources\n{note}Types: deb\nURIs: {url}\nSuites: {suites}\n\
             {trust}"
        );
        files.insert(format!("{NAME}.sources"), text);
    }
    if let Some(signer) = signer {
        files.insert(format!("{NAME}.asc"), signer.public().to_owned());
    }
    files
}
