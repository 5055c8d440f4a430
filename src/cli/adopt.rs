//! `pypi2pkg adopt`.

use clap::Args;

use crate::{
    base::{
        report::{Event, print_result},
        text::OneLine,
    },
    cli::failure::{Failure, USAGE},
    format::{self, Format},
    recipe::{Edits, RecipeFolder, Update},
    run::Regenerated,
};

use super::{arguments::RecipeArguments, session};

/// Turn edits of recipes into entries of overrides.toml, with a reason
#[derive(Debug, Args)]
#[command(after_help = "Relations that were added or removed, summary, licence and homepage are \
adopted: they hold for every release then, for other builders, too, and the reason stands in the \
recipe. Other edits stay edits.

Example:
  pypi2pkg adopt recipes/webob --reason 'needs git for its version'")]
pub(super) struct AdoptArguments {
    #[command(flatten)]
    recipes: RecipeArguments,
    /// The reason for the change
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl AdoptArguments {
    /// Returns status 0 even if there is nothing to adopt.
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        if OneLine::new(&self.reason).is_empty() {
            return Err(Failure {
                status: USAGE,
                message: "`--reason` is empty".to_owned(),
                hint: Some("say why the recipe is otherwise than generated".to_owned()),
            });
        }
        let folders = RecipeFolder::find(&self.recipes.folder)?;
        let mut adopted = Vec::new();
        for folder in &folders {
            let edits = Edits::of(folder, known_format(folder)?)?;
            if edits.is_empty() {
                continue;
            }
            edits.write(folder, &self.reason)?;
            let name = folder.path().display();
            let relations = edits.added.iter().map(|line| format!("{name}: + {line}"));
            let relations =
                relations.chain(edits.removed.iter().map(|line| format!("{name}: - {line}")));
            let fields = edits.set.iter();
            let fields = fields.map(|(field, value)| format!("{name}: {field}: {value}"));
            relations.chain(fields).for_each(|line| print_result(&line));
            adopted.push(folder.clone());
        }
        if adopted.is_empty() {
            return Ok(0);
        }
        let context = session::open_for_recipes(
            &self.recipes.configuration,
            self.recipes.options(),
            verbosity,
            &adopted,
        )?;
        let (regenerated, _) = context.regenerate(&context.index()?.0, &adopted)?;
        for Regenerated { folder, provenance, package } in regenerated {
            let update = Update::of(&folder, &package.recipe)?;
            let plan = package.planned.as_deref().unwrap_or(&package.plan);
            let own = context.additions().get(&plan.project);
            let additions = own.and_then(|additions| additions.digest());
            let provenance = provenance.with_additions(additions);
            folder.write(&update, &plan.without_byte_code(), &provenance)?;
            for file in folder.state()?.edited {
                let line = format!("{}: `{file}` stays edited", folder.path().display());
                context.reporter().event(Event::Warning(&line));
            }
        }
        Ok(0)
    }
}

/// Returns the format of a recipe.
///
/// # Errors
/// The format is not a built-in one, so that relations and fields of its files are not known.
fn known_format(folder: &RecipeFolder) -> Result<&'static dyn Format, Failure> {
    let format = folder.plan()?.format;
    format::named(&format).map_err(|_| Failure {
        status: USAGE,
        message: format!(
            "`{}`: nothing is adopted from recipes of the format `{format}`",
            folder.path().display()
        ),
        hint: Some("write what you changed into the recipe's overrides.toml".to_owned()),
    })
}
