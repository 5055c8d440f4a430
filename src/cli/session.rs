//! What most verbs begin with: settings, target and requirements.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::{
    base::{
        files::{Temporary, WriteError, own_folder, temporary_place},
        process::HostRunner,
        report::{Event, Reporter, Terminal},
    },
    cli::failure::{Failure, USAGE},
    distro::targets::{Target, Targets},
    plugin::{Brought, Context, External, Plugin, PluginError, Plugins},
    python::{artifact::ProjectName, requirements::Inputs},
    recipe::{Additions, Provenance, RecipeError, RecipeFolder, template::Packs},
    run::{BuildingIndex, PipelineError, RecipeStyle, Run},
    settings::{self, PluginSettings, ProcessEnvironment, RunOptions, Settings, TargetOptions},
};

use super::arguments::{ConfigurationArgument, InputArguments, ProjectArguments};

/// Everything that a run borrows from.
pub struct Session {
    pub settings: Settings,
    pub target: Target,
    /// What this machine runs.
    machine: Option<Target>,
    pub inputs: Inputs,
    /// What people add to single projects' recipes.
    pub additions: BTreeMap<ProjectName, Additions>,
    plugins: Plugins,
    /// What brings the target's format, where that is not a built-in one.
    external: Option<Plugin>,
    packs: Packs,
    /// The folders in which programs are looked for.
    path: Vec<PathBuf>,
    pub reporter: Terminal,
    runner: HostRunner,
    /// Where sdists are built on the way to a plan.
    work: Temporary,
}

/// What is in a cache, and what of it is not compared with a digest from elsewhere whenever it is
/// used.
const CACHE: [&str; 6] = ["bytecode", "digests", "files", "metadata", "pages", "plugins"];
const UNVERIFIED: [&str; 5] = ["bytecode", "digests", "metadata", "pages", "plugins"];

/// What names this machine's distribution. Source: os-release(5).
const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

impl Session {
    /// Resolves the settings and reads the inputs.
    pub fn start(
        asked: &ProjectArguments,
        options: RunOptions,
        verbosity: i8,
    ) -> Result<Self, Failure> {
        let configuration = asked.configuration.read()?;
        let mut settings =
            settings::resolve(options, configuration, ProcessEnvironment::of_process())?;
        let inputs = asked.inputs.read(&settings.environment)?;
        if let Some(name) = settings.only_name.take() {
            settings.policy.naming.names.insert(only_project(&inputs, "--name NAME")?, name);
        }
        if settings.spec_file.is_some() {
            only_project(&inputs, "--spec-file")?;
        }
        Self::with(settings, inputs, verbosity)
    }

    /// Begins with recipes that are in folders: their target and names are taken.
    ///
    /// # Errors
    /// A recipe that cannot be read, or recipes of several targets.
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
                Some((other, known)) if !known.same_target(&provenance) => {
                    let (first, other) = (other.path().to_owned(), folder.path().to_owned());
                    return Err(PipelineError::OtherTargets { first, other }.into());
                }
                Some(_) => {}
                None => first = Some((folder, provenance)),
            }
        }
        if let Some((folder, known)) = first {
            let TargetOptions { target, python, .. } = &options.target;
            for (asked, known) in [(target, &known.target), (python, &known.python)] {
                if let Some(asked) = asked.as_ref().filter(|asked| *asked != known) {
                    let (folder, known) = (folder.path().to_owned(), known.clone());
                    let asked = asked.clone();
                    return Err(PipelineError::RecipesFor { folder, known, asked }.into());
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
        let configuration = configuration.read()?;
        let settings = settings::resolve(options, configuration, ProcessEnvironment::of_process())?;
        let mut session = Self::with(settings, Inputs::default(), verbosity)?;
        session.read_additions(folders)?;
        Ok(session)
    }

    /// The same, with something that is requested.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn with_inputs(self, asked: &InputArguments) -> Result<Self, Failure> {
        let inputs = asked.read(&self.settings.environment)?;
        Ok(Self { inputs, ..self })
    }

    /// Reads what people add to the recipes in folders.
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
        let work = Temporary::new().map_err(WriteError::at(&temporary_place()))?;
        own_cache(&mut settings, work.path(), &reporter)?;
        let brought = settings.plugins.brought()?;
        let targets = targets(settings.targets.as_deref(), &brought)?;
        let target = load_target(&settings, &targets)?;
        let machine = detect(&targets).and_then(|name| Ok(targets.load(&name, None, None)?));
        let plugins = plugins(&settings.plugins)?;
        let external = plugins.format(&target, &settings.plugins.finder)?;
        let packs = packs(&brought)?;
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

    /// The run that these settings describe.
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

    fn external(&self) -> Option<External<'_>> {
        let context = Context {
            target: &self.target,
            runner: &self.runner,
            reporter: &self.reporter,
            time: self.settings.policy.time,
            path: &self.path,
        };
        let external = External::of(self.external.as_ref()?, context)?;
        Some(external.unconfined(!self.settings.sandbox.enabled))
    }

    /// The index that a run asks.
    pub fn index<'r>(&self, run: &'r Run<'r>) -> Result<BuildingIndex<'r>, Failure> {
        Ok(run.index(self.work.path())?)
    }
}

