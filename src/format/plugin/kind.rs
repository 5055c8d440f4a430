//! Collections of an external format's packages.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    External, is_name, is_version,
    protocol::{
        AllRead, AllUnmet, Index, Indexed, Order, Read, Related, Stated, Step, ToIndex, ToRead,
    },
};
use crate::{
    base::{
        files::Temporary,
        signing::Signer,
        text::{OneLine, chain},
    },
    collection::MANIFEST_FILE,
    format::{
        PackageError,
        build::{compressed, decompress},
        package::{Entry, Stanza, read_with},
        repository::{
            Client, Kind, Kinds, Listing, Swap, Unmet, client::NAME, metadata::flat_files,
        },
    },
    plan::{Evr, relation::Strength},
    plugin::{PluginError, hooks::absolute, manifest::is_file_name},
};

impl From<PluginError> for PackageError {
    fn from(error: PluginError) -> Self {
        Self::External { problem: chain(&error) }
    }
}

impl Kind for External<'_> {
    fn format(&self) -> &str {
        &self.plugin.manifest.name
    }

    fn suffix(&self) -> &str {
        &self.table.suffix
    }

    fn read(&self, path: &Path) -> Result<Stanza, PackageError> {
        let refuse = |reason: String| PackageError::Package { path: path.to_owned(), reason };
        let work = Temporary::new().map_err(|error| refuse(error.to_string()))?;
        let contents = work.path().join("contents");
        decompress(path, &contents).map_err(|error| refuse(error.to_string()))?;
        let file = ToRead { path: absolute(path), contents: absolute(&contents) };
        let answer = self.ask::<AllRead>(Step::Read { files: vec![file] });
        let answer = answer.map_err(|error| refuse(chain(&error)))?.answer;
        let [said]: [Read; 1] = answer.packages.try_into().map_err(|packages: Vec<Read>| {
            refuse(format!("the plugin describes {} packages", packages.len()))
        })?;
        check(&said).map_err(|what| refuse(chain(&self.refuses(&what))))?;
        read_with(path, |_, file| {
            let Read { package, epoch, version, release, architecture, time, .. } = said;
            let relations = said.relations.into_iter().map(|one| (one.strength, one.text.into()));
            Ok(Stanza {
                package,
                evr: Evr { epoch, version, release },
                architecture,
                file: file.name.to_owned(),
                folder: String::new(),
                size: file.size,
                sha256: file.sha256,
                time,
                signed_by: None,
                entry: Entry::External {
                    format: Kind::format(self).to_owned(),
                    text: said.entry,
                    relations: relations.collect(),
                    paths: said.paths,
                },
            })
        })
    }

    fn relations(
        &self,
        stanza: &Stanza,
        _path: &Path,
    ) -> Result<Vec<(Strength, String)>, PackageError> {
        Ok(parts(stanza).1.to_vec())
    }

    fn ranks(&self, versions: &[String]) -> Result<Vec<usize>, PackageError> {
        if versions.is_empty() {
            return Ok(Vec::new());
        }
        let ranks = self.ask::<Order>(Step::Order { versions })?.answer.ranks;
        if ranks.len() == versions.len() {
            Ok(ranks)
        } else {
            Err(self.refuses("rank another number of versions").into())
        }
    }

    fn is_signed(&self, collection: &Path) -> bool {
        let Some(ending) = &self.table.signature else { return false };
        let names = fs::read_dir(collection).into_iter().flatten().flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let is_of_file = |name: &str| collection.join(name).is_file();
        names
            .filter_map(|name| name.strip_suffix(ending.as_str()).map(str::to_owned))
            .any(|name| is_of_file(&name))
    }

    fn prepare(&self, listing: &Listing<'_>) -> Result<Option<Swap>, PackageError> {
        let time = listing.stanzas.iter().map(|stanza| stanza.time).max().unwrap_or_default();
        let mut files = Vec::new();
        if let Some(signer) = listing.signer {
            for stanza in listing.stanzas {
                files.extend(self.signature(stanza, listing, signer)?);
            }
        }
        let index = self.index(listing, time)?;
        let is_there = |(name, ..): &(String, _, _)| listing.collection.join(name).exists();
        // A collection that never had packages gets no metadata; one that lost its last does.
        if listing.stanzas.is_empty() && !index.iter().any(is_there) {
            return Ok(None);
        }
        for (name, bytes, is_signed) in index {
            let signature = match (listing.signer.filter(|_| is_signed), &self.table.signature) {
                (Some(signer), Some(ending)) => {
                    Some((format!("{name}{ending}"), signer.detached(&bytes, time as i64)?))
                }
                _ => None,
            };
            files.push((name, bytes));
            files.extend(signature);
        }
        let stale = match listing.signer {
            Some(_) => self.stale(listing),
            None => Vec::new(),
        };
        let swap = flat_files(listing, &files)?;
        if swap.is_none() && stale.is_empty() {
            return Ok(None);
        }
        Ok(Some(Box::new(move |collection| {
            swap.map_or(Ok(()), |swap| swap(collection))?;
            stale.iter().try_for_each(|path| {
                fs::remove_file(path).map_err(PackageError::at("remove", path))
            })
        })))
    }

    fn client(&self) -> Option<(&str, &str)> {
        self.table.client.as_ref().map(|client| (client.file.as_str(), client.url.as_str()))
    }

    /// The plugin writes it with the metadata.
    fn client_text(&self, _client: &Client<'_>) -> Option<String> {
        None
    }

    fn unmet(&self, stanzas: &[&Stanza]) -> Result<Option<Vec<Unmet>>, PackageError> {
        let related = stanzas.iter().map(|stanza| Related {
            package: &stanza.package,
            version: stanza.evr.to_string(),
            relations: parts(stanza)
                .1
                .iter()
                .map(|(strength, text)| Stated { strength: *strength, text: OneLine::new(text) })
                .collect(),
        });
        let answer = self.ask::<AllUnmet>(Step::Unmet { packages: related.collect() })?.answer;
        let is_known = |name: &str| stanzas.iter().any(|stanza| stanza.package == *name);
        if let Some(stranger) = answer.unmet.iter().find(|one| !is_known(&one.package)) {
            let what = format!("speak of `{}`", stranger.package.escape_debug());
            return Err(self.refuses(&what).into());
        }
        let unmet = answer.unmet.into_iter().map(|one| Unmet {
            package: one.package,
            relation: one.relation.to_string(),
            name: one.name,
        });
        Ok(Some(unmet.collect()))
    }

    fn paths<'s>(&self, stanza: &'s Stanza) -> &'s [String] {
        parts(stanza).2
    }
}

