//! rpm repositories (`repodata`), in the form that `createrepo_c` gives them.

mod guard;
mod header;
mod publish;
mod relations;
mod repodata;
mod signature;
mod xml;

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};

pub(crate) use self::header::entry;
use super::{Rpm, build, packages};
use crate::{
    base::{files::durable::swap, signing::Signer},
    format::{
        PackageEntry, PackageError,
        host::pack,
        package::{FormatData, read_with},
        repository::{Client, Listed, Listing, Repository, Sign, Swap, client::NAME},
    },
    plan::relation::Strength,
};

/// The `package` elements of the three files that rpm repositories consist of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RpmMetadata {
    pub primary: String,
    pub filelists: String,
    pub other: String,
}

impl Repository for Rpm {
    fn read(&self, path: &Path) -> Result<PackageEntry, PackageError> {
        read_with(path, |input, file| entry(input, &file))
    }

    fn relations(
        &self,
        _entry: &PackageEntry,
        path: &Path,
    ) -> Result<Vec<(Strength, String)>, PackageError> {
        relations::package_relations(path)
    }

    fn listed(&self, folder: &Path, _suite: &str) -> Result<Listed, PackageError> {
        let metadata = folder.join(publish::FOLDER);
        let path = metadata.join(repodata::POINTER);
        let pointer = fs::read_to_string(&path).map_err(PackageError::at("read", &path))?;
        let refuse = |reason: String| PackageError::Package { path: path.clone(), reason };
        let open = |kind: &str| {
            let (location, _) = packages::data(&pointer, kind)
                .ok_or_else(|| refuse(format!("it has no `{kind}`")))?;
            let part = folder.join(&location);
            pack::open(&part, &location).map_err(PackageError::at("read", &part))
        };
        let mut entries = packages::primary(open("primary")?, None).map_err(refuse)?;
        let mut paths: BTreeMap<String, Vec<String>> =
            packages::filelists(open("filelists")?).map_err(refuse)?.into_iter().collect();
        for entry in &mut entries {
            if let FormatData::Listed(relations) = &mut entry.data {
                relations.paths = paths.remove(&entry.sha256).unwrap_or_default();
            }
        }
        Ok(Listed { entries, ..Listed::default() })
    }

    fn paths(&self, entry: &PackageEntry, _path: &Path) -> Result<Vec<String>, PackageError> {
        Ok(entry.paths().to_vec())
    }

    /// rpm lets packages own a file together that is the same in all of them.
    fn is_shared(&self, folder: &Path, owners: &[&PackageEntry], path: &str) -> bool {
        let owners = owners.iter().filter(|owner| owner.paths().iter().any(|own| own == path));
        let mut found = owners.map(|owner| {
            let files = build::files(&folder.join(owner.place()));
            files.ok().and_then(|mut files| files.remove(path))
        });
        let first = found.next().flatten();
        first.is_some() && found.all(|other| other == first)
    }

    fn signature(&self) -> Option<Sign> {
        Some(sign)
    }

    fn is_signed(&self, collection: &Path) -> bool {
        collection.join(publish::FOLDER).join(publish::SIGNATURE).exists()
    }

    fn prepare(&self, listing: &Listing<'_>) -> Result<Option<Swap>, PackageError> {
        let folder = publish::prepare(listing)?;
        Ok(folder.map(|folder| -> Swap {
            Box::new(move |collection| Ok(swap(&folder, &collection.join(publish::FOLDER))?))
        }))
    }

    fn client(&self) -> Option<(&str, &str)> {
        Some(("pypi2pkg.repo", "baseurl="))
    }

    /// Source: dnf.conf(5).
    fn client_text(&self, client: &Client<'_>) -> Option<String> {
        let Client { note, url, suite, is_signed, .. } = client;
        let check = u8::from(*is_signed);
        let key = if *is_signed {
            format!("gpgkey=file:///etc/pki/rpm-gpg/{NAME}.asc\n")
        } else {
            String::new()
        };
        Some(format!(
            "# /etc/yum.repos.d/{NAME}.repo\n{note}[{NAME}]\nname=Python projects as packages for \
             {suite}\nbaseurl={url}\nenabled=1\ngpgcheck={check}\nrepo_gpgcheck={check}\n{key}"
        ))
    }
}

/// Signs the header of a package in its place.
fn sign(path: &Path, signer: &Signer<'_>, time: u64) -> Result<(), PackageError> {
    let refuse = |reason: String| PackageError::Package { path: path.to_owned(), reason };
    let signature = signer.detached(&signature::signed_part(path).map_err(refuse)?, time as i64)?;
    signature::put(path, &signature).map_err(refuse)
}
