//! The context of most verbs, opened from their arguments.

use super::{
    arguments::{ConfigurationArgument, ProjectArguments},
    failure::Failure,
};
use crate::{
    base::report::Terminal,
    python::requirements::Inputs,
    recipe::{Provenance, RecipeFolder},
    run::{Context, PipelineError},
    settings::{self, ProcessEnvironment, RunOptions, TargetOptions},
};

/// Resolves the settings, reads the requirements and opens the context.
///
/// # Errors
/// A setting is invalid, the target does not exist, or the requirements cannot be read.
pub(super) fn open(
    arguments: &ProjectArguments,
    options: RunOptions,
    verbosity: i8,
) -> Result<Context, Failure> {
    let configuration = arguments.configuration.read()?;
    let settings = settings::resolve(options, configuration, ProcessEnvironment::of_process())?;
    let inputs = arguments.inputs.read(&settings.environment)?;
    Ok(Context::open(settings, inputs, Box::new(Terminal::new(verbosity)))?)
}

/// Resolves the settings for existing recipes, with their target, and opens the context.
///
/// # Errors
/// A recipe cannot be read, or the recipes are for several targets.
pub(super) fn open_for_recipes(
    configuration: &ConfigurationArgument,
    mut options: RunOptions,
    verbosity: i8,
    folders: &[RecipeFolder],
) -> Result<Context, Failure> {
    let mut first: Option<(&RecipeFolder, Provenance)> = None;
    for folder in folders {
        let provenance = Provenance::read(folder.path())?;
        match &first {
            Some((known_folder, known)) if !known.same_target(&provenance) => {
                return Err(PipelineError::OtherTargets {
                    first: known_folder.path().to_owned(),
                    other: folder.path().to_owned(),
                }
                .into());
            }
            Some(_) => {}
            None => first = Some((folder, provenance)),
        }
    }
    if let Some((folder, known)) = first {
        let TargetOptions { target, python, .. } = &options.target;
        for (given, recorded) in [(target, &known.target), (python, &known.python)] {
            if let Some(asked) = given.as_ref().filter(|given| *given != recorded) {
                return Err(PipelineError::RecipesFor {
                    folder: folder.path().to_owned(),
                    known: recorded.clone(),
                    asked: asked.clone(),
                }
                .into());
            }
        }
        options.target = TargetOptions {
            target: Some(known.target),
            python: Some(known.python),
            arch: Some(known.arch),
            targets: None,
        };
        options.install.install_prefix = known.install_prefix;
    }
    let environment = ProcessEnvironment::of_process();
    let settings = settings::resolve(options, configuration.read()?, environment)?;
    let reporter = Box::new(Terminal::new(verbosity));
    let mut context = Context::open(settings, Inputs::default(), reporter)?;
    context.read_additions(folders)?;
    Ok(context)
}
