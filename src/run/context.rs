//! What every stage of a run needs, opened once from the settings.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Deref,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::{
    BuildingIndex, PipelineError, RecipeStyle, Renderer,
    available::{detect, load_target, packs, plugins, targets},
    requested::Requested,
};
use crate::{
    base::{
        files::{FileError, Temporary, own_folder, temporary_place},
        process::{CommandRunner, HostRunner, Sandbox, SandboxError},
        report::{Event, Reporter},
    },
    collection::Collection,
    distro::targets::Target,
    format::{self, Format, FormatError, plugin::PluginFormat},
    plugin::{CallContext, Plugin, Plugins},
    python::{artifact::ProjectName, requirements::Inputs},
    recipe::{
        Additions, Provenance, RecipeError, RecipeFolder,
        template::{Packs, Templates},
    },
    settings::{SandboxSettings, Settings},
};

/// The folders of a cache, and those whose files are not verified by a digest when they are used.
const CACHE: [&str; 6] = ["bytecode", "digests", "files", "metadata", "pages", "plugins"];
const UNVERIFIED: [&str; 5] = ["bytecode", "digests", "metadata", "pages", "plugins"];

/// Settings, target, requirements and plugins of a run, with the means to run commands and to report.
pub struct Context {
    settings: Settings,
    target: Target,
    /// This machine's target, if there is one for its distribution.
    machine: Option<Target>,
    inputs: Inputs,
    /// The user's additions to recipes of single projects.
    additions: BTreeMap<ProjectName, Additions>,
    pub(super) plugins: Plugins,
    /// The plugin that provides the target's format, unless it is built in.
    format_plugin: Option<Plugin>,
    packs: Packs,
    /// The folders in which programs are looked up.
    path: Vec<PathBuf>,
    reporter: Box<dyn Reporter>,
    runner: Box<dyn CommandRunner>,
    /// The recipes that packages of sdists get.
    pub(super) style: RecipeStyle,
    /// The sandbox, once it was looked for.
    probed: OnceLock<Result<Sandbox, SandboxError>>,
    /// The folder in which sdists are built.
    work: Temporary,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("target", &self.target.name).finish_non_exhaustive()
    }
}

/// The format of a target: built in, or provided by a plugin.
pub enum TargetFormat<'c> {
    BuiltIn(&'static dyn Format),
    Plugin(Box<PluginFormat<'c>>),
}

impl<'c> Deref for TargetFormat<'c> {
    type Target = dyn Format + 'c;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::BuiltIn(format) => *format,
            Self::Plugin(format) => format.as_ref(),
        }
    }
}

impl Context {
    /// Opens what the settings name: the target, the plugins, the template packs and the cache.
    ///
    /// # Errors
    /// One of them does not exist or cannot be read, or an option for one project was used with
    /// other requirements than one.
    pub fn open(
        mut settings: Settings,
        inputs: Inputs,
        reporter: Box<dyn Reporter>,
    ) -> Result<Self, PipelineError> {
        if let Some(name) = settings.only_name.take() {
            settings.policy.naming.names.insert(only_project(&inputs, "--name NAME")?, name);
        }
        if settings.spec_file.is_some() {
            only_project(&inputs, "--spec-file")?;
        }
        let work = Temporary::new().map_err(FileError::write(&temporary_place()))?;
        own_cache(&mut settings, work.path(), reporter.as_ref())?;
        let provided = settings.plugins.provided()?;
        let known = targets(settings.targets.as_deref(), &provided)?;
        let target = load_target(&settings, &known)?;
        let machine = detect(&known).and_then(|name| Ok(known.load(&name, None, None)?));
        let plugins = plugins(&settings.plugins)?;
        let format_plugin = plugins.format(&target, &settings.plugins.finder)?;
        Ok(Self {
            path: settings.environment.path(),
            machine: machine.ok(),
            packs: packs(&provided)?,
            settings,
            target,
            inputs,
            additions: BTreeMap::new(),
            plugins,
            format_plugin,
            reporter,
            runner: Box::new(HostRunner),
            style: RecipeStyle::default(),
            probed: OnceLock::new(),
            work,
        })
    }

    /// Takes requirements in place of those that the context was opened with.
    #[must_use]
    pub fn with_inputs(self, inputs: Inputs) -> Self {
        Self { inputs, ..self }
    }

    /// Takes recipes for people who read and change them: those of sdists are in the target's own
    /// idiom.
    #[must_use]
    pub fn for_review(self) -> Self {
        Self { style: RecipeStyle::Native, ..self }
    }

