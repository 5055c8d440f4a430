//! `pypi2pkg templates context`.

use clap::Args;

use crate::{
    base::text::serialised,
    base::{
        process::HostRunner,
        report::{Terminal, print_result},
    },
    cli::failure::{Failure, USAGE},
    distro::targets::{Target, Targets},
    format,
    format::plugin::PluginFormat,
    plugin,
    run::available,
    settings::ProcessEnvironment,
};

use super::TemplateSearch;

/// Print the context of a pack's templates for a sample project
#[derive(Debug, Args)]
#[command(after_help = "Example:
  pypi2pkg templates context rpm --target el9")]
pub(super) struct TemplateContextArguments {
    /// A pack such as `rpm`
    pack: String,
    /// The distribution (default: the first one that has such recipes)
    #[arg(short, long, value_name = "NAME")]
    target: Option<String>,
    /// Another of the target's Pythons, such as 3.12
    #[arg(long, value_name = "VERSION", requires = "target")]
    python: Option<String>,
}

impl TemplateContextArguments {
    pub(super) fn run(self, search: TemplateSearch) -> Result<u8, Failure> {
        search.packs()?.files(&self.pack)?;
        let targets = search.targets()?;
        let target = match &self.target {
            Some(name) => targets.load(name, self.python.as_deref(), None)?,
            None => first(&self.pack, &targets)?,
        };
        let plugins = search.plugins()?;
        let external = available::plugins(&plugins)?.format(&target, &plugins.finder)?;
        let environment = ProcessEnvironment::of_process();
        let started = plugin::CallContext {
            target: &target,
            runner: &HostRunner,
            reporter: &Terminal::new(0),
            time: None,
            path: &environment.path(),
        };
        let context = match external.as_ref().and_then(|plugin| PluginFormat::of(plugin, started)) {
            Some(external) => format::sample(&external, &self.pack, &target)?,
            None => format::sample(format::named(&target.format)?, &self.pack, &target)?,
        };
        print_result(&serialised::pretty_json(&context));
        Ok(0)
    }
}

/// Returns the first target whose recipes are rendered from a pack.
fn first(pack: &str, targets: &Targets) -> Result<Target, Failure> {
    for name in targets.names() {
        let target = targets.load(name, None, None)?;
        let has_sources = || {
            let format = format::named(&target.format);
            format.is_ok_and(|format| format.syntax().source_pack() == Some(pack))
                && target.source_recipe.is_some()
        };
        if target.format == pack || has_sources() {
            return Ok(target);
        }
    }
    Err(Failure {
        status: USAGE,
        message: format!("no target has recipes of `{pack}`"),
        hint: Some("name another pack".to_owned()),
    })
}
