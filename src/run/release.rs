//! The release numbers of packages whose version was built before.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Context, PipelineError, Renderer, render::Ready};
use crate::{
    collection::{Record, Records},
    format::PackageEntry,
    plugin::Hook,
    python::artifact::ProjectName,
};

/// The keys of packages by project: digests of all that each is built from.
pub(super) type Keys = BTreeMap<ProjectName, String>;

/// What every package of a run depends on beside its plan.
pub(super) struct Fingerprint {
    /// Program, builder, target, settings and plugins.
    shared: Value,
    /// The packs' digests: of recipes that pack a wheel, and of those that build an sdist.
    packs: (String, String),
}

impl Context {
    /// Returns what every package depends on beside its plan. `builder` identifies what builds it.
    ///
    /// # Errors
    /// The files of a plugin cannot be read.
    pub(super) fn fingerprint(
        &self,
        renderer: &Renderer<'_>,
        builder: &str,
    ) -> Result<Fingerprint, PipelineError> {
        let changing = self.plugins.with(Hook::Recipe).map(|plugin| plugin.identity());
        let plugins = changing.collect::<Result<Vec<_>, _>>()?;
        let compression = &self.settings().compression;
        let program = env!("CARGO_PKG_VERSION");
        Ok(Fingerprint {
            shared: json!([program, builder, self.target(), compression, plugins]),
            packs: renderer.digests(),
        })
    }

    /// Gives packages whose version was built before from something else a higher release, and
    /// returns the keys of all. The release counts for no key: the recipe is rendered afterwards.
    ///
    /// # Errors
    /// A wheel cannot be read.
    pub(super) fn settle_releases(
        &self,
        packages: &mut [Ready],
        fingerprint: &Fingerprint,
        records: &Records<'_>,
    ) -> Result<Keys, PipelineError> {
        let built = records.all_built();
        let builds = by_version(&built);
        let mut keys = Keys::new();
        for Ready { plan, material, .. } in packages {
            let files = material.digests(&plan.source)?;
            let additions = self.additions().get(&plan.project).and_then(|own| own.digest());
            let Fingerprint { shared, packs } = fingerprint;
            let pack = if plan.from_source.is_some() { &packs.1 } else { &packs.0 };
            let all = json!([shared, pack, plan, additions, files]);
            let key = hex::encode(Sha256::digest(all.to_string()));
            let version = (plan.package.as_str(), plan.evr.epoch, plan.evr.version.as_str());
            let known = builds.get(&version).into_iter().flatten().copied();
            plan.evr.release = settle(known, &plan.evr.release, &key);
            keys.insert(plan.project.clone(), key);
        }
        Ok(keys)
    }
}

/// The release that a package gets. `base` is what the settings say, `builds` are all builds of its
/// version, and `inputs` is what it is built from now.
///
/// A build of the same inputs keeps its release where it is the newest; other inputs get a higher
/// one than all before, so that machines which have an earlier build upgrade. A release that does
/// not begin with a number stays as it is.
fn settle<'r>(builds: impl Iterator<Item = &'r Record>, base: &str, inputs: &str) -> String {
    let newest = builds.filter_map(|record| {
        let release = &record.entry()?.evr.release;
        Some((number(release)?.0, record, release))
    });
    match (newest.max_by_key(|(number, ..)| *number), number(base)) {
        (Some((_, record, release)), _) if record.inputs == inputs => release.clone(),
        (Some((newest, ..)), Some((own, rest))) if own <= newest => format!("{}{rest}", newest + 1),
        _ => base.to_owned(),
    }
}

/// The builds that there are, by package and by version without a release.
fn by_version(records: &BTreeMap<String, Record>) -> BTreeMap<(&str, u64, &str), Vec<&Record>> {
    let mut builds: BTreeMap<_, Vec<&Record>> = BTreeMap::new();
    for record in records.values() {
        if let Some(PackageEntry { package, evr, .. }) = record.entry() {
            let key = (package.as_str(), evr.epoch, evr.version.as_str());
            builds.entry(key).or_default().push(record);
        }
    }
    builds
}

/// `12.fc43` is 12 and `.fc43`.
fn number(release: &str) -> Option<(u64, &str)> {
    let end = release.find(|c: char| !c.is_ascii_digit()).unwrap_or(release.len());
    let (digits, rest) = release.split_at(end);
    digits.parse().ok().map(|number| (number, rest))
}
