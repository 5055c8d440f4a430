//! Where plugins take part in a run.

use std::{borrow::Cow, collections::BTreeMap, path::PathBuf};

use crate::{
    base::{report::Event, text::counted},
    collection::{Collection, CollectionManifest, FailureRecord, Stage, check::check},
    plan::{PackagePlan, Recipe},
    planner::{NamingPolicy, Policy},
    plugin::PluginError,
    python::artifact::ProjectName,
    resolve::Resolution,
};

use super::{Context, Package, PipelineError, prepare::Planned};

/// Projects that plugins fail, and why.
type FailedProjects = BTreeMap<ProjectName, PluginError>;

impl Context {
    /// What the user decides about every package, with the names that plugins choose for projects
    /// that the user does not name.
    pub(super) fn policy(
        &self,
        resolution: &Resolution,
        naming: &NamingPolicy,
    ) -> Result<Cow<'_, Policy>, PipelineError> {
        let policy = &self.settings().policy;
        let projects: Vec<&ProjectName> = resolution.pins.keys().collect();
        let names = self.plugins.names(&projects, &self.call_context())?;
        if names.is_empty() && *naming == policy.naming {
            return Ok(Cow::Borrowed(policy));
        }
        let mut policy = Policy { naming: naming.clone(), ..policy.clone() };
        for (project, name) in names {
            policy.naming.names.entry(project).or_insert(name);
        }
        Ok(Cow::Owned(policy))
    }

    /// How the projects of a resolution are named, before plugins name some of them.
    pub fn naming(&self, resolution: &Resolution) -> NamingPolicy {
        let mut naming = self.settings().policy.naming.clone();
        let pins = resolution.pins.iter();
        let spelled = pins.map(|(project, pin)| (project, pin.metadata.raw_name.as_str()));
        naming.settle(spelled, self.target());
        naming
    }

    /// Lets plugins change plans; the projects that they fail are taken out.
    pub(super) fn change_plans(
        &self,
        planned: &mut Vec<Planned>,
    ) -> Result<Vec<FailureRecord>, PipelineError> {
        let mut plans: Vec<&mut PackagePlan> = planned.iter_mut().map(|(plan, _)| plan).collect();
        let failed = self.plugins.plans(&mut plans, &self.call_context())?.failed;
        Ok(take_out(planned, &failed, Stage::Plan, |(plan, _)| plan))
    }

    /// Lets plugins change recipes; the projects that they fail are taken out.
    pub(super) fn change_recipes(
        &self,
        packages: &mut Vec<Package>,
    ) -> Result<Vec<FailureRecord>, PipelineError> {
        let recipes = packages.iter_mut().map(|package| (&package.plan, &mut package.recipe));
        let mut recipes: Vec<(&PackagePlan, &mut Recipe)> = recipes.collect();
        let failed = self.plugins.recipes(&mut recipes, &self.call_context())?.failed;
        Ok(take_out(packages, &failed, Stage::Render, |package| &package.plan))
    }

    /// Shows plugins the packages that were built, and answers with the projects that they fail.
    pub(super) fn show_packages(
        &self,
        built: &[(&PackagePlan, &str, PathBuf)],
    ) -> Result<FailedProjects, PipelineError> {
        let shown = built.iter().map(|(plan, name, file)| (*plan, *name, file.as_path()));
        let shown: Vec<_> = shown.collect();
        Ok(self.plugins.packages(&shown, &self.call_context())?.failed)
    }

    /// Lets plugins add reports to a collection, and publish it.
    pub(super) fn show_collection(
        &self,
        collection: &Collection<'_>,
        manifest: &CollectionManifest,
    ) -> Result<(), PipelineError> {
        if self.plugins.0.is_empty() {
            return Ok(());
        }
        let context = self.call_context();
        // The manifest is JSON.
        let shown = serde_json::from_str(&manifest.to_json()).unwrap_or_default();
        self.plugins.collection(collection.folder(), &shown, &context)?;
        if !self.plugins.publish_something() || !self.may_publish(collection, manifest)? {
            return Ok(());
        }
        Ok(self.plugins.publish(collection.folder(), &shown, &context)?)
    }

    /// Whether a collection may be handed on: nothing of this run failed, and `check` holds.
    ///
    /// # Errors
    /// `check` does not hold.
    fn may_publish(
        &self,
        collection: &Collection<'_>,
        manifest: &CollectionManifest,
    ) -> Result<bool, PipelineError> {
        if self.settings().plugins.publish_incomplete {
            return Ok(true);
        }
        if !manifest.failures.is_empty() {
            let line = format!(
                "the collection is not published: {} failed; `publish-incomplete = true` in the \
                 configuration publishes it all the same",
                counted(manifest.failures.len(), "project")
            );
            self.reporter().event(Event::Warning(&line));
            return Ok(false);
        }
        let report = check(collection.folder(), manifest, None, collection.formats())?;
        let lines = report.problems.into_iter().flat_map(|(package, problems)| {
            problems.into_iter().map(move |problem| format!("{package}: {problem}"))
        });
        match lines.collect::<Vec<_>>() {
            problems if problems.is_empty() => Ok(true),
            problems => Err(PipelineError::NotPublished { problems }),
        }
    }
}

/// Takes what failed out of a list.
fn take_out<T>(
    list: &mut Vec<T>,
    failed: &FailedProjects,
    stage: Stage,
    plan: impl Fn(&T) -> &PackagePlan,
) -> Vec<FailureRecord> {
    let mut failures = Vec::new();
    list.retain(|one| {
        let PackagePlan { project, release, .. } = plan(one);
        match failed.get(project) {
            None => true,
            Some(error) => {
                failures.push(FailureRecord::new(project, release, stage, error));
                false
            }
        }
    });
    failures
}
