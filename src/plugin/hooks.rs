//! What plugins do at each step, one after the other in their order.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use super::{
    CallContext, Finder, Hook, Level, Message, Plugin, PluginChoice, PluginError, answer,
    protocol::{
        BuiltFile, ChangedPlans, ChangedRecipes, InCollection, NamesAnswer, NewFiles,
        PackagesAnswer, Plans, Projects, RecipeAnswer, Recipes, Said,
    },
};
use crate::{
    base::{
        files::{stays_inside, write_file},
        text::OneLine,
    },
    distro::targets::Target,
    plan::{PackagePlan, Recipe},
    python::artifact::ProjectName,
};

/// The folder of a collection that plugins may write to.
const REPORTS: &str = "reports";

/// The plugins of a run, in their order.
#[derive(Debug, Clone, Default)]
pub struct Plugins(pub Vec<Plugin>);

/// The projects that plugins fail, and why.
#[derive(Debug, Default)]
pub struct Gathered {
    pub failed: BTreeMap<ProjectName, PluginError>,
}

impl Gathered {
    fn add(&mut self, plugin: &Plugin, messages: &[Message]) {
        for message in messages.iter().filter(|message| message.level == Level::Error) {
            if let Some(project) = &message.project {
                let (plugin, text) = (plugin.manifest.name.clone(), message.text.to_string());
                let error = PluginError::Said { plugin, text };
                self.failed.entry(project.clone()).or_insert(error);
            }
        }
    }
}

impl Plugins {
    pub(crate) fn with(&self, hook: Hook) -> impl Iterator<Item = &Plugin> {
        self.0.iter().filter(move |plugin| plugin.manifest.hooks.contains(&hook))
    }

    /// The plugin that brings the format of a target, where that is not a built-in one: one that takes
    /// part, else the one that is found by the format's name.
    ///
    /// # Errors
    /// There is none.
    pub fn format(&self, target: &Target, finder: &Finder) -> Result<Option<Plugin>, PluginError> {
        let format = &target.format;
        if finder.built_in.has(format) {
            return Ok(None);
        }
        let brings = |plugin: &&Plugin| plugin.brings(format);
        if let Some(plugin) = self.with(Hook::Format).find(brings) {
            return Ok(Some(plugin.clone()));
        }
        match finder.find(&PluginChoice::named(format.clone())) {
            Ok(plugin) if plugin.brings(format) => Ok(Some(plugin)),
            Ok(_) | Err(PluginError::Unknown { .. }) => {
                Err(PluginError::NoFormat { target: target.name.clone(), format: format.clone() })
            }
            Err(error) => Err(error),
        }
    }

    /// The names of packages that plugins choose; the first that names a project counts.
    ///
    /// # Errors
    /// A plugin that fails, or an answer that cannot be taken.
    pub fn names(
        &self,
        projects: &[&ProjectName],
        context: &CallContext<'_>,
    ) -> Result<BTreeMap<ProjectName, String>, PluginError> {
        let mut names = BTreeMap::new();
        for plugin in self.with(Hook::ResolveName) {
            let subject = Projects { projects: projects.to_vec() };
            let answered = plugin.ask::<NamesAnswer>(Hook::ResolveName, subject, context)?;
            plugin.tell(&answered.answer.messages, context.reporter)?;
            for (project, name) in answered.answer.names {
                if !projects.contains(&&project) {
                    return Err(plugin.refuses(Hook::ResolveName, &unknown(&project)));
                }
                names.entry(project).or_insert(name);
            }
        }
        Ok(names)
    }

    /// Lets plugins change plans; what they changed is in the plans' notes.
    ///
    /// # Errors
    /// A plugin that fails, or an answer that cannot be taken.
    pub fn plans(
        &self,
        plans: &mut [&mut PackagePlan],
        context: &CallContext<'_>,
    ) -> Result<Gathered, PluginError> {
        let mut gathered = Gathered::default();
        for plugin in self.with(Hook::Plan) {
            let packages = plans.iter().map(|plan| &**plan).collect();
            let answered = plugin.ask::<ChangedPlans>(Hook::Plan, Plans { packages }, context)?;
            let ChangedPlans { packages, messages } = answered.answer;
            plugin.tell(&messages, context.reporter)?;
            gathered.add(plugin, &messages);
            for changed in packages {
                let known = plans.iter_mut().find(|plan| plan.project == changed.project);
                let known =
                    known.ok_or_else(|| plugin.refuses(Hook::Plan, &unknown(&changed.project)))?;
                let fields = answer::changed(known, &changed)
                    .map_err(|what| plugin.refuses(Hook::Plan, &what))?;
                **known = changed;
                if !fields.is_empty() {
                    let note = format!("plugin {} changed: {}", plugin.title(), fields.join(", "));
                    known.notes.push(OneLine::new(&note));
                }
            }
            note(plugin, plans, &messages);
        }
        Ok(gathered)
    }

