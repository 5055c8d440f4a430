//! The targets, template packs and plugins that are available to a run.

use std::path::Path;

use super::PipelineError;
use crate::{
    distro::targets::{Target, Targets},
    plugin::{PluginError, Plugins, Provided},
    recipe::template::Packs,
    settings::{Configuration, PluginSettings, ProcessEnvironment, Settings},
};

/// The files that name this machine's distribution. Source: os-release(5).
const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// Returns the embedded targets, those that plugins provide, and the user's.
///
/// # Errors
/// A target file cannot be read, or a chosen plugin provides a target that exists already.
pub fn targets(folder: Option<&Path>, provided: &[Provided]) -> Result<Targets, PipelineError> {
    let known = over(Targets::embedded(), provided, with_plugin_targets)?;
    match folder {
        Some(folder) => Ok(known.with_folder(folder)?),
        None => Ok(known),
    }
}

/// Returns targets with those that a plugin provides.
///
/// # Errors
/// A target of the plugin exists already or is invalid.
pub fn with_plugin_targets(
    targets: Targets,
    provided: &Provided,
) -> Result<Targets, PipelineError> {
    if let Some(target) = provided.targets.keys().find(|name| targets.has(name)) {
        let (plugin, target) = (provided.name.clone(), target.clone());
        return Err(PluginError::SameTarget { plugin, target }.into());
    }
    let with = |known: Targets, (name, text): (&String, &String)| known.with_text(name, text);
    Ok(provided.targets.iter().try_fold(targets, with)?)
}

/// Returns template packs with the one that a plugin provides.
///
/// # Errors
/// The pack is invalid.
pub fn with_plugin_pack(packs: Packs, provided: &Provided) -> Result<Packs, PipelineError> {
    let Provided { name, templates, context, .. } = provided;
    Ok(packs.with(name, templates.clone(), context)?)
}

/// Finds the plugins that take part.
///
/// # Errors
/// A plugin does not exist, or cannot be read.
pub fn plugins(settings: &PluginSettings) -> Result<Plugins, PluginError> {
    let PluginSettings { chosen, finder, .. } = settings;
    Ok(Plugins(chosen.iter().map(|choice| finder.find(choice)).collect::<Result<_, _>>()?))
}

/// Returns the built-in template packs and those that plugins provide.
///
/// # Errors
/// The pack of a chosen plugin is invalid.
pub fn packs(provided: &[Provided]) -> Result<Packs, PipelineError> {
    over(Packs::default(), provided, with_plugin_pack)
}

/// Adds to `built_in` what plugins provide; errors of plugins that are not chosen are ignored.
fn over<T: Clone>(
    built_in: T,
    provided: &[Provided],
    with: fn(T, &Provided) -> Result<T, PipelineError>,
) -> Result<T, PipelineError> {
    provided.iter().try_fold(built_in, |known, own| match with(known.clone(), own) {
        Err(error) if own.is_chosen => Err(error),
        added => Ok(added.unwrap_or(known)),
    })
}

/// Returns the target of this machine's distribution.
///
/// # Errors
/// There is no target for the distribution.
pub fn detect(targets: &Targets) -> Result<String, PipelineError> {
    let texts = OS_RELEASE.iter().map(std::fs::read_to_string);
    let text = texts.into_iter().find_map(Result::ok).unwrap_or_default();
    Ok(targets.detect(&text)?)
}

/// Returns the targets of a configuration: the embedded ones, those of its plugins, and its own.
///
/// # Errors
/// A target file or a plugin cannot be read, or a plugin provides a target that exists already.
pub fn configured_targets(configuration: &Configuration) -> Result<Targets, PipelineError> {
    let plugins = PluginSettings::of(configuration, &ProcessEnvironment::of_process());
    targets(configuration.options.target.targets.as_deref(), &plugins.provided()?)
}

/// Returns the target that the settings name, else that of this machine.
///
/// # Errors
/// There is no such target, or the names of packages in the settings are not allowed there.
pub(super) fn load_target(settings: &Settings, targets: &Targets) -> Result<Target, PipelineError> {
    let name = match &settings.target {
        Some(name) => name.clone(),
        None => detect(targets)?,
    };
    let target = targets.load(&name, settings.python.as_deref(), settings.arch.as_deref())?;
    if let Some((name, what)) = settings.policy.naming.forbidden(&target) {
        return Err(PipelineError::ForbiddenName {
            name,
            what,
            format: target.format.clone(),
            expected: target.naming.rule.wording(),
        });
    }
    match &settings.install_prefix {
        Some(prefix) => Ok(target.isolated(prefix)?),
        None => Ok(target),
    }
}
