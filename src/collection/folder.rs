//! A collection's folder, and merging a run's records into it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{
    BuiltRecord, CollectionError, CollectionManifest, DistributionRecord, FailureRecord,
    MANIFEST_FILE, PackageRecord, Record, Records, Staging, Why,
    found::{BuiltPackageFound, entries, only_built, restore, write_recipes},
    ledger::Ledger,
    packages::{CollectionPackages, package_files},
    staging::{CollectionLock, Listener},
    sums::Sums,
};
use crate::{
    base::{
        files::durable::{create_folder, replace_changed, swap},
        report::Reporter,
        signing::Signer,
    },
    distro::targets::Target,
    format::{
        Format, Formats,
        deb::pool::{Pool, apt_source},
        repository::{Listing, Swap, client, metadata::clock},
    },
};

/// The folder of recipes in a collection: one folder a package.
pub(super) const RECIPES: &str = "recipes";

/// A folder of packages for one target, with repository metadata, recipes and a manifest.
#[derive(Debug)]
pub struct Collection<'k> {
    folder: PathBuf,
    /// What its packages may be.
    formats: Formats<'k>,
    /// What the manifest of this target is when the collection is empty.
    empty: CollectionManifest,
    has_manifest: bool,
    /// Whether only packages that were built here are in it.
    is_own: bool,
    listener: Listener<'k>,
    sums: Sums,
}

/// What a run hands to its collection.
#[derive(Default)]
pub struct Merge<'a> {
    /// Of packages that were built now or before, and why each is in.
    pub built: Vec<(Record, Why)>,
    pub failures: Vec<FailureRecord>,
    pub distribution: Vec<DistributionRecord>,
    pub publishing: Publishing<'a>,
}

/// How a collection is handed to those who install from it.
#[derive(Clone, Copy, Default)]
pub struct Publishing<'a> {
    /// Whose signatures packages (of rpm) and metadata get.
    pub signer: Option<&'a Signer<'a>>,
    /// How many builds of each package stay; all where there is no number.
    pub keep: Option<usize>,
    /// Where the folder is served.
    pub url: Option<&'a str>,
    /// When metadata that change are made, in seconds since 1970; now where there is no time.
    pub time: Option<u64>,
    /// Apt's usual layout; without it, the one that the folder has, which is flat at first.
    pub pool: Option<&'a Pool>,
}

impl<'k> Collection<'k> {
    /// The collection in `folder`, which need not exist yet.
    ///
    /// # Errors
    /// It is a collection for another target.
    pub fn open(folder: &Path, target: &Target) -> Result<Self, CollectionError> {
        let empty = CollectionManifest::new(target);
        let collection = Self::new(folder, empty, true, true);
        collection.manifest()?;
        Ok(collection)
    }

    /// A folder of packages from elsewhere, which gets no manifest, or a collection as it is.
    /// `suite` is how the metadata of the former call it.
    ///
    /// # Errors
    /// There is no such folder, or its manifest is not ours.
    pub fn of_packages(folder: &Path, suite: &str) -> Result<Self, CollectionError> {
        fs::read_dir(folder).map_err(CollectionError::at("read", folder))?;
        let present = CollectionManifest::read(&folder.join(MANIFEST_FILE))?;
        let has_manifest = present.is_some();
        let empty = present.unwrap_or_else(|| CollectionManifest::bare(suite));
        Ok(Self::new(folder, empty, has_manifest, false))
    }