    /// Lets plugins change recipes.
    ///
    /// # Errors
    /// A plugin that fails, or an answer that cannot be taken.
    pub fn recipes(
        &self,
        recipes: &mut [(&PackagePlan, &mut Recipe)],
        context: &CallContext<'_>,
    ) -> Result<Gathered, PluginError> {
        let mut gathered = Gathered::default();
        for plugin in self.with(Hook::Recipe) {
            let packages =
                recipes.iter().map(|(plan, recipe)| RecipeAnswer { plan, recipe }).collect();
            let subject = Recipes { packages };
            let answered = plugin.ask::<ChangedRecipes>(Hook::Recipe, subject, context)?;
            let ChangedRecipes { packages, messages } = answered.answer;
            plugin.tell(&messages, context.reporter)?;
            gathered.add(plugin, &messages);
            for changed in packages {
                let known = recipes.iter_mut().find(|(plan, _)| plan.project == changed.project);
                let (_, recipe) = known
                    .ok_or_else(|| plugin.refuses(Hook::Recipe, &unknown(&changed.project)))?;
                answer::check_recipe(&changed.recipe)
                    .map_err(|what| plugin.refuses(Hook::Recipe, &what))?;
                **recipe = changed.recipe;
            }
        }
        Ok(gathered)
    }

    /// Shows plugins what was built: plans, names and paths of packages.
    ///
    /// # Errors
    /// A plugin that fails, or an answer that cannot be taken.
    pub fn packages(
        &self,
        built: &[(&PackagePlan, &str, &Path)],
        context: &CallContext<'_>,
    ) -> Result<Gathered, PluginError> {
        let mut gathered = Gathered::default();
        for plugin in self.with(Hook::Package) {
            let packages = built
                .iter()
                .map(|(plan, package, path)| BuiltFile { plan, package, path: absolute(path) })
                .collect();
            let answered =
                plugin.ask::<Said>(Hook::Package, PackagesAnswer { packages }, context)?;
            plugin.tell(&answered.answer.messages, context.reporter)?;
            gathered.add(plugin, &answered.answer.messages);
        }
        Ok(gathered)
    }

    /// Lets plugins add reports to a collection.
    ///
    /// # Errors
    /// A plugin that fails, an answer that cannot be taken, or a file that cannot be written.
    pub fn collection(
        &self,
        collection: &Path,
        manifest: &Value,
        context: &CallContext<'_>,
    ) -> Result<(), PluginError> {
        for plugin in self.with(Hook::Collection) {
            let subject = in_collection(collection, manifest);
            let answered = plugin.ask::<NewFiles>(Hook::Collection, subject, context)?;
            plugin.tell(&answered.answer.messages, context.reporter)?;
            for file in answered.answer.files {
                let refuse = |problem: String| {
                    plugin.refuses(Hook::Collection, &format!("give `{}`: {problem}", file.path))
                };
                if !stays_inside(&file.path) || !stays_inside(&file.from) {
                    return Err(refuse("its path leaves the folder".to_owned()));
                }
                let bytes = plugin
                    .take(answered.work.path(), &file.from)
                    .map_err(|error| refuse(error.to_string()))?;
                write_file(&collection.join(REPORTS).join(&file.path), &bytes)?;
            }
        }
        Ok(())
    }

    /// Whether a plugin publishes collections.
    pub fn publish_something(&self) -> bool {
        self.with(Hook::Publish).next().is_some()
    }

    /// Lets plugins publish a collection elsewhere.
    ///
    /// # Errors
    /// A plugin that fails, or an answer that cannot be taken.
    pub fn publish(
        &self,
        collection: &Path,
        manifest: &Value,
        context: &CallContext<'_>,
    ) -> Result<(), PluginError> {
        for plugin in self.with(Hook::Publish) {
            let subject = in_collection(collection, manifest);
            let answered = plugin.ask::<Said>(Hook::Publish, subject, context)?;
            plugin.tell(&answered.answer.messages, context.reporter)?;
        }
        Ok(())
    }
}

impl Plugin {
    /// Whether it provides the package format of that name.
    fn brings(&self, format: &str) -> bool {
        self.manifest.name == *format && self.manifest.format.is_some()
    }

    fn refuses(&self, hook: Hook, what: &str) -> PluginError {
        let plugin = self.manifest.name.clone();
        PluginError::Refused { plugin, hook: hook.to_string(), what: what.to_owned() }
    }
}

fn unknown(project: &ProjectName) -> String {
    format!("speak of `{project}`, which it was not asked about")
}

/// Messages about projects are in their plans.
fn note(plugin: &Plugin, plans: &mut [&mut PackagePlan], messages: &[Message]) {
    for message in messages {
        let plan = plans.iter_mut().find(|plan| Some(&plan.project) == message.project.as_ref());
        if let Some(plan) = plan {
            let note = format!("plugin {}: {}", plugin.title(), message.text);
            plan.notes.push(OneLine::new(&note));
        }
    }
}

fn in_collection(collection: &Path, manifest: &Value) -> InCollection {
    InCollection { collection: absolute(collection), manifest: manifest.clone() }
}

/// A path for a plugin, which works in another folder.
pub(crate) fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