/// The folders of a collection, and the metadata of the built-in formats.
const RESERVED: [&str; 9] = [
    "recipes",
    "reports",
    "source",
    "pool",
    "dists",
    "repodata",
    "Packages",
    "Release",
    "InRelease",
];

/// A stanza's text, relations and paths.
fn parts(stanza: &Stanza) -> (&str, &[(Strength, String)], &[String]) {
    match &stanza.entry {
        Entry::External { text, relations, paths, .. } => (text, relations, paths),
        Entry::Rpm { .. } | Entry::Deb { .. } => ("", &[], &[]),
    }
}

/// Checks what the plugin read from a package: names and versions must be plain.
fn check(said: &Read) -> Result<(), String> {
    if !is_name(&said.package) || !is_name(&said.architecture) {
        return Err(format!("name a package {:?} for {:?}", said.package, said.architecture));
    }
    if !is_version(&said.version) || !is_version(&said.release) {
        return Err(format!("read the version {:?} {:?}", said.version, said.release));
    }
    if u32::try_from(said.time).is_err() {
        return Err(format!("read the time {}", said.time));
    }
    let is_path = |path: &&String| !path.starts_with('/') || path.chars().any(char::is_control);
    match said.paths.iter().find(is_path) {
        None => Ok(()),
        Some(path) => Err(format!("read the path {path:?}")),
    }
}

