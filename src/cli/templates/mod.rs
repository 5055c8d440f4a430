//! `pypi2pkg templates`. One file a verb below it.

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
    settings::{Configuration, Environment, PluginSettings, TemplateOptions},
};

use super::session;

/// Show, check and customise the templates of recipes
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pypi2pkg templates eject rpm/preamble.hbs -o templates/
  pypi2pkg templates check templates/
  pypi2pkg build webob --templates templates/")]
pub struct Templates {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    search: Search,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(list::List),
    Show(show::Show),
    Eject(eject::Eject),
    Check(check::Check),
    Diff(diff::Diff),
    Context(context::Context),
    Install(install::Install),
    Remove(install::Remove),
}

/// Where templates are looked for.
#[derive(Debug, Args)]
struct Search {
    /// A folder with templates that replace the built-in ones
    #[arg(long = "templates", value_name = "FOLDER", global = true)]
    folders: Vec<PathBuf>,
    /// The configuration file (default: `pypi2pkg.toml`, if it exists)
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl Templates {
    pub fn run(self) -> Result<u8, Failure> {
        match self.verb {
            Verb::List(verb) => verb.run(self.search),
            Verb::Show(verb) => verb.run(self.search),
            Verb::Eject(verb) => verb.run(&self.search),
            Verb::Check(verb) => verb.run(self.search),
            Verb::Diff(verb) => verb.run(self.search),
            Verb::Context(verb) => verb.run(self.search),
            Verb::Install(verb) => verb.run(&self.search),
            Verb::Remove(verb) => verb.run(&self.search),
        }
    }
}

impl Search {
    fn configuration(&self) -> Result<Configuration, Failure> {
        Ok(Configuration::read(self.config.as_deref())?)
    }

    fn plugins(&self) -> Result<PluginSettings, Failure> {
        Ok(PluginSettings::of(&self.configuration()?, &Environment::of_process()))
    }

    /// The packs that overrides lie over.
    fn packs(&self) -> Result<Packs, Failure> {
        session::packs(&self.plugins()?.brought()?)
    }

    fn targets(&self) -> Result<Targets, Failure> {
        let configuration = self.configuration()?;
        let plugins = PluginSettings::of(&configuration, &Environment::of_process());
        session::targets(configuration.options.target.targets.as_deref(), &plugins.brought()?)
    }

    /// The templates of all folders, as a run for a target has them.
    fn templates(self, target: Option<&str>) -> Result<template::Templates, Failure> {
        let configuration = self.configuration()?;
        let environment = Environment::of_process();
        let packs = session::packs(&PluginSettings::of(&configuration, &environment).brought()?)?;
        let own = TemplateOptions { templates: self.folders };
        let folders = own.over(configuration.options.templates).folders(&environment);
        let templates = template::Templates::new(folders).over(packs);
        Ok(match target {
            Some(target) => templates.for_target(target),
            None => templates,
        })
    }
}

/// `PACK/FILE`, or a whole pack.
fn parse_file(text: &str) -> (&str, Option<&str>) {
    match text.split_once('/') {
        Some((pack, "")) => (pack, None),
        Some((pack, file)) => (pack, Some(file)),
        None => (text, None),
    }
}

/// `PACK/FILE`.
fn parse_one_file(text: &str) -> Result<(&str, &str), Failure> {
    let (pack, file) = parse_file(text);
    let file = file.ok_or_else(|| Failure {
        status: USAGE,
        message: format!("`{text}` is not a file of a pack"),
        hint: Some("write PACK/FILE, such as rpm/preamble.hbs".to_owned()),
    });
    Ok((pack, file?))
}
