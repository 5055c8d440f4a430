//! rpm repositories (`repodata`), in the form that `createrepo_c` gives them.

mod guard;
mod publish;
mod relations;
mod repodata;
mod signature;
mod stanza;
mod xml;

use std::path::Path;

pub(crate) use self::stanza::stanza;
use crate::{
    base::files::durable::swap,
    format::{
        PackageError,
        package::{Stanza, read_with},
        repository::{Client, Kind, Listing, Sign, Swap, client::NAME, ranks},
    },
};
use crate::{base::signing::Signer, plan::relation::Strength};

/// Packages of rpm, for dnf and zypper.
pub(crate) struct Rpm;

impl Kind for Rpm {
    fn format(&self) -> &str {
        "rpm"
    }

    fn suffix(&self) -> &str {
        ".rpm"
    }

    fn read(&self, path: &Path) -> Result<Stanza, PackageError> {
        read_with(path, |input, file| stanza(input, &file))
    }

    fn relations(
        &self,
        _stanza: &Stanza,
        path: &Path,
    ) -> Result<Vec<(Strength, String)>, PackageError> {
        relations::package_relations(path)
    }

    fn ranks(&self, versions: &[String]) -> Result<Vec<usize>, PackageError> {
        Ok(ranks(versions, crate::format::rpm::version::compare_evr))
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
