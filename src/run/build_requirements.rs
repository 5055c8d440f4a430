//! What sources are built with, resolved as all else is.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use super::{Context, PipelineError};
use crate::{
    base::report::{Event, Reporter},
    index::{Index, IndexError},
    python::{
        artifact::ProjectName,
        metadata::parse_requirement,
        requirements::{FileOptions, RequirementOrigin, Requirements, RootRequirement},
    },
    resolve::{Environment, Resolution, ResolveError, ResolveOptions},
};

impl Context {
    /// What the configuration adds to what a project is built with.
    pub(super) fn build_requires(&self, project: Option<&ProjectName>) -> &[String] {
        let added = project.and_then(|project| self.settings().build_requires.get(project));
        added.map_or(&[], Vec::as_slice)
    }

    /// The releases that satisfy the build requirements `asked` of the source `filename` in
    /// `environment`; wheels are preferred to newer sdists.
    ///
    /// # Errors
    /// A text that is not a requirement; requirements that cannot be met.
    pub(super) fn build_requirements(
        &self,
        index: &dyn Index,
        filename: &str,
        asked: &BTreeSet<String>,
        environment: &Environment,
    ) -> Result<Resolution, PipelineError> {
        let fail = |problem: String, hint: Option<String>| PipelineError::BuildRequirements {
            file: filename.to_owned(),
            problem,
            hint,
        };
        let part = format!("build requirement of {filename}");
        let mut roots = Vec::new();
        for text in asked {
            let requirement =
                parse_requirement(text).map_err(|error| fail(error.to_string(), None))?;
            roots.push(RootRequirement {
                requirement,
                origin: RequirementOrigin::Part {
                    path: PathBuf::from(filename),
                    part: part.clone(),
                },
                hashes: Vec::new(),
                direct: None,
                config_settings: BTreeMap::new(),
            });
        }
        let options = FileOptions { prefer_binary: true, ..FileOptions::default() };
        let requirements = Requirements { roots, options, ..Requirements::default() };
        let options = ResolveOptions {
            exclude_newer: self.settings().resolution.exclude_newer,
            ..ResolveOptions::default()
        };
        let within = Within(self.reporter());
        let found = self.resolve_with(&requirements, &options, index, environment, &within);
        found.map_err(|error| {
            let hint = remedy(&error);
            fail(error.to_string(), hint)
        })
    }
}

/// The remedy where a build requirement could not be built itself.
fn remedy(error: &PipelineError) -> Option<String> {
    match error {
        PipelineError::Resolve(ResolveError::Index { error, .. }) => match &**error {
            IndexError::NotBuilt { hint, .. } => hint.clone(),
            _ => None,
        },
        PipelineError::Offline { .. } => Some("run once without `--offline`".to_owned()),
        _ => None,
    }
}

/// Reports a part of another phase: no phases of its own.
struct Within<'r>(&'r dyn Reporter);

impl Reporter for Within<'_> {
    fn event(&self, event: Event<'_>) {
        if matches!(event, Event::Warning(_) | Event::Detail(_)) {
            self.0.event(event);
        }
    }
}
