//! The resolution and its reasons.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use pep440_rs::{Version, VersionSpecifiers};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{
    ResolveError, package::ResolverPackage, positions::PositionChoice, releases::ReleaseList,
};
use crate::{
    base::text::OneLine,
    python::{
        artifact::{ExtraName, ProjectName, ReleaseFile},
        metadata::CoreMetadata,
        requirements::RequirementOrigin,
    },
};

/// One release of every required project.
#[derive(Debug, Clone, Serialize)]
pub struct Resolution {
    pub pins: BTreeMap<ProjectName, Pin>,
}

/// The chosen release of a project.
#[derive(Debug, Clone)]
pub struct Pin {
    pub project: ProjectName,
    pub version: Version,
    /// The best wheel for the target, or the sdist.
    pub file: ReleaseFile,
    /// The requested extras, sorted.
    pub extras: Vec<ExtraName>,
    pub metadata: Arc<CoreMetadata>,
    /// Sorted: roots first.
    pub required_by: Vec<RequiredBy>,
}

/// The origin of a requirement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequiredBy {
    Root { origin: RequirementOrigin, requirement: String },
    Project { name: ProjectName, version: Version, requirement: String },
}

impl Serialize for Pin {
    /// Returns the project, the version, the extras, the file with its hashes, and the dependants.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut view = serializer.serialize_struct("Pin", 7)?;
        view.serialize_field("project", &self.project)?;
        view.serialize_field("version", &self.version)?;
        view.serialize_field("extras", &self.extras)?;
        view.serialize_field("file", &self.file.filename)?;
        view.serialize_field("url", &self.file.url)?;
        view.serialize_field("hashes", &self.file.hashes)?;
        view.serialize_field("required-by", &self.required_by)?;
        view.end()
    }
}

/// Converts the solver's solution to pins.
pub(super) fn collect(
    releases: &ReleaseList<'_>,
    solution: impl Iterator<Item = (ResolverPackage, PositionChoice)>,
) -> Result<Resolution, ResolveError> {
    let mut pins = BTreeMap::new();
    let mut extras: BTreeMap<ProjectName, BTreeSet<ExtraName>> = BTreeMap::new();
    for (package, choice) in solution {
        // An extra whose release was left open occurs again with its release.
        let PositionChoice::Release(position) = choice else { continue };
        match package {
            ResolverPackage::Root => {}
            ResolverPackage::Extra(name, extra, _) => {
                extras.entry(name).or_default().insert(extra);
            }
            ResolverPackage::Project(name) => {
                let candidates = releases.candidates(&name)?;
                let Some(candidate) = candidates.at(position) else { continue };
                let fail =
                    |error| ResolveError::Index { project: name.clone(), error: Box::new(error) };
                let pin = Pin {
                    project: name.clone(),
                    version: candidate.version.clone(),
                    file: candidate.file.clone(),
                    extras: Vec::new(),
                    metadata: releases.metadata(&candidate.file).map_err(fail)?,
                    required_by: Vec::new(),
                };
                pins.insert(name, pin);
            }
        }
    }
    for pin in pins.values_mut() {
        let mut all = extras.remove(&pin.project).unwrap_or_default();
        all.extend(releases.extras_of_roots(&pin.project).iter().cloned());
        pin.extras = all.into_iter().collect();
    }
    add_requirers(releases, &mut pins);
    Ok(Resolution { pins })
}

/// Adds its dependants to each pin.
pub(super) fn add_requirers(releases: &ReleaseList<'_>, pins: &mut BTreeMap<ProjectName, Pin>) {
    for (name, required_by) in requirers(releases, pins) {
        if let Some(pin) = pins.get_mut(&name) {
            pin.required_by = required_by.into_iter().collect();
        }
    }
}

/// Returns the dependants of each project.
fn requirers(
    releases: &ReleaseList<'_>,
    pins: &BTreeMap<ProjectName, Pin>,
) -> BTreeMap<ProjectName, BTreeSet<RequiredBy>> {
    let mut requirers: BTreeMap<ProjectName, BTreeSet<RequiredBy>> = BTreeMap::new();
    let asked = &releases.requirements.asked;
    let roots = releases.roots.iter().copied().filter(|_| asked.is_empty());
    for root in roots.chain(asked) {
        let requirement = root.to_string();
        let by = RequiredBy::Root { origin: root.origin.clone(), requirement };
        requirers.entry(root.requirement.name.clone()).or_default().insert(by);
    }
    for pin in pins.values() {
        for required in releases.requires(&pin.metadata, &pin.extras) {
            // A release that requires itself only adds its own extras.
            if required.name == pin.project {
                continue;
            }
            let (name, version) = (pin.project.clone(), pin.version.clone());
            let by = RequiredBy::Project { name, version, requirement: required.to_string() };
            requirers.entry(required.name.clone()).or_default().insert(by);
        }
    }
    requirers
}

/// Returns whether two lists of specifiers are equal up to their order.
fn same(first: &VersionSpecifiers, second: &VersionSpecifiers) -> bool {
    let sorted =
        |list: &VersionSpecifiers| list.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    sorted(first) == sorted(second)
}

/// Warns of newer releases that were skipped because of unusable metadata.
fn passed_over(releases: &ReleaseList<'_>, pin: &Pin) -> Vec<String> {
    let Ok(candidates) = releases.candidates(&pin.project) else { return Vec::new() };
    let newer = candidates.list.iter().filter(|candidate| candidate.version > pin.version);
    newer
        .filter_map(|candidate| {
            let error = releases.metadata_error(&candidate.file)?;
            let (project, newer, chosen) = (&pin.project, &candidate.version, &pin.version);
            Some(format!("`{project} {newer}` is passed over in favour of {chosen}: {error}"))
        })
        .collect()
}

/// Returns notes on a resolution for the user, one per line.
pub(super) fn warnings(releases: &ReleaseList<'_>, resolution: &Resolution) -> Vec<String> {
    let mut warnings = Vec::new();
    for pin in resolution.pins.values() {
        let (project, version) = (&pin.project, &pin.version);
        for extra in pin.extras.iter().filter(|extra| !pin.metadata.provides_extra.contains(extra))
        {
            warnings.push(format!("`{project} {version}` has no extra `{extra}`"));
        }
        warnings.extend(passed_over(releases, pin));
        if let Some(reason) = &pin.file.yanked {
            let reason = OneLine::new(reason);
            warnings.push(format!("`{project} {version}` was yanked: {}", reason.as_str()));
        }
        if let (Some(page), Some(own)) = (&pin.file.requires_python, &pin.metadata.requires_python)
            && !same(page, own)
        {
            warnings.push(format!(
                "`{project} {version}` needs Python {own} by its metadata, which count, and \
                 {page} by the index"
            ));
        }
        if version.any_prerelease() && !releases.takes_prereleases(project) {
            warnings.push(format!("`{project} {version}` is a pre-release: no final release fits"));
        }
    }
    warnings
}
