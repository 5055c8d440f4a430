//! `pypi2pkg templates`, with one file for each of its verbs.

mod check;
mod context;
mod diff;
mod eject;
mod install;
mod list;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    cli::failure::{Failure, USAGE},
    distro::targets::Targets,
    recipe::template::{self, Packs},
    run::available,
    settings::{Configuration, PluginSettings, ProcessEnvironment, TemplateOptions},
};

/// Show, check and customise the templates of recipes
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg templates eject rpm/preamble.hbs -o templates/
  pypi2pkg templates check templates/
  pypi2pkg build webob --templates templates/")]
pub(super) struct TemplatesArguments {
    #[command(subcommand)]
    verb: TemplatesVerb,
    #[command(flatten)]
    search: TemplateSearch,
}

#[derive(Debug, Subcommand)]
enum TemplatesVerb {
    List(list::TemplateListArguments),
    Show(show::TemplateShowArguments),
    Eject(eject::TemplateEjectArguments),
    Check(check::TemplateCheckArguments),
    Diff(diff::TemplateDiffArguments),
    Context(context::TemplateContextArguments),
    Install(install::TemplateInstallArguments),
    Remove(install::TemplateRemoveArguments),
}

/// The folders in which templates are looked up.
#[derive(Debug, Args)]
struct TemplateSearch {
    /// A folder with templates that replace the built-in ones
    #[arg(long = "templates", value_name = "FOLDER", global = true)]
    folders: Vec<PathBuf>,
    /// The configuration file (default: `pypi2pkg.toml`, if it exists)
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl TemplatesArguments {
    pub(super) fn run(self) -> Result<u8, Failure> {
        match self.verb {
            TemplatesVerb::List(verb) => verb.run(self.search),
            TemplatesVerb::Show(verb) => verb.run(self.search),
            TemplatesVerb::Eject(verb) => verb.run(&self.search),
            TemplatesVerb::Check(verb) => verb.run(self.search),
            TemplatesVerb::Diff(verb) => verb.run(self.search),
            TemplatesVerb::Context(verb) => verb.run(self.search),
            TemplatesVerb::Install(verb) => verb.run(&self.search),
            TemplatesVerb::Remove(verb) => verb.run(&self.search),
        }
    }
}

impl TemplateSearch {
    fn configuration(&self) -> Result<Configuration, Failure> {
        Ok(Configuration::read(self.config.as_deref())?)
    }

    fn plugins(&self) -> Result<PluginSettings, Failure> {
        Ok(PluginSettings::of(&self.configuration()?, &ProcessEnvironment::of_process()))
    }

    /// Returns the packs that the program and plugins provide.
    fn packs(&self) -> Result<Packs, Failure> {
        Ok(available::packs(&self.plugins()?.provided()?)?)
    }

    fn targets(&self) -> Result<Targets, Failure> {
        Ok(available::configured_targets(&self.configuration()?)?)
    }

    /// Returns the templates of all folders; with a target, as they are used for it.
    fn templates(self, target: Option<&str>) -> Result<template::Templates, Failure> {
        let configuration = self.configuration()?;
        let environment = ProcessEnvironment::of_process();
        let packs =
            available::packs(&PluginSettings::of(&configuration, &environment).provided()?)?;
        let own = TemplateOptions { templates: self.folders };
        let folders = own.over(configuration.options.templates).folders(&environment);
        let templates = template::Templates::new(folders).over(packs);
        Ok(match target {
            Some(target) => templates.for_target(target),
            None => templates,
        })
    }
}

/// Parses `PACK/FILE`, or the name of a pack.
fn parse_file(text: &str) -> (&str, Option<&str>) {
    match text.split_once('/') {
        Some((pack, "")) => (pack, None),
        Some((pack, file)) => (pack, Some(file)),
        None => (text, None),
    }
}

/// Parses `PACK/FILE`.
///
/// # Errors
/// The text names no file.
fn parse_one_file(text: &str) -> Result<(&str, &str), Failure> {
    let (pack, file) = parse_file(text);
    let file = file.ok_or_else(|| Failure {
        status: USAGE,
        message: format!("`{text}` is not a file of a pack"),
        hint: Some("write PACK/FILE, such as rpm/preamble.hbs".to_owned()),
    });
    Ok((pack, file?))
}
