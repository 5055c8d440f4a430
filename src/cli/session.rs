//! The state that most verbs need: settings, target and requirements.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::{
    arguments::{ConfigurationArgument, InputArguments, ProjectArguments},
    failure::{Failure, USAGE},
};
use crate::{
    base::{
        files::{FileError, Temporary, own_folder, temporary_place},
        process::HostRunner,
        report::{Event, Reporter, Terminal},
    },
    distro::targets::{Target, Targets},
    format::plugin::PluginFormat,
    plugin::{Brought, Context, Plugin, PluginError, Plugins},
    python::{artifact::ProjectName, requirements::Inputs},
    recipe::{Additions, Provenance, RecipeError, RecipeFolder, template::Packs},
    run::{BuildingIndex, PipelineError, RecipeStyle, Run},
    settings::{
        self, Configuration, PluginSettings, ProcessEnvironment, RunOptions, Settings,
        TargetOptions,
    },
};

/// The values that a run borrows.
pub struct Session {
    pub settings: Settings,
    pub target: Target,
    /// This machine's target, if it is known.
    machine: Option<Target>,
    pub inputs: Inputs,
    /// The user's additions to recipes of single projects.
    pub additions: BTreeMap<ProjectName, Additions>,
    plugins: Plugins,
    /// The plugin that provides the target's format, unless it is built in.
    external: Option<Plugin>,
    packs: Packs,
    /// The folders in which programs are looked up.
    path: Vec<PathBuf>,
    pub reporter: Terminal,
    runner: HostRunner,
    /// The folder in which sdists are built.
    work: Temporary,
}

/// The folders of a cache, and those whose files are not verified by a digest when they are used.
const CACHE: [&str; 6] = ["bytecode", "digests", "files", "metadata", "pages", "plugins"];
const UNVERIFIED: [&str; 5] = ["bytecode", "digests", "metadata", "pages", "plugins"];

/// The files that name this machine's distribution. Source: os-release(5).
const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

impl Session {
    /// Resolves the settings and reads the requirements.
    ///
    /// # Errors
    /// A setting is invalid, the target does not exist, or the requirements cannot be read.
    pub fn start(
        arguments: &ProjectArguments,
        options: RunOptions,
        verbosity: i8,
    ) -> Result<Self, Failure> {
        let configuration = arguments.configuration.read()?;
        let mut settings =
            settings::resolve(options, configuration, ProcessEnvironment::of_process())?;
        let inputs = arguments.inputs.read(&settings.environment)?;
        if let Some(name) = settings.only_name.take() {
            settings.policy.naming.names.insert(only_project(&inputs, "--name NAME")?, name);
        }
        if settings.spec_file.is_some() {
            only_project(&inputs, "--spec-file")?;
        }
        Self::with(settings, inputs, verbosity)
    }

    /// Resolves the settings for existing recipes, with their target.
    ///
    /// # Errors
    /// A recipe cannot be read, or the recipes are for several targets.
    pub fn of_recipes(
        configuration: &ConfigurationArgument,
        mut options: RunOptions,
        verbosity: i8,
        folders: &[RecipeFolder],
    ) -> Result<Self, Failure> {
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
        let mut session = Self::with(settings, Inputs::default(), verbosity)?;
        session.read_additions(folders)?;
        Ok(session)
    }

    /// Returns the session with requirements.
    ///
    /// # Errors
    /// The requirements cannot be read.
    pub fn with_inputs(self, arguments: &InputArguments) -> Result<Self, Failure> {
        let inputs = arguments.read(&self.settings.environment)?;
        Ok(Self { inputs, ..self })
    }

    /// Reads the user's additions to the recipes in folders.
    ///
    /// # Errors
    /// A file of a recipe cannot be read or is invalid.
    pub fn read_additions(&mut self, folders: &[RecipeFolder]) -> Result<(), Failure> {
        for folder in folders {
            let additions = Additions::read(folder.path()).map_err(RecipeError::from)?;
            if !additions.is_empty() {
                let project = Provenance::read(folder.path())?.project;
                self.additions.insert(project, additions);
            }
        }
        Ok(())
    }

    fn with(mut settings: Settings, inputs: Inputs, verbosity: i8) -> Result<Self, Failure> {
        let reporter = Terminal::new(verbosity);
        let work = Temporary::new().map_err(FileError::write(&temporary_place()))?;
        own_cache(&mut settings, work.path(), &reporter)?;
        let provided = settings.plugins.provided()?;
        let targets = targets(settings.targets.as_deref(), &provided)?;
        let target = load_target(&settings, &targets)?;
        let machine = detect(&targets).and_then(|name| Ok(targets.load(&name, None, None)?));
        let plugins = plugins(&settings.plugins)?;
        let external = plugins.format(&target, &settings.plugins.finder)?;
        let packs = packs(&provided)?;
        Ok(Self {
            path: settings.environment.path(),
            settings,
            target,
            machine: machine.ok(),
            inputs,
            additions: BTreeMap::new(),
            plugins,
            external,
            packs,
            reporter,
            runner: HostRunner,
            work,
        })
    }

