//! `pypi2pkg status`.

use clap::Args;
use serde::Serialize;

use crate::{
    base::text::serialised,
    base::{report::print_result, text::counted},
    cli::failure::{FAILED, Failure},
    collection::FailureRecord,
    recipe::{RecipeFolder, State, Update},
    run::Regenerated,
};

use super::{arguments::RecipeArguments, session, table::table};

/// Show which recipes were edited, and which are out of date
#[derive(Debug, Args)]
#[command(after_help = "States:
  clean        as it was generated
  edited       a person changed it
  outdated     it would be generated otherwise now: `pypi2pkg render FOLDER`
  conflicting  a merge has to be settled
  unsettled    it holds FIXME(…) lines

Example:
  pypi2pkg status recipes/")]
pub(super) struct StatusArguments {
    #[command(flatten)]
    recipes: RecipeArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The states of a recipe.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RecipeStatus {
    recipe: String,
    release: String,
    states: Vec<&'static str>,
    edited: Vec<String>,
    conflicts: Vec<String>,
    open: Vec<String>,
}

impl StatusArguments {
    /// Returns status 0 for all states, and 1 if the state of a recipe cannot be determined.
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let folders = RecipeFolder::find(&self.recipes.folder)?;
        let context = session::open_for_recipes(
            &self.recipes.configuration,
            self.recipes.options(),
            verbosity,
            &folders,
        )?;
        let (regenerated, failures) = context.regenerate(&context.index()?.0, &folders)?;
        let mut rows = Vec::new();
        for Regenerated { folder, provenance, package } in regenerated {
            let State { edited, conflicts, open } = folder.state()?;
            let is_outdated = Update::of(&folder, &package.recipe)?.is_change();
            let states = [
                ("edited", !edited.is_empty()),
                ("outdated", is_outdated && conflicts.is_empty()),
                ("conflicting", !conflicts.is_empty()),
                ("unsettled", !open.is_empty()),
            ];
            let mut states: Vec<&str> =
                states.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name).collect();
            if states.is_empty() {
                states.push("clean");
            }
            let recipe = folder.path().display().to_string();
            rows.push(RecipeStatus {
                recipe,
                release: provenance.release,
                states,
                edited,
                conflicts,
                open,
            });
        }
        if self.json {
            print_result(&serialised::pretty_json(&rows));
        } else {
            let lines: Vec<[String; 3]> = rows
                .into_iter()
                .map(|row| [row.recipe, row.release, row.states.join(", ")])
                .collect();
            print_result(&table(["RECIPE", "RELEASE", "STATE"], &lines));
        }
        if failures.is_empty() {
            return Ok(0);
        }
        let lines = super::plan::lines(&failures);
        let message = format!("{} failed:\n{}", counted(lines.len(), "recipe"), lines.join("\n"));
        Err(Failure { status: FAILED, message, hint: FailureRecord::hints(&failures) })
    }
}