    /// A folder of packages that were built here but need no manifest: of `added`, which are in it,
    /// and of those that were added before.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn of_sources(
        folder: &Path,
        suite: &str,
        added: &[PathBuf],
    ) -> Result<Self, CollectionError> {
        let collection = Self::new(folder, CollectionManifest::bare(suite), false, true);
        let mut ledger = Ledger::read(folder);
        for path in added {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            ledger.add(&name, &collection.sums.of(path).unwrap_or_default());
        }
        ledger.write(folder)?;
        Ok(collection)
    }

    fn new(folder: &Path, empty: CollectionManifest, has_manifest: bool, is_own: bool) -> Self {
        Self {
            folder: folder.to_owned(),
            formats: Formats::default(),
            empty,
            has_manifest,
            is_own,
            listener: Listener::default(),
            sums: Sums::default(),
        }
    }

    /// The same, with a reporter for what the user should look at.
    #[must_use]
    pub fn with_reporter(self, reporter: &'k dyn Reporter) -> Self {
        Self { listener: Listener(Some(reporter)), ..self }
    }

    /// Adds a format that its packages may have.
    #[must_use]
    pub fn with_format(self, format: &'k dyn Format) -> Self {
        Self { formats: self.formats.with(format), ..self }
    }

    /// The formats of packages that it may have.
    pub fn formats(&self) -> &Formats<'k> {
        &self.formats
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A private folder for building packages; it is removed with the answer.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn staging(&self) -> Result<Staging, CollectionError> {
        create_folder(&self.folder)?;
        let lock = CollectionLock::take(&self.folder, self.listener)?;
        Staging::new(&self.folder, &lock)
    }

    /// What became of the packages of this and earlier runs.
    pub fn records(&self) -> Records<'k> {
        Records::of(&self.folder, self.listener, self.sums.clone())
    }

    /// What is in the collection.
    ///
    /// # Errors
    /// The manifest cannot be read, or is not one.
    pub fn manifest(&self) -> Result<CollectionManifest, CollectionError> {
        let manifest = CollectionManifest::read(&self.folder.join(MANIFEST_FILE))?
            .unwrap_or_else(|| self.empty.clone());
        let (present, wanted) = (manifest.platform(), self.empty.platform());
        if present != wanted {
            return Err(CollectionError::OtherTarget {
                folder: self.folder.clone(),
                present,
                wanted,
            });
        }
        Ok(manifest)
    }

    /// Whether any package is there, of the formats that it may have.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn has_packages(&self) -> Result<bool, CollectionError> {
        Ok(!package_files(&self.folder, &self.formats)?.is_empty())
    }

    /// Refuses to change a signed collection without a key: half of it would be signed.
    ///
    /// # Errors
    /// The collection is signed, and there is no key.
    pub fn refuse_unsigned(&self, signer: Option<&Signer<'_>>) -> Result<(), CollectionError> {
        let is_signed =
            || self.formats.iter().any(|format| format.repository().is_signed(&self.folder));
        if signer.is_none() && is_signed() {
            Err(CollectionError::Signed { folder: self.folder.clone() })
        } else {
            Ok(())
        }
    }

    /// Refuses to change a collection whose packages nobody here can read: it would count as empty.
    fn refuse_unknown(&self) -> Result<(), CollectionError> {
        let format = self.manifest()?.format;
        if format.is_empty() || self.formats.of(&format).is_some() {
            Ok(())
        } else {
            Err(CollectionError::Format { folder: self.folder.clone(), format })
        }
    }

    /// Brings signatures and metadata up to date with the packages that are there.
    ///
    /// # Errors
    /// A package, or the metadata, cannot be read, signed or written.
    pub fn republish(&self, publishing: Publishing<'_>) -> Result<(), CollectionError> {
        let CollectionManifest { failures, distribution, .. } = self.manifest()?;
        self.merge(Merge { built: Vec::new(), failures, distribution, publishing }).map(drop)
    }

    /// Merges what a run has built, and answers with what is in the collection now.
    ///
    /// Waits for other runs that change the collection. Everything is prepared, and signed, in a
    /// private folder first, so that a failure until then changes nothing; then packages are moved
    /// in, recipes and repository metadata are swapped in, the manifest is replaced, and last,
    /// packages that nothing speaks of any more are removed.
    ///
    /// # Errors
    /// A package, or the metadata, cannot be read, signed or written; the collection is unchanged then.
    pub fn merge(&self, merge: Merge<'_>) -> Result<CollectionManifest, CollectionError> {
        create_folder(&self.folder)?;
        let lock = CollectionLock::take(&self.folder, self.listener)?;
        let work = Staging::new(&self.folder, &lock)?;
        let Merge { built, failures, distribution, publishing } = merge;
        self.refuse_unknown()?;
        self.refuse_unsigned(publishing.signer)?;
        let records = self.records();
        let mut manifest = self.manifest()?;
        let old = manifest.packages.clone();
        let built = only_built(&built, &records, &self.folder)?;

        let mut ledger = Ledger::read(&self.folder);
        ledger.add_manifest(&manifest);
        let known = self.is_own.then_some(&ledger);
        let mut packages = CollectionPackages::read(&self.folder, &records, &self.formats, known)?;
        for BuiltPackageFound { record, built, .. } in &built {
            packages.add(built, records.unmerged(record));
        }
        self.warn_of_unknown_packages(&packages, &ledger);
        restore(&mut manifest, &records);
        manifest.packages.retain(|entry| packages.get(entry.file_name()).is_some());
        manifest.merge(entries(&built), failures, distribution);
        packages.prune(publishing.keep, &manifest)?;
        let pool = publishing.pool.cloned().or_else(|| Pool::of(&self.folder));
        packages.arrange(&self.folder, pool.as_ref());
        if let Some(signer) = publishing.signer {
            packages.sign(signer, &self.folder, work.path())?;
        }
        packages.update(&mut manifest);

        let url = self.client_url(&publishing);
        let listing = Listing {
            collection: &self.folder,
            work: work.path(),
            entries: &[],
            waiting: packages.waiting(),
            suite: &manifest.target,
            time: publishing.time.unwrap_or_else(clock),
            pool: pool.as_ref(),
            signer: publishing.signer,
            url: url.as_deref(),
            note: url.as_deref().map_or("", client::note),
        };
        let metadata = prepare(&packages, listing)?;
        let changed = self.changed(&built, &old, &packages);
        write_recipes(&changed, &work.path().join(RECIPES))?;

        // Before anything is moved: a run that is killed meanwhile leaves nothing unknown.
        self.write_ledger(ledger, &packages)?;
        packages.publish(&self.folder)?;
        self.swap_recipes(&changed, work.path())?;
        metadata.into_iter().try_for_each(|swap| swap(&self.folder))?;
        if let Some(url) = url {
            self.set_up_clients(&packages, &url, &manifest.target, publishing.signer, work.path())?;
        }
        if self.has_manifest {
            let text = manifest.to_json();
            replace_changed(&self.folder.join(MANIFEST_FILE), work.path(), text.as_bytes())?;
        }
        packages.remove_superseded(&self.folder)?;
        records.update(&packages.changes())?;
        records.tidy(&packages);
        self.write_ledger(Ledger::default(), &packages)?;
        Ok(manifest)
    }

    /// Adds the packages to a ledger and writes it, if the collection has one.
    fn write_ledger(
        &self,
        mut ledger: Ledger,
        packages: &CollectionPackages<'_>,
    ) -> Result<(), CollectionError> {
        if self.is_own {
            packages.note(&mut ledger);
            ledger.write(&self.folder)?;
        }
        Ok(())
    }

    /// Replaces the recipes of the packages by those in the folder `work`.
    fn swap_recipes(&self, packages: &[&BuiltRecord], work: &Path) -> Result<(), CollectionError> {
        for BuiltRecord { package, .. } in packages {
            let place = Path::new(RECIPES).join(&package.package);
            create_folder(&self.folder.join(RECIPES))?;
            swap(&work.join(&place), &self.folder.join(&place))?;
        }
        Ok(())
    }

    /// Names what is in the folder and is left out.
    fn warn_of_unknown_packages(&self, packages: &CollectionPackages<'_>, ledger: &Ledger) {
        for (path, name) in packages.strange() {
            let path = path.display();
            self.listener.warn(&if ledger.names(name) {
                format!(
                    "`{path}` has changed since it was built: it is left out of the metadata; \
                     build it again, or remove it"
                )
            } else {
                format!(
                    "`{path}` was not built here: it is left out of the metadata and not signed; \
                     `pypi2pkg repo` is for packages from elsewhere"
                )
            });
        }
    }

    /// The packages of this run that are others than the manifest had, or have no recipe there.
    fn changed<'b>(
        &self,
        built: &[BuiltPackageFound<'b>],
        old: &[PackageRecord],
        packages: &CollectionPackages<'_>,
    ) -> Vec<&'b BuiltRecord> {
        let known: BTreeSet<&str> = old.iter().map(|entry| entry.sha256.as_str()).collect();
        let is_changed = |built: &&BuiltRecord| {
            let sum = packages.get(&built.entry.file).map(|entry| entry.sha256.as_str());
            sum.is_none_or(|sum| !known.contains(sum)) || !self.has_recipe(built)
        };
        built.iter().map(|found| found.built).filter(is_changed).collect()
    }

    /// Writes the files for those who install.
    fn set_up_clients(
        &self,
        packages: &CollectionPackages<'_>,
        url: &str,
        suite: &str,
        signer: Option<&Signer<'_>>,
        work: &Path,
    ) -> Result<(), CollectionError> {
        let formats = packages.by_format().into_iter().filter(|(_, entries)| !entries.is_empty());
        let formats: Vec<&dyn Format> = formats.map(|(format, _)| format).collect();
        let source = apt_source(&self.folder);
        for (name, text) in client::files(&formats, suite, (url, &source), signer) {
            replace_changed(&self.folder.join(name), work, text.as_bytes())?;
        }
        Ok(())
    }

    /// The address for those who install, where there is one or a key for them.
    fn client_url(&self, publishing: &Publishing<'_>) -> Option<String> {
        let url = publishing.url.map(str::to_owned);
        let url = url.or_else(|| self.formats.known_url(&self.folder));
        url.or_else(|| publishing.signer.map(|_| client::UNKNOWN_URL.to_owned()))
    }

    fn has_recipe(&self, built: &BuiltRecord) -> bool {
        self.folder.join(&built.package.recipe).is_dir()
    }
}

/// Prepares the metadata of every format; `listing` lists no package yet.
fn prepare(
    packages: &CollectionPackages<'_>,
    listing: Listing<'_>,
) -> Result<Vec<Swap>, CollectionError> {
    let mut swaps = Vec::new();
    for (format, entries) in packages.by_format() {
        swaps.extend(format.repository().prepare(&Listing { entries: &entries, ..listing })?);
    }
    Ok(swaps)
}