impl External<'_> {
    /// The files of a repository's metadata, in the order in which they are replaced, and whether
    /// each gets a signature.
    fn index(
        &self,
        listing: &Listing<'_>,
        time: u64,
    ) -> Result<Vec<(String, Vec<u8>, bool)>, PackageError> {
        let packages = listing.stanzas.iter().map(|stanza| Indexed {
            package: &stanza.package,
            file: stanza.place(),
            version: stanza.evr.to_string(),
            sha256: &stanza.sha256,
            size: stanza.size,
            entry: parts(stanza).0,
            paths: parts(stanza).2,
        });
        let step = Step::Index(ToIndex {
            name: NAME,
            time,
            url: listing.url,
            note: listing.note,
            signed: listing.signer.is_some(),
            packages: packages.collect(),
        });
        let answered = self.ask::<Index>(step)?;
        let mut files: Vec<(String, Vec<u8>, bool)> = Vec::new();
        for file in &answered.answer.files {
            let is_twice = files.iter().any(|(name, ..)| *name == file.path);
            if !self.may_write(&file.path) || is_twice {
                return Err(self.refuses(&format!("write `{}`", file.path.escape_debug())).into());
            }
            let bytes = self.plugin.take(answered.work.path(), &file.from);
            let bytes = bytes.and_then(|bytes| match &file.compression {
                Some(compression) => compressed(&bytes, compression),
                None => Ok(bytes),
            });
            let refuse = |error: io::Error| {
                self.refuses(&format!("give `{}`: {error}", file.from.escape_debug()))
            };
            files.push((file.path.clone(), bytes.map_err(refuse)?, file.sign));
        }
        Ok(files)
    }

    /// Whether a file of metadata may have a name: none of the core's own, of a package or of another
    /// format.
    fn may_write(&self, name: &str) -> bool {
        let key = format!("{NAME}.asc");
        let is_core = RESERVED.contains(&name) || name == MANIFEST_FILE || name == key;
        let signature = self.table.signature.as_deref().unwrap_or_default();
        let is_package = [self.table.suffix.clone(), format!("{}{signature}", self.table.suffix)];
        let of_other = Kinds::default().iter().any(|kind| {
            let client = kind.client().is_some_and(|(file, _)| file == name);
            client || name.ends_with(kind.suffix())
        });
        let is_of_package = is_package.iter().any(|ending| name.ends_with(ending.as_str()));
        is_file_name(name) && !is_core && !is_of_package && !of_other
    }

    /// The signature of a package; nothing where it has the signer's already.
    fn signature(
        &self,
        stanza: &Stanza,
        listing: &Listing<'_>,
        signer: &Signer<'_>,
    ) -> Result<Option<(String, Vec<u8>)>, PackageError> {
        let Some(ending) = &self.table.signature else { return Ok(None) };
        let name = format!("{}{ending}", stanza.place());
        let waiting = listing.waiting.get(&stanza.file).cloned();
        let path = waiting.unwrap_or_else(|| listing.collection.join(stanza.place()));
        let bytes = fs::read(&path).map_err(PackageError::at("read", &path))?;
        let present = fs::read(listing.collection.join(&name)).ok();
        if present.is_some_and(|present| signer.made(&present, &bytes)) {
            Ok(None)
        } else {
            Ok(Some((name, signer.detached(&bytes, stanza.time as i64)?)))
        }
    }

    /// The signatures of packages in a collection's folder.
    fn signatures(&self, collection: &Path) -> impl Iterator<Item = PathBuf> {
        let signature = self.table.signature.as_ref();
        let ending = signature.map(|signature| format!("{}{signature}", self.table.suffix));
        let paths = fs::read_dir(collection).into_iter().flatten().flatten();
        paths.map(|entry| entry.path()).filter(move |path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            ending.as_ref().is_some_and(|ending| name.ends_with(ending.as_str()))
        })
    }

    /// The signatures of packages that are gone, or go.
    fn stale(&self, listing: &Listing<'_>) -> Vec<PathBuf> {
        let ending = self.table.signature.as_deref().unwrap_or_default();
        let known = listing.stanzas.iter().map(|stanza| format!("{}{ending}", stanza.place()));
        let known: BTreeSet<String> = known.collect();
        let is_known = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            known.contains(name.as_ref())
        };
        self.signatures(listing.collection).filter(|path| !is_known(path)).collect()
    }
}
