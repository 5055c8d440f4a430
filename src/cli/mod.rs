//! The command line, with one file for each verb.

mod adopt;
mod arguments;
mod build;
mod check;
mod diff;
mod doctor;
mod explain;
pub mod failure;
mod formats;
mod freeze;
mod inputs;
mod licences;
mod lock;
mod plan;
mod plugin;
mod pypi2rpm;
mod render;
mod repo;
mod resolve;
mod session;
mod status;
mod table;
mod target;
mod templates;
mod tree;
mod update;
mod why;

use std::{ffi::OsString, path::Path};

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    base::{
        process::{interrupted, watch_signals},
        report::{keep_output_error, output_error, print_error, print_result, write_diagnostics},
    },
    cli::failure::{FAILED, Failure, USAGE},
    recipe::RecipeFolder,
    settings::ProcessEnvironment,
};

/// Convert projects of the Python Package Index to native RPM and Debian packages.
///
/// A requirements or lock file is resolved for a target distribution; each project becomes one
/// native package, and all of them a repository that `dnf` or `apt` installs from.
#[derive(Debug, Parser)]
#[command(name = "pypi2pkg", version, max_term_width = 100)]
#[command(after_help = "Examples:
  pypi2pkg build webob
  pypi2pkg build -r requirements.txt --target debian-12 -o dist/
  pypi2pkg render -r requirements.txt --target fedora-43 -o specs/")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// Print only warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print more
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Build(Box<build::BuildArguments>),
    Render(render::RenderArguments),
    Status(status::StatusArguments),
    Adopt(adopt::AdoptArguments),
    Update(update::UpdateArguments),
    Resolve(resolve::ResolveArguments),
    Lock(lock::LockArguments),
    Freeze(freeze::FreezeArguments),
    Inputs(inputs::InputsArguments),
    Plan(plan::PlanArguments),
    Tree(tree::TreeArguments),
    Why(why::WhyArguments),
    Explain(explain::ExplainArguments),
    Check(check::CheckArguments),
    Diff(diff::DiffArguments),
    Repo(repo::RepoArguments),
    Licences(licences::LicencesArguments),
    Target(target::TargetArguments),
    Plugin(plugin::PluginArguments),
    Templates(templates::TemplatesArguments),
    Doctor(doctor::DoctorArguments),
    /// Write a shell's completion script to standard output
    Completions {
        shell: clap_complete::Shell,
    },
    /// Write the manual page to standard output
    Man,
}

/// Runs a command line and returns the exit status: 0 if it succeeded, 1 if the work failed, 2 for
/// wrong usage or configuration, 128 plus the number of the signal that interrupted it.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    // If it fails, signals end the program by default.
    let _ = watch_signals();
    if let Some(Err(problem)) =
        ProcessEnvironment::of_process().diagnostics().map(write_diagnostics)
    {
        print_error(&format!("`PYPI2PKG_LOG`: {problem}"), None);
        return USAGE;
    }
    let status = run_verb(arguments.into_iter().collect());
    match output_error() {
        Some(error) if status == 0 => {
            print_error(&format!("cannot write to standard output: {error}"), None);
            FAILED
        }
        _ => status,
    }
}

fn run_verb(arguments: Vec<OsString>) -> u8 {
    let result = match parse_and_run(arguments) {
        Ok(result) => result,
        Err(error) => {
            // `--help` and `--version` are not errors; clap knows the stream for each.
            if error.use_stderr() {
                let _ = error.print();
                return USAGE;
            }
            keep_output_error(error.print());
            return 0;
        }
    };
    if let Some(status) = interrupted() {
        print_error(
            "interrupted",
            Some("built packages are kept: the next run continues from there"),
        );
        return status;
    }
    match result {
        Ok(status) => status,
        Err(failure) => {
            print_error(&failure.message, failure.hint.as_deref());
            failure.status
        }
    }
}

/// Parses a command line and runs its verb.
///
/// # Errors
/// The command line is invalid, or has `--help` or `--version`.
fn parse_and_run(arguments: Vec<OsString>) -> Result<Result<u8, Failure>, clap::Error> {
    let program = arguments.first().map(Path::new).and_then(Path::file_name);
    if program.is_some_and(|name| name == pypi2rpm::NAME) {
        return pypi2rpm::run(arguments);
    }
    let arguments = Arguments::try_parse_from(arguments)?;
    let verbosity = i8::from(arguments.verbose) - i8::from(arguments.quiet);
    Ok(dispatch(arguments.verb, verbosity))
}

fn dispatch(verb: Verb, verbosity: i8) -> Result<u8, Failure> {
    match verb {
        Verb::Build(verb) => verb.run(verbosity),
        Verb::Render(verb) => verb.run(verbosity),
        Verb::Status(verb) => verb.run(verbosity),
        Verb::Adopt(verb) => verb.run(verbosity),
        Verb::Update(verb) => verb.run(verbosity),
        Verb::Resolve(verb) => verb.run(verbosity),
        Verb::Lock(verb) => verb.run(verbosity),
        Verb::Freeze(verb) => verb.run(verbosity),
        Verb::Inputs(verb) => verb.run(),
        Verb::Plan(verb) => verb.run(verbosity),
        Verb::Tree(verb) => verb.run(verbosity),
        Verb::Why(verb) => verb.run(verbosity),
        Verb::Explain(verb) => verb.run(verbosity),
        Verb::Check(verb) => verb.run(),
        Verb::Diff(verb) => verb.run(),
        Verb::Repo(verb) => verb.run(),
        Verb::Licences(verb) => verb.run(),
        Verb::Target(verb) => verb.run(),
        Verb::Plugin(verb) => verb.run(verbosity),
        Verb::Templates(verb) => verb.run(),
        Verb::Doctor(verb) => verb.run(),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "pypi2pkg", &mut script);
            print_result(String::from_utf8_lossy(&script).trim_end());
            Ok(0)
        }
        Verb::Man => {
            let mut page = Vec::new();
            // Writing to memory cannot fail.
            let _ = clap_mangen::Man::new(Arguments::command()).render(&mut page);
            print_result(String::from_utf8_lossy(&page).trim_end());
            Ok(0)
        }
    }
}

/// Returns the recipes that are named, or `None` if not all arguments are folders with recipes.
///
/// # Errors
/// A folder cannot be read.
fn recipe_folders(
    inputs: &arguments::InputArguments,
) -> Result<Option<Vec<RecipeFolder>>, Failure> {
    if inputs.requirements.is_empty() || !inputs.files.is_empty() {
        return Ok(None);
    }
    let mut folders = Vec::new();
    for path in inputs.requirements.iter().map(Path::new) {
        let found = if path.is_dir() { RecipeFolder::find(path)? } else { Vec::new() };
        if found.is_empty() {
            return Ok(None);
        }
        folders.extend(found);
    }
    Ok(Some(folders))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
