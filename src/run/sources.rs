//! The indexes and other places that a run looks at.

use std::{collections::BTreeMap, path::Path};

use crate::{
    base::{process::which, report::Event},
    format::host,
    index::{self, IndexSettings, Logins, Sources},
    python::{
        artifact::{Direct, ProjectName, without_credentials},
        requirements::FileOptions,
    },
    settings::Netrc,
};

use super::{BuildingIndex, Context, PipelineError, places, requested::Requested};

/// The program that keyrings are asked by.
const KEYRING: &str = "keyring";

impl Context {
    /// What the settings and, where these say nothing, the requirements files say of sources.
    pub(super) fn options(&self) -> FileOptions {
        self.settings().options.clone().over(&self.inputs().options)
    }

    /// Whether flags, configuration or environment say where to look.
    pub(super) fn names_sources(&self) -> bool {
        let options = &self.settings().options;
        options.index_url.is_some()
            || !options.extra_index_urls.is_empty()
            || !options.find_links.is_empty()
            || options.no_index
    }

    /// Projects that are looked for in one index only: those of the configuration, and where no
    /// sources are named, those of a lock file.
    fn pinned(&self) -> BTreeMap<ProjectName, String> {
        if self.options().no_index {
            return BTreeMap::new();
        }
        let mut pinned = BTreeMap::new();
        if !self.names_sources() {
            let locked = self.inputs().requirements.iter();
            pinned.extend(locked.filter_map(|w| Some((w.name.clone()?, w.index.clone()?))));
        }
        pinned.extend(self.settings().project_indexes.clone());
        pinned
    }

    /// Opens all sources, and settles what requirements name in their place. What has to be built
    /// is built in `work`, a private, empty folder.
    ///
    /// # Errors
    /// An address that is none; a place that has no project.
    pub(super) fn index_in(
        &self,
        work: &Path,
    ) -> Result<(BuildingIndex<'_>, Requested), PipelineError> {
        for note in &self.inputs().notes {
            self.reporter().event(Event::Warning(note));
        }
        let options = self.options();
        let sources = Sources {
            indexes: indexes(&options),
            find_links: options.find_links.clone(),
            strategy: self.settings().index_strategy,
            pinned: self.pinned(),
        };
        let download = self.settings().download;
        let settings = IndexSettings {
            offline: self.settings().offline,
            trusted_hosts: self.trusted_hosts(),
            least_speed: download.least_speed,
            speed_window: download.speed_window,
            file_time: download.time,
            file_size: self.settings().limits.download,
            ..IndexSettings::new(&self.settings().cache)
        };
        let opened = index::open(&sources, self.logins(&sources), &settings)?;
        let mut index = BuildingIndex::new(self, opened, work);
        let requested = places::settle(&mut index, self.inputs(), options)?;
        Ok((index, requested))
    }

    /// The hosts that may be used without encryption: those that are named so, and those of the
    /// distribution's repositories, of which nothing is taken but lists of packages.
    pub(super) fn trusted_hosts(&self) -> Vec<String> {
        let mut hosts = self.options().trusted_hosts;
        hosts.extend(host::plain_hosts(&self.settings().satisfy_from));
        hosts
    }

    /// The page of the main index that lists a project's releases, where others find it, too.
    pub(super) fn releases_page(&self, project: &ProjectName) -> Option<String> {
        let options = self.options();
        let pinned = self.pinned().remove(project);
        let main = pinned.or_else(|| indexes(&options).pop()).filter(|index| is_remote(index))?;
        let url = without_credentials(&url::Url::parse(&main).ok()?);
        Some(format!("{}/{project}/", url.as_str().trim_end_matches('/')))
    }

    /// Who to be at each server. Addresses win over pip's configuration, and that over netrc.
    fn logins(&self, sources: &Sources) -> Logins {
        let environment = &self.settings().environment;
        let mut logins = Logins::default();
        let places = self.inputs().requirements.iter().filter_map(|written| written.place.as_ref());
        let direct = places.filter_map(|place| match &place.direct {
            Direct::Archive { url, .. } => Some(url.to_string()),
            _ => None,
        });
        let mut addresses: Vec<String> =
            [&sources.indexes[..], &sources.find_links].concat().into_iter().collect();
        addresses.extend(sources.pinned.values().cloned());
        addresses.extend(direct);
        addresses.extend(environment.pip_addresses());
        logins.add_addresses(addresses.iter().map(String::as_str));
        if let Some(Netrc { path, text, is_exposed }) = environment.netrc()
            && logins.add_netrc(&text)
            && is_exposed
        {
            let path = path.display();
            self.reporter().event(Event::Warning(&format!(
                "other users can read the passwords in `{path}`: `chmod 600 {path}`"
            )));
        }
        if self.settings().asks_keyring
            && let Some(program) = which(KEYRING, &environment.path())
        {
            logins.ask_keyring(&program, &environment.session(), &addresses, self.runner());
        }
        logins
    }

    /// By which variables pip finds the requirements of a build where this run finds its own.
    pub(super) fn pip_variables(&self) -> Vec<(String, String)> {
        let options = self.options();
        let mut links = options.find_links.clone();
        let mut indexes = indexes(&options);
        if self.settings().offline {
            let is_local = |address: &String| !address.contains("://") || is_file(address);
            indexes.retain(is_local);
            links.retain(is_local);
        }
        // A folder of release files has no pages, and one with pages no files.
        links.extend(indexes.iter().filter(|index| !is_remote(index)).cloned());
        let address = |text: &String| file_address(text).unwrap_or_else(|| text.clone());
        let links: Vec<String> = links.iter().map(address).collect();
        let mut indexes = indexes.iter().map(address);
        let mut variables = self.settings().environment.network();
        let mut set = |name: &str, value: String| variables.push((name.to_owned(), value));
        match indexes.next_back() {
            Some(main) => {
                set("PIP_INDEX_URL", main);
                set("PIP_EXTRA_INDEX_URL", indexes.collect::<Vec<_>>().join(" "));
            }
            None => set("PIP_NO_INDEX", "1".to_owned()),
        }
        set("PIP_FIND_LINKS", links.join(" "));
        set("PIP_TRUSTED_HOST", options.trusted_hosts.join(" "));
        variables.retain(|(_, value)| !value.is_empty());
        variables
    }
}

/// The addresses of indexes, best first: further indexes are before the main one, since who names
/// one wants what is there.
fn indexes(options: &FileOptions) -> Vec<String> {
    if options.no_index {
        return Vec::new();
    }
    let main = options.index_url.clone().unwrap_or_else(|| index::DEFAULT_INDEX.to_owned());
    options.extra_index_urls.iter().cloned().chain([main]).collect()
}

fn is_file(address: &str) -> bool {
    address.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"))
}

fn is_remote(address: &str) -> bool {
    address.contains("://") && !is_file(address)
}

/// The URL of a path of this machine.
fn file_address(text: &str) -> Option<String> {
    if text.contains("://") {
        return None;
    }
    let path = std::path::absolute(text.strip_prefix("file:").unwrap_or(text)).ok()?;
    Some(url::Url::from_file_path(path).ok()?.into())
}
