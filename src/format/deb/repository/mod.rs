//! Apt repositories (`Packages`, `Release`).

mod archive;
mod index;
mod publish;
mod relations;
mod stanza;

use std::path::Path;

pub(crate) use self::stanza::stanza;
use super::pool::Pool;
use crate::format::{
    PackageError,
    package::{Stanza, read_with},
    repository::{Client, Kind, Listing, Swap, client::NAME, ranks},
};
use crate::plan::relation::Strength;

/// Debian packages, for apt.
pub(crate) struct Deb;

impl Kind for Deb {
    fn format(&self) -> &str {
        "deb"
    }

    fn suffix(&self) -> &str {
        ".deb"
    }

    fn read(&self, path: &Path) -> Result<Stanza, PackageError> {
        read_with(path, |input, file| stanza(input, &file))
    }

    fn relations(
        &self,
        stanza: &Stanza,
        _path: &Path,
    ) -> Result<Vec<(Strength, String)>, PackageError> {
        Ok(relations::relations(stanza))
    }

    fn ranks(&self, versions: &[String]) -> Result<Vec<usize>, PackageError> {
        Ok(ranks(versions, crate::format::deb::version::compare))
    }

    fn folder(&self, package: &str, pool: Option<&Pool>) -> String {
        pool.map(|pool| pool.folder(package)).unwrap_or_default()
    }

    fn is_signed(&self, collection: &Path) -> bool {
        let suite = Pool::of(collection).map(|pool| pool.metadata()).unwrap_or_default();
        let places =
            [Path::new(publish::SIGNED).to_owned(), Path::new(&suite).join(publish::SIGNED)];
        places.iter().any(|path| collection.join(path).exists())
    }

    fn prepare(&self, listing: &Listing<'_>) -> Result<Option<Swap>, PackageError> {
        let index = publish::prepare(listing)?;
        Ok(index.map(|index| -> Swap { Box::new(move |collection| index.publish(collection)) }))
    }

    fn client(&self) -> Option<(&str, &str)> {
        Some(("pypi2pkg.sources", "URIs: "))
    }

    /// Source: sources.list(5).
    fn client_text(&self, client: &Client<'_>) -> Option<String> {
        let Client { note, url, source, is_signed, .. } = client;
        let suites = source.replacen(' ', "\nComponents: ", 1);
        let trust = if *is_signed {
            format!("Signed-By: /etc/apt/keyrings/{NAME}.asc\n")
        } else {
            "Trusted: yes\n".to_owned()
        };
        Some(format!(
            "# /etc/apt/sources.list.d/{NAME}.sources\n{note}Types: deb\nURIs: {url}\nSuites: {suites}\n\
             {trust}"
        ))
    }
}
