//! What a project that a lock was made for states itself, as it was when it was locked.

use std::collections::BTreeMap;

use pep508_rs::MarkerTree;
use serde::Deserialize;

use super::{conflicts::substituted, walk::Chosen};
use crate::python::{
    artifact::{ExtraName, ProjectName, extra_name},
    metadata::{parse_marker, parse_specifiers},
    requirements::{
        Marker, RequirementsError, Written, document::InputDocument, project::canonical,
    },
};

/// The table `package.metadata`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct UvMetadata {
    #[serde(default)]
    requires_dist: Vec<StatedRequirement>,
    #[serde(default)]
    requires_dev: BTreeMap<String, Vec<StatedRequirement>>,
}

#[derive(Deserialize)]
struct StatedRequirement {
    name: String,
    specifier: Option<String>,
    marker: Option<String>,
    #[serde(default)]
    extras: Vec<String>,
}

impl UvMetadata {
    /// The requirements of the project with the extras and groups that are chosen. Those that it
    /// has of itself only choose further extras.
    pub(super) fn required(
        &self,
        document: &InputDocument<'_>,
        at: usize,
        own: &ProjectName,
        chosen: &Chosen,
    ) -> Result<Vec<Written>, RequirementsError> {
        let groups = self.requires_dev.iter();
        let groups = groups.filter(|(group, _)| chosen.groups.contains(&canonical(group)));
        let stated: Vec<&StatedRequirement> =
            self.requires_dist.iter().chain(groups.flat_map(|(_, list)| list)).collect();
        let mut extras = chosen.extras.clone();
        loop {
            let mut written = Vec::new();
            let known = extras.len();
            for stated in &stated {
                let fail = |problem: String| document.error(Some(at), problem);
                let tree = stated.marker(&extras).map_err(fail)?;
                if tree.is_false() {
                    continue;
                }
                let further: Vec<ExtraName> =
                    stated.extras.iter().filter_map(|name| extra_name(name)).collect();
                let name = document.name(at, &stated.name)?;
                if name == *own {
                    extras.extend(further);
                    continue;
                }
                let specifiers = stated.specifier.as_deref().map(parse_specifiers).transpose();
                written.push(Written {
                    name: Some(name),
                    extras: further,
                    specifiers: specifiers.map_err(fail)?.unwrap_or_default(),
                    marker: Marker::of(tree),
                    origin: document.origin(at),
                    ..Written::default()
                });
            }
            extras.sort();
            extras.dedup();
            if extras.len() == known {
                return Ok(written);
            }
        }
    }
}

impl StatedRequirement {
    /// When it is required with these extras of the project.
    fn marker(&self, extras: &[ExtraName]) -> Result<MarkerTree, String> {
        let Some(text) = &self.marker else { return Ok(MarkerTree::TRUE) };
        substituted(&parse_marker(text)?, |name| {
            let is_chosen = extra_name(name).is_some_and(|extra| extras.contains(&extra));
            Ok(if is_chosen { MarkerTree::TRUE } else { MarkerTree::FALSE })
        })
    }
}