/// Closes the cache to other users. One that is somebody else's, or that others can write to, is
/// replaced by a temporary one below `work`.
///
/// # Errors
/// It cannot be looked at.
fn own_cache(
    settings: &mut Settings,
    work: &Path,
    reporter: &dyn Reporter,
) -> Result<(), WriteError> {
    let cache = settings.cache.clone();
    if !cache.is_dir() {
        return Ok(());
    }
    let owned = own_folder(&cache, &CACHE, &UNVERIFIED).map_err(WriteError::at(&cache))?;
    if let Err(exposure) = owned {
        let line = format!("the cache `{}` is not used: {exposure}", cache.display());
        reporter.event(Event::Warning(&line));
        settings.cache = work.join("cache");
        settings.plugins.finder.bundled = settings.cache.join("plugins");
    }
    Ok(())
}

/// The project of the only requirement, for options that are about one project.
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

/// The embedded targets, those that plugins provide, and the user's.
pub fn targets(folder: Option<&Path>, brought: &[Brought]) -> Result<Targets, Failure> {
    let targets = over(Targets::embedded(), brought, brought_targets)?;
    match folder {
        Some(folder) => Ok(targets.with_folder(folder)?),
        None => Ok(targets),
    }
}

/// Targets, and those that a plugin provides, which have names of their own.
pub fn brought_targets(targets: Targets, brought: &Brought) -> Result<Targets, Failure> {
    if let Some(target) = brought.targets.keys().find(|name| targets.has(name)) {
        let (plugin, target) = (brought.name.clone(), target.clone());
        return Err(PluginError::SameTarget { plugin, target }.into());
    }
    let with = |targets: Targets, (name, text): (&String, &String)| targets.with_text(name, text);
    Ok(brought.targets.iter().try_fold(targets, with)?)
}

/// Packs of templates, and the one that a plugin provides.
pub fn brought_pack(packs: Packs, brought: &Brought) -> Result<Packs, Failure> {
    let Brought { name, templates, context, .. } = brought;
    Ok(packs.with(name, templates.clone(), context)?)
}

/// The plugins that take part.
pub fn plugins(settings: &PluginSettings) -> Result<Plugins, PluginError> {
    let PluginSettings { chosen, finder, .. } = settings;
    Ok(Plugins(chosen.iter().map(|choice| finder.find(choice)).collect::<Result<_, _>>()?))
}

/// The built-in packs of templates, and those that plugins provide.
pub fn packs(brought: &[Brought]) -> Result<Packs, Failure> {
    over(Packs::default(), brought, brought_pack)
}

/// What plugins provide, over what is there: one that is not chosen brings nothing where it cannot.
fn over<T: Clone>(
    built_in: T,
    brought: &[Brought],
    with: fn(T, &Brought) -> Result<T, Failure>,
) -> Result<T, Failure> {
    brought.iter().try_fold(built_in, |known, brought| match with(known.clone(), brought) {
        Err(error) if brought.is_chosen => Err(error),
        with => Ok(with.unwrap_or(known)),
    })
}

/// The target that this machine is.
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
    if let Some((name, what)) = settings.policy.naming.forbidden(&target) {
        let (format, expected) = (&target.format, target.naming.rule.wording());
        return Err(Failure {
            status: USAGE,
            message: format!(
                "`{}`, {what}, is not allowed in names of {format} packages",
                name.escape_debug()
            ),
            hint: Some(format!("write {expected}")),
        });
    }
    match &settings.install_prefix {
        Some(prefix) => Ok(target.isolated(prefix)?),
        None => Ok(target),
    }
}
