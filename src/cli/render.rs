//! `pypi2pkg render`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    base::{
        report::{Event, print_result},
        text::counted,
    },
    cli::failure::{FAILED, Failure},
    collection::FailureRecord,
    plan::PackagePlan,
    recipe::{Provenance, RecipeFolder, Update},
    resolve::{RequiredBy, Resolution},
    run::Context,
    run::{Package, PartialResolution, Prepared, Regenerated},
    settings::{FailureOptions, RunOptions},
};

use super::{
    arguments::{PackageArguments, ProjectArguments},
    session,
};

/// Write the spec or control files of each package for review, and keep edits
#[derive(Debug, Args)]
#[command(
    after_help = "Recipes that were edited are merged with what is generated now. Where both \
sides contradict each other the edited file stays, and the merge with its markers lies beside it \
as FILE.merge: take over what you want from it and remove it.

Examples:
  pypi2pkg render -r requirements.txt --target fedora-43 -o recipes/
  pypi2pkg render -r requirements.txt --target fedora-43 -o recipes/ --diff
  pypi2pkg render recipes/webob        # again, of the same release"
)]
pub(super) struct RenderArguments {
    #[command(flatten)]
    arguments: ProjectArguments,
    #[command(flatten)]
    packages: PackageArguments,
    /// The folder to write recipes to, one folder per project
    #[arg(short, long, value_name = "FOLDER", default_value = "recipes")]
    output: PathBuf,
    #[command(flatten)]
    failures: FailureOptions,
    #[command(flatten)]
    mode: RenderMode,
}

/// What happens to existing recipes.
#[derive(Debug, Default, Args)]
pub(super) struct RenderMode {
    /// Show what would change without writing it
    #[arg(long)]
    diff: bool,
    /// Fail if a recipe is not up to date, without writing it
    #[arg(long)]
    check: bool,
    /// Overwrite edits, and list what is discarded
    #[arg(long, conflicts_with_all = ["diff", "check"])]
    force: bool,
}

/// A recipe's folder, and the package that it is generated from.
pub(super) struct RecipeItem {
    pub folder: RecipeFolder,
    pub package: Package,
    pub requested: Vec<String>,
}

impl RenderArguments {
    /// Returns status 1 if a project failed, a merge has conflicts, or `--check` finds a change.
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let options = self.packages.add_to(self.arguments.options());
        let options = RunOptions { failures: self.failures, ..options };
        let folders = super::recipe_folders(&self.arguments.inputs)?;
        if let Some(folders) = folders {
            let context = session::open_for_recipes(
                &self.arguments.configuration,
                options,
                verbosity,
                &folders,
            )?;
            let context = context.for_review();
            let (regenerated, failures) = context.regenerate(&context.index()?.0, &folders)?;
            let items =
                regenerated.into_iter().map(|Regenerated { folder, provenance, package }| {
                    RecipeItem { folder, package, requested: provenance.requested }
                });
            return self.mode.finish(&context, items.collect(), &failures);
        }
        let mut context = session::open(&self.arguments, options, verbosity)?;
        let present =
            if self.output.is_dir() { RecipeFolder::find(&self.output)? } else { Vec::new() };
        for folder in &present {
            Provenance::read(folder.path())?.check_target(folder.path(), context.target())?;
        }
        context.read_additions(&present)?;
        let context = context.for_review();
        let (index, requested) = context.index()?;
        let PartialResolution { resolution, failures } =
            context.resolve_partly(&index, &requested)?;
        let Prepared { packages, failures, .. } =
            context.prepare(&index, &requested, &resolution)?.after(failures);
        let items = packages.into_iter().map(|package| {
            let folder = RecipeFolder::at(&self.output.join(package.plan.project.as_ref()));
            let requested = requirements_of(&resolution, &package.plan);
            RecipeItem { folder, package, requested }
        });
        let items: Vec<RecipeItem> = items.collect();
        warn_of_unrequired(&context, &present, &items);
        self.mode.finish(&context, items, &failures)
    }
}

impl RenderMode {
    /// Merges each recipe and writes it, or shows what would be written. `failures` are those of
    /// earlier stages.
    pub(super) fn finish(
        &self,
        context: &Context,
        items: Vec<RecipeItem>,
        failures: &[FailureRecord],
    ) -> Result<u8, Failure> {
        let mut problems = super::plan::lines(failures);
        let mut open = Vec::new();
        for RecipeItem { folder, package, requested } in items {
            let name = folder.path().display().to_string();
            let mut update = Update::of(&folder, &package.recipe)?;
            if self.force {
                for line in folder.difference(&name)?.lines() {
                    context.reporter().event(Event::Warning(&format!("discarded: {line}")));
                }
                update = update.forced();
            }
            for file in &update.files {
                for relation in &file.kept_out {
                    let line = format!("{name}: `{relation}` stays removed, as you left it");
                    context.reporter().event(Event::Warning(&line));
                }
            }
            if self.diff {
                print_result(update.diff(&name).trim_end());
            }
            for file in update.conflicts() {
                problems.push(format!("  {name}: `{}` contradicts what was edited", file.name));
            }
            if self.check && update.files.iter().any(|file| file.is_change()) {
                problems.push(format!("  {name}: is not what it would be now"));
            }
            open.extend(questions(&name, &package.plan));
            if self.diff || self.check {
                continue;
            }
            let plan = package.planned.as_deref().unwrap_or(&package.plan);
            let own = context.additions().get(&plan.project);
            let additions = own.and_then(|additions| additions.digest());
            let provenance = Provenance::new(&package.plan, context.target(), requested, additions);
            folder.write(&update, &plan.without_byte_code(), &provenance)?;
            print_result(&name);
        }
        for line in open {
            context.reporter().event(Event::Warning(&line));
        }
        if problems.is_empty() {
            return Ok(0);
        }
        let message =
            format!("{} failed:\n{}", counted(problems.len(), "recipe"), problems.join("\n"));
        let is_conflict = problems.iter().any(|line| line.ends_with("what was edited"));
        let merge = "take over what you want from FILE.merge, then remove it";
        let hint = is_conflict.then(|| merge.to_owned());
        Err(Failure { status: FAILED, message, hint: hint.or(FailureRecord::hints(failures)) })
    }
}

/// Returns the open questions of a recipe, with its folder.
fn questions(folder: &str, plan: &PackagePlan) -> Vec<String> {
    plan.open.iter().map(|open| format!("{folder}: {open}")).collect()
}

/// Returns the direct requirements on a project.
fn requirements_of(resolution: &Resolution, plan: &PackagePlan) -> Vec<String> {
    let pin = resolution.pins.get(&plan.project);
    let reasons = pin.into_iter().flat_map(|pin| &pin.required_by);
    let own = reasons.filter_map(|reason| match reason {
        RequiredBy::Root { requirement, .. } => Some(requirement.to_string()),
        RequiredBy::Project { .. } => None,
    });
    own.collect()
}

/// Warns of recipes of projects that nothing requires any more; they are kept.
fn warn_of_unrequired(context: &Context, present: &[RecipeFolder], items: &[RecipeItem]) {
    for folder in present {
        if !items.iter().any(|item| same(item.folder.path(), folder.path())) {
            let line =
                format!("`{}` is a recipe of nothing that is required", folder.path().display());
            context.reporter().event(Event::Warning(&line));
        }
    }
}

fn same(one: &Path, other: &Path) -> bool {
    one.file_name() == other.file_name()
}