    /// Returns a run with these settings.
    pub fn run(&self) -> Run<'_> {
        Run {
            settings: &self.settings,
            target: &self.target,
            machine: self.machine.as_ref(),
            inputs: &self.inputs,
            additions: &self.additions,
            plugins: &self.plugins,
            external: self.external(),
            packs: &self.packs,
            runner: &self.runner,
            reporter: &self.reporter,
            style: RecipeStyle::default(),
            probed: OnceLock::new(),
        }
    }

    fn external(&self) -> Option<PluginFormat<'_>> {
        let context = Context {
            target: &self.target,
            runner: &self.runner,
            reporter: &self.reporter,
            time: self.settings.policy.time,
            path: &self.path,
        };
        let external = PluginFormat::of(self.external.as_ref()?, context)?;
        Some(external.unconfined(!self.settings.sandbox.enabled))
    }

    /// Opens the index of a run.
    ///
    /// # Errors
    /// An index cannot be opened.
    pub fn index<'r>(&self, run: &'r Run<'r>) -> Result<BuildingIndex<'r>, Failure> {
        Ok(run.index(self.work.path())?)
    }
}

/// Closes the cache to other users. A cache that belongs to another user, or that others can write
/// to, is replaced by a temporary one below `work`.
///
/// # Errors
/// The owner or the permissions of the cache cannot be read or changed.
fn own_cache(
    settings: &mut Settings,
    work: &Path,
    reporter: &dyn Reporter,
) -> Result<(), FileError> {
    let cache = settings.cache.clone();
    if !cache.is_dir() {
        return Ok(());
    }
    let owned = own_folder(&cache, &CACHE, &UNVERIFIED).map_err(FileError::write(&cache))?;
    if let Err(exposure) = owned {
        let line = format!("the cache `{}` is not used: {exposure}", cache.display());
        reporter.event(Event::Warning(&line));
        settings.cache = work.join("cache");
        settings.plugins.finder.bundled = settings.cache.join("plugins");
    }
    Ok(())
}

/// Returns the project of the only requirement, for options that concern one project.
///
/// # Errors
/// There is not exactly one requirement.
fn only_project(inputs: &Inputs, option: &str) -> Result<ProjectName, Failure> {
    let project = match &inputs.requirements[..] {
        [written] => written.project(),
        _ => None,
    };
    let number = inputs.requirements.len();
    project.ok_or_else(|| Failure {
        status: USAGE,
        message: format!("`{option}` needs exactly one project, but {number} were requested"),
        hint: Some("name one project".to_owned()),
    })
}

/// Returns the embedded targets, those that plugins provide, and the user's.
///
/// # Errors
/// A target file cannot be read, or a chosen plugin provides a target that exists already.
pub fn targets(folder: Option<&Path>, provided: &[Brought]) -> Result<Targets, Failure> {
    let known = over(Targets::embedded(), provided, with_plugin_targets)?;
    match folder {
        Some(folder) => Ok(known.with_folder(folder)?),
        None => Ok(known),
    }
}

/// Returns the targets of a configuration: the embedded ones, those of its plugins, and its own.
///
/// # Errors
/// A target file or a plugin cannot be read, or a plugin provides a target that exists already.
pub fn configured_targets(configuration: &Configuration) -> Result<Targets, Failure> {
    let plugins = PluginSettings::of(configuration, &ProcessEnvironment::of_process());
    targets(configuration.options.target.targets.as_deref(), &plugins.provided()?)
}

/// Returns targets with those that a plugin provides.
///
/// # Errors
/// A target of the plugin exists already or is invalid.
pub fn with_plugin_targets(targets: Targets, provided: &Brought) -> Result<Targets, Failure> {
    if let Some(target) = provided.targets.keys().find(|name| targets.has(name)) {
        return Err(PluginError::SameTarget {
            plugin: provided.name.clone(),
            target: target.clone(),
        }
        .into());
    }
    let with = |known: Targets, (name, text): (&String, &String)| known.with_text(name, text);
    Ok(provided.targets.iter().try_fold(targets, with)?)
}

/// Returns template packs with the one that a plugin provides.
///
/// # Errors
/// The pack is invalid.
pub fn with_plugin_pack(packs: Packs, provided: &Brought) -> Result<Packs, Failure> {
    let Brought { name, templates, context, .. } = provided;
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
pub fn packs(provided: &[Brought]) -> Result<Packs, Failure> {
    over(Packs::default(), provided, with_plugin_pack)
}

/// Adds to `built_in` what plugins provide; errors of plugins that are not chosen are ignored.
fn over<T: Clone>(
    built_in: T,
    provided: &[Brought],
    with: fn(T, &Brought) -> Result<T, Failure>,
) -> Result<T, Failure> {
    provided.iter().try_fold(built_in, |known, own| match with(known.clone(), own) {
        Err(error) if own.is_chosen => Err(error),
        added => Ok(added.unwrap_or(known)),
    })
}

/// Returns the target of this machine's distribution.
///
/// # Errors
/// There is no target for the distribution.
pub fn detect(targets: &Targets) -> Result<String, Failure> {
    let texts = OS_RELEASE.iter().map(std::fs::read_to_string);
    let text = texts.into_iter().find_map(Result::ok).unwrap_or_default();
    Ok(targets.detect(&text)?)
}

fn load_target(settings: &Settings, targets: &Targets) -> Result<Target, Failure> {
    let name = match &settings.target {
        Some(name) => name.clone(),
        None => detect(targets)?,
    };
    let target = targets.load(&name, settings.python.as_deref(), settings.arch.as_deref())?;
    if let Some((fixed, what)) = settings.policy.naming.forbidden(&target) {
        let (format, expected) = (&target.format, target.naming.rule.wording());
        return Err(Failure {
            status: USAGE,
            message: format!(
                "`{}`, {what}, is not allowed in names of {format} packages",
                fixed.escape_debug()
            ),
            hint: Some(format!("write {expected}")),
        });
    }
    match &settings.install_prefix {
        Some(prefix) => Ok(target.isolated(prefix)?),
        None => Ok(target),
    }
}
