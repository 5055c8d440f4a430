//! From completed plans to recipes.

use rayon::prelude::*;

use super::{
    Context, Package, PackageFiles, PipelineError, RecipeAuthor, Renderer, prepare::sorted_out,
};
use crate::{
    collection::{DistributionRecord, FailureRecord, Stage},
    format::{FormatError, Native},
    plan::PackagePlan,
    recipe,
};

/// A plan that is ready to be rendered.
pub(super) struct Ready {
    pub plan: PackagePlan,
    /// The plan before the user's additions, if there are any.
    pub planned: Option<Box<PackagePlan>>,
    pub material: PackageFiles,
}

/// The plans of a run that are ready to be rendered, and the projects that failed before.
pub(super) struct ReadyPackages {
    /// Sorted by project.
    pub ready: Vec<Ready>,
    pub failures: Vec<FailureRecord>,
    /// The projects that are left to the distribution, sorted.
    pub distribution: Vec<DistributionRecord>,
}

impl Context {
    /// Renders the recipes of plans, and lets plugins change them, each once. A project that fails
    /// stops no other.
    ///
    /// # Errors
    /// The format's plugin fails, or one that changes recipes.
    pub(super) fn render(
        &self,
        ready: Vec<Ready>,
        words: &Renderer<'_>,
    ) -> Result<(Vec<Package>, Vec<FailureRecord>), PipelineError> {
        let ready = ready.into_iter().map(Ok).collect();
        let (mut packages, mut failures) = sorted_out(render_ready(self, ready, words)?);
        failures.extend(self.change_recipes(&mut packages)?);
        Ok((packages, failures))
    }
}

/// Lowers all plans at once and renders their recipes; earlier failures stay among the results.
pub(super) fn render_ready(
    run: &Context,
    ready: Vec<Result<Ready, FailureRecord>>,
    words: &Renderer<'_>,
) -> Result<Vec<Result<Package, FailureRecord>>, PipelineError> {
    let plans: Vec<&PackagePlan> = ready.iter().flatten().map(|ready| &ready.plan).collect();
    let mut natives = words.format.lower(&plans, run.target())?.into_iter();
    let lowered: Vec<_> = ready
        .into_iter()
        .map(|ready| {
            let ready = ready?;
            Ok((natives.next(), ready))
        })
        .collect();
    let rendered = lowered.into_par_iter().map(|lowered: Result<_, FailureRecord>| {
        let (native, Ready { plan, planned, material }) = lowered?;
        let unsaid = || FormatError::External { problem: "it does not mention it".to_owned() };
        let native = native.unwrap_or_else(|| Err(unsaid()));
        let package = render(run, plan, material, native, words)?;
        Ok(Package { planned, ..package })
    });
    Ok(rendered.collect())
}

/// The recipe of one plan.
fn render(
    run: &Context,
    mut plan: PackagePlan,
    material: PackageFiles,
    native: Result<Native, FormatError>,
    words: &Renderer<'_>,
) -> Result<Package, FailureRecord> {
    let (project, release) = (plan.project.clone(), plan.release.clone());
    let fail =
        |stage, error: &dyn std::error::Error| FailureRecord::new(&project, &release, stage, error);
    let format = &*words.format;
    let mut native = native.map_err(|e| fail(Stage::Plan, &e))?;
    if let Some(additions) = run.additions().get(&plan.project) {
        let notes = additions.relate(&mut native, format).map_err(|e| fail(Stage::Plan, &e))?;
        for note in notes {
            if !plan.notes.contains(&note) {
                plan.notes.push(note);
            }
        }
    }
    if let Some(compression) = &run.settings().compression {
        native.compression.clone_from(compression);
    }
    let recipe = recipe::render(&plan, run.target(), &native, format, words.pack(&plan))
        .map_err(|e| fail(Stage::Render, &e))?;
    Ok(Package { plan, planned: None, native, recipe, material, made: RecipeAuthor::Now })
}
