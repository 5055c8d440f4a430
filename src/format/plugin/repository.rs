//! Collections of an external format's packages.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    PluginFormat, PluginMetadata, is_name, is_version,
    protocol::{
        AllRead, AllUnmet, IndexAnswer, Indexed, ReadPackage, ReadRelation, Related, Step, ToIndex,
        ToRead,
    },
};
use crate::{
    base::{
        files::{FileError, Temporary, temporary_place},
        signing::Signer,
        text::{OneLine, chain},
    },
    format::{
        Formats, PackageEntry, PackageError,
        build::{compressed, decompress},
        package::{FormatData, read_with},
        repository::{
            Client, Listed, Listing, MANIFEST_FILE, Repository, Swap, Unmet, client::NAME,
            metadata::flat_files,
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

impl Repository for PluginFormat<'_> {
    fn read(&self, path: &Path) -> Result<PackageEntry, PackageError> {
        let refuse = |reason: String| PackageError::Package { path: path.to_owned(), reason };
        let work = Temporary::new().map_err(|error| refuse(error.to_string()))?;
        let contents = work.path().join("contents");
        decompress(path, &contents).map_err(|error| refuse(error.to_string()))?;
        let file = ToRead { path: absolute(path), contents: absolute(&contents) };
        let answer = self.ask::<AllRead>(Step::Read { files: vec![file] });
        let answer = answer.map_err(|error| refuse(chain(&error)))?.answer;
        let [said]: [ReadPackage; 1] =
            answer.packages.try_into().map_err(|packages: Vec<ReadPackage>| {
                refuse(format!("the plugin describes {} packages", packages.len()))
            })?;
        check(&said).map_err(|what| refuse(chain(&self.refuses(&what))))?;
        read_with(path, |_, file| {
            let ReadPackage { package, epoch, version, release, architecture, time, .. } = said;
            let relations = said.relations.into_iter().map(|one| (one.strength, one.text.into()));
            Ok(PackageEntry {
                package,
                evr: Evr { epoch, version, release },
                architecture,
                file: file.name.to_owned(),
                folder: String::new(),
                size: file.size,
                sha256: file.sha256,
                time,
                signed_by: None,
                data: FormatData::External(PluginMetadata {
                    format: self.plugin.manifest.name.clone(),
                    text: said.entry,
                    relations: relations.collect(),
                    paths: said.paths,
                }),
            })
        })
    }

    fn relations(
        &self,
        entry: &PackageEntry,
        _path: &Path,
    ) -> Result<Vec<(Strength, String)>, PackageError> {
        Ok(metadata(entry).map_or_else(Vec::new, |metadata| metadata.relations.clone()))
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
        let time = listing.entries.iter().map(|entry| entry.time).max().unwrap_or_default();
        let mut files = Vec::new();
        if let Some(signer) = listing.signer {
            for entry in listing.entries {
                files.extend(self.signature(entry, listing, signer)?);
            }
        }
        let index = self.index(listing, time)?;
        let is_there = |(name, ..): &(String, _, _)| listing.collection.join(name).exists();
        // A collection that never had packages gets no metadata; one that lost its last does.
        if listing.entries.is_empty() && !index.iter().any(is_there) {
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

    fn unmet(&self, entries: &[&PackageEntry]) -> Result<Vec<Unmet>, PackageError> {
        let related = entries.iter().map(|entry| Related {
            package: &entry.package,
            version: entry.evr.to_string(),
            relations: metadata(entry)
                .into_iter()
                .flat_map(|metadata| &metadata.relations)
                .map(|(strength, text)| ReadRelation {
                    strength: *strength,
                    text: OneLine::new(text),
                })
                .collect(),
        });
        let answer = self.ask::<AllUnmet>(Step::Unmet { packages: related.collect() })?.answer;
        let is_known = |name: &str| entries.iter().any(|entry| entry.package == *name);
        if let Some(stranger) = answer.unmet.iter().find(|one| !is_known(&one.package)) {
            let what = format!("speak of `{}`", stranger.package.escape_debug());
            return Err(self.refuses(&what).into());
        }
        let unmet = answer.unmet.into_iter().map(|one| Unmet {
            package: one.package,
            relation: one.relation.to_string(),
            name: one.name,
        });
        Ok(unmet.collect())
    }

    /// Reads every package file, and compares the metadata with what it would be now.
    fn listed(&self, folder: &Path, suite: &str) -> Result<Listed, PackageError> {
        let mut listed = Listed::default();
        for file in self.package_files(folder)? {
            match self.read(&folder.join(&file)) {
                Ok(entry) => listed.entries.push(entry),
                Err(error) => listed.add(&file, error.to_string()),
            }
        }
        listed.entries.sort_by(|a, b| (&a.package, &a.file).cmp(&(&b.package, &b.file)));
        let work = Temporary::new().map_err(FileError::write(&temporary_place()))?;
        let entries: Vec<&PackageEntry> = listed.entries.iter().collect();
        let listing = Listing {
            collection: folder,
            work: work.path(),
            entries: &entries,
            waiting: &BTreeMap::new(),
            suite,
            time: 0,
            pool: None,
            signer: None,
            url: None,
            note: "",
        };
        if self.prepare(&listing)?.is_some() {
            let problem = "does not list the packages that lie there".to_owned();
            listed.add("the repository's metadata", problem);
        }
        Ok(listed)
    }

    fn paths(&self, entry: &PackageEntry, _path: &Path) -> Result<Vec<String>, PackageError> {
        Ok(entry.paths().to_vec())
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

/// What the plugin stated of a package.
fn metadata(entry: &PackageEntry) -> Option<&PluginMetadata> {
    match &entry.data {
        FormatData::External(metadata) => Some(metadata),
        _ => None,
    }
}

/// Checks what the plugin read from a package: names and versions must be plain.
fn check(said: &ReadPackage) -> Result<(), String> {
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

impl PluginFormat<'_> {
    /// The package files in a folder, sorted.
    fn package_files(&self, folder: &Path) -> Result<Vec<String>, PackageError> {
        let failed = FileError::at("read", folder);
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(&failed)? {
            let entry = entry.map_err(&failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file());
            files.extend((is_plain && name.ends_with(&self.table.suffix)).then_some(name));
        }
        files.sort();
        Ok(files)
    }

    /// The files of a repository's metadata, in the order in which they are replaced, and whether
    /// each gets a signature.
    fn index(
        &self,
        listing: &Listing<'_>,
        time: u64,
    ) -> Result<Vec<(String, Vec<u8>, bool)>, PackageError> {
        let packages = listing.entries.iter().map(|entry| Indexed {
            package: &entry.package,
            file: entry.place(),
            version: entry.evr.to_string(),
            sha256: &entry.sha256,
            size: entry.size,
            entry: metadata(entry).map_or("", |metadata| &metadata.text),
            paths: entry.paths(),
        });
        let step = Step::Index(ToIndex {
            name: NAME,
            time,
            url: listing.url,
            note: listing.note,
            signed: listing.signer.is_some(),
            packages: packages.collect(),
        });
        let answered = self.ask::<IndexAnswer>(step)?;
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
        let of_other = Formats::default().iter().any(|format| {
            let client = format.repository().client().is_some_and(|(file, _)| file == name);
            client || name.ends_with(format.suffix())
        });
        let is_of_package = is_package.iter().any(|ending| name.ends_with(ending.as_str()));
        is_file_name(name) && !is_core && !is_of_package && !of_other
    }

    /// The signature of a package; nothing where it has the signer's already.
    fn signature(
        &self,
        entry: &PackageEntry,
        listing: &Listing<'_>,
        signer: &Signer<'_>,
    ) -> Result<Option<(String, Vec<u8>)>, PackageError> {
        let Some(ending) = &self.table.signature else { return Ok(None) };
        let name = format!("{}{ending}", entry.place());
        let waiting = listing.waiting.get(&entry.file).cloned();
        let path = waiting.unwrap_or_else(|| listing.collection.join(entry.place()));
        let bytes = fs::read(&path).map_err(PackageError::at("read", &path))?;
        let present = fs::read(listing.collection.join(&name)).ok();
        if present.is_some_and(|present| signer.made(&present, &bytes)) {
            Ok(None)
        } else {
            Ok(Some((name, signer.detached(&bytes, entry.time as i64)?)))
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
        let known = listing.entries.iter().map(|entry| format!("{}{ending}", entry.place()));
        let known: BTreeSet<String> = known.collect();
        let is_known = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            known.contains(name.as_ref())
        };
        self.signatures(listing.collection).filter(|path| !is_known(path)).collect()
    }
}