    /// Reads the user's additions to the recipes in folders.
    ///
    /// # Errors
    /// A file of a recipe cannot be read or is invalid.
    pub fn read_additions(&mut self, folders: &[RecipeFolder]) -> Result<(), PipelineError> {
        for folder in folders {
            let additions = Additions::read(folder.path()).map_err(RecipeError::from)?;
            if !additions.is_empty() {
                let project = Provenance::read(folder.path())?.project;
                self.additions.insert(project, additions);
            }
        }
        Ok(())
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the settings for a change.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Returns the target.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Returns the requirements as they were read.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Returns the user's additions to recipes, by project.
    pub fn additions(&self) -> &BTreeMap<ProjectName, Additions> {
        &self.additions
    }

    /// Returns what receives progress and warnings.
    pub fn reporter(&self) -> &dyn Reporter {
        self.reporter.as_ref()
    }

    pub(super) fn runner(&self) -> &dyn CommandRunner {
        self.runner.as_ref()
    }

    pub(super) fn machine(&self) -> Option<&Target> {
        self.machine.as_ref()
    }

    pub(super) fn path(&self) -> &[PathBuf] {
        &self.path
    }

    /// Opens the indexes, and settles the requirements that name files, folders or repositories.
    ///
    /// # Errors
    /// An index cannot be opened, or such a requirement has no project.
    pub fn index(&self) -> Result<(BuildingIndex<'_>, Requested), PipelineError> {
        self.index_in(self.work.path())
    }

    /// Returns the sandbox for code of sdists and for tools; `None` with `--no-sandbox`.
    ///
    /// # Errors
    /// It does not work on this machine.
    pub fn sandbox(&self) -> Result<Option<&Sandbox>, SandboxError> {
        let SandboxSettings { enabled, limits } = self.settings.sandbox;
        if !enabled {
            return Ok(None);
        }
        let probe = || Sandbox::probe(&self.path, limits, self.runner());
        self.probed.get_or_init(probe).as_ref().map(Some).map_err(Clone::clone)
    }

    pub(super) fn call_context(&self) -> CallContext<'_> {
        CallContext {
            target: &self.target,
            runner: self.runner(),
            reporter: self.reporter(),
            time: self.settings.policy.time,
            path: &self.path,
        }
    }

    /// Returns the target's format.
    pub(super) fn format(&self) -> Result<TargetFormat<'_>, FormatError> {
        let plugin = self.format_plugin.as_ref();
        match plugin.and_then(|plugin| PluginFormat::of(plugin, self.call_context())) {
            Some(format) => {
                let format = format.unconfined(!self.settings.sandbox.enabled);
                Ok(TargetFormat::Plugin(Box::new(format)))
            }
            None => Ok(TargetFormat::BuiltIn(format::named(&self.target.format)?)),
        }
    }

    /// Refuses what the target's format does not support, before anything is done.
    fn check_format(&self, format: &dyn Format) -> Result<(), PipelineError> {
        if self.settings.source_packages && format.source_builder().is_none() {
            return Err(PipelineError::NoSourcePackages { format: self.target.format.clone() });
        }
        let compression = self.settings.compression.as_deref();
        Ok(compression.map_or(Ok(()), |compression| format.check_compression(compression))?)
    }

    /// Opens the collection in a folder, for packages of the target's format.
    pub(super) fn collection<'f>(
        &'f self,
        folder: &Path,
        format: &'f dyn Format,
    ) -> Result<Collection<'f>, PipelineError> {
        self.check_format(format)?;
        let collection = Collection::open(folder, &self.target)?.with_reporter(self.reporter());
        Ok(match self.format_plugin {
            Some(_) => collection.with_format(format),
            None => collection,
        })
    }

    /// Returns the target's format and its templates.
    pub(super) fn words(&self) -> Result<Renderer<'_>, PipelineError> {
        let format = self.format()?;
        let templates = Templates::new(self.settings.templates.clone()).over(self.packs.clone());
        let templates = templates.for_target(&self.target.name);
        let pack = |name| templates.pack(name, format.syntax().escape());
        let own = format.name();
        let packs = (pack(own)?, pack(format.syntax().source_pack().unwrap_or(own))?);
        Ok(Renderer { format, packs })
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
fn only_project(inputs: &Inputs, option: &'static str) -> Result<ProjectName, PipelineError> {
    let project = match &inputs.requirements[..] {
        [written] => written.project(),
        _ => None,
    };
    let number = inputs.requirements.len();
    project.ok_or(PipelineError::OneProject { option, number })
}
