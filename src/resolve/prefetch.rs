//! Prefetching: the solver requests pages one by one, the index fetches many concurrently.

use std::collections::{BTreeMap, BTreeSet};

use super::releases::ReleaseList;
use crate::python::{
    artifact::{ExtraName, ReleaseFile},
    metadata::Requirement,
};

/// The maximum depth of requirements that are prefetched.
const DEPTH_LIMIT: usize = 32;

/// Walks the requirements level by level with each project's best release by itself, so that each
/// level's pages and metadata are fetched at once. An error here occurs again in the solver if it
/// matters.
pub(super) fn walk(releases: &ReleaseList<'_>) {
    let mut level: Vec<Requirement> =
        releases.roots.iter().map(|root| root.requirement.clone()).collect();
    let mut seen = BTreeSet::new();
    for _ in 0..DEPTH_LIMIT {
        level.retain(|requirement| {
            let mut extras = requirement.extras.clone();
            extras.sort();
            seen.insert((requirement.name.clone(), extras))
        });
        if level.is_empty() {
            return;
        }
        let names: BTreeSet<_> = level.iter().map(|next| next.name.clone()).collect();
        releases.index.prefetch_projects(&names.into_iter().collect::<Vec<_>>());
        let files = best_files(releases, &level);
        let all: Vec<_> = files.values().map(|(file, _)| file.clone()).collect();
        releases.index.prefetch_metadata(&all);
        level = Vec::new();
        for (file, extras) in files.values() {
            if let Ok(metadata) = releases.metadata(file) {
                let required = releases.requires(&metadata, extras);
                level.extend(required.into_iter().cloned());
            }
        }
    }
}

/// Returns the file that each requirement would get by itself, by name, and the requested extras.
fn best_files(
    releases: &ReleaseList<'_>,
    level: &[Requirement],
) -> BTreeMap<String, (ReleaseFile, Vec<ExtraName>)> {
    let mut files: BTreeMap<String, (ReleaseFile, Vec<ExtraName>)> = BTreeMap::new();
    for requirement in level {
        let Ok(set) = releases.matching(requirement) else { continue };
        let Ok(candidates) = releases.candidates(&requirement.name) else { continue };
        if let Some((_, best)) = releases.best(&candidates, &set) {
            let entry = files.entry(best.file.filename.clone());
            let known = entry.or_insert_with(|| (best.file.clone(), Vec::new()));
            known.1.extend(requirement.extras.iter().cloned());
        }
    }
    files
}
