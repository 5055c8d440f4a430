//! Package formats from plugins.

mod builder;
mod lower;
pub(crate) mod protocol;
mod repository;

use std::collections::BTreeMap;

use pep440_rs::{Version, VersionSpecifiers};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Attachment, Format, FormatError, Native, PackageError, RecipeSyntax, attachments,
    build::{BuildError, BuildTools, ChosenBuilder, Compression, Preference, SourceBuilder},
    deb::Deb,
    general_context,
    host::HostPackages,
    repository::Repository,
};
use crate::{
    distro::targets::Target,
    plan::{PackagePlan, relation::Strength},
    plugin::{
        CallContext, FormatTable, Hook, Level, Message, Plugin, PluginError,
        manifest::is_file_name, start::Answered,
    },
    python::artifact::ProjectName,
};
use protocol::{OrderAnswer, Step, VersionsAnswer};

/// What a plugin states of a package file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PluginMetadata {
    /// The format's name.
    pub format: String,
    /// Its part of the repository metadata.
    pub text: String,
    pub relations: Vec<(Strength, String)>,
    /// Absolute paths of installed files.
    pub paths: Vec<String>,
}

/// A package format that a plugin provides.
#[derive(Clone)]
pub struct PluginFormat<'a> {
    plugin: &'a Plugin,
    table: &'a FormatTable,
    context: CallContext<'a>,
    unconfined: bool,
}

impl<'a> PluginFormat<'a> {
    /// The format of a plugin, where it has one.
    pub fn of(plugin: &'a Plugin, context: CallContext<'a>) -> Option<Self> {
        Some(Self { plugin, table: plugin.manifest.format.as_ref()?, context, unconfined: false })
    }

    /// The same, whose tools may run where nothing confines them.
    #[must_use]
    pub fn unconfined(self, unconfined: bool) -> Self {
        Self { unconfined, ..self }
    }

    /// Whether a text may be the name of one of its package files.
    fn is_package_name(&self, name: &str) -> bool {
        is_file_name(name) && name.ends_with(&self.table.suffix)
    }

    /// Asks the plugin and tells its messages; an error among them is one.
    fn ask<A: DeserializeOwned + WithMessages>(
        &self,
        step: Step<'_>,
    ) -> Result<Answered<A>, PluginError> {
        let answered = self.ask_of_each::<A>(step)?;
        let is_error = |message: &&Message| message.level == Level::Error;
        match answered.answer.messages().iter().find(is_error) {
            Some(message) => Err(self.says(message)),
            None => Ok(answered),
        }
    }

    /// The same, where an error that is about a project fails that one alone.
    fn ask_of_each<A: DeserializeOwned + WithMessages>(
        &self,
        step: Step<'_>,
    ) -> Result<Answered<A>, PluginError> {
        let answered = self.plugin.ask::<A>(Hook::Format, step, &self.context)?;
        self.plugin.tell(answered.answer.messages(), self.context.reporter)?;
        Ok(answered)
    }

    /// An error that the plugin tells.
    fn says(&self, message: &Message) -> PluginError {
        let plugin = self.plugin.manifest.name.clone();
        let about = message.project.as_ref().map(|p| format!("{p}: ")).unwrap_or_default();
        PluginError::Said { plugin, text: format!("{about}{}", message.text) }
    }

    /// What the plugin may not do.
    fn refuses(&self, what: &str) -> PluginError {
        let plugin = self.plugin.manifest.name.clone();
        PluginError::Refused { plugin, hook: Hook::Format.to_string(), what: what.to_owned() }
    }
}

impl Format for PluginFormat<'_> {
    fn name(&self) -> &str {
        &self.plugin.manifest.name
    }

    fn suffix(&self) -> &str {
        &self.table.suffix
    }

    fn versions(
        &self,
        releases: BTreeMap<&ProjectName, &Version>,
    ) -> Result<BTreeMap<ProjectName, String>, FormatError> {
        let wanted: Vec<ProjectName> = releases.keys().map(|project| (*project).clone()).collect();
        let releases =
            releases.into_iter().map(|(project, release)| (project, release.to_string()));
        let step = Step::Versions { releases: releases.collect() };
        let VersionsAnswer { versions, .. } = self.ask::<VersionsAnswer>(step)?.answer;
        match wanted.iter().find(|project| !versions.get(project).is_some_and(|v| is_version(v))) {
            None => Ok(versions),
            Some(project) => {
                Err(self.refuses(&format!("leave `{project}` without a version")).into())
            }
        }
    }

    fn ranks(&self, versions: &[String]) -> Result<Vec<usize>, PackageError> {
        if versions.is_empty() {
            return Ok(Vec::new());
        }
        let ranks = self.ask::<OrderAnswer>(Step::Order { versions })?.answer.ranks;
        if ranks.len() == versions.len() {
            Ok(ranks)
        } else {
            Err(self.refuses("rank another number of versions").into())
        }
    }

    fn requires_by_name(&self) -> bool {
        true
    }

    /// The protocol does not ask for this: versions are compared by Debian's rules.
    fn are_bounds_comparable(
        &self,
        package: &str,
        version: &str,
        specifiers: &VersionSpecifiers,
    ) -> bool {
        Deb.are_bounds_comparable(package, version, specifiers)
    }

    fn lower(
        &self,
        plans: &[&PackagePlan],
        target: &Target,
    ) -> Result<Vec<Result<Native, FormatError>>, FormatError> {
        self.lower_all(plans, target)
    }

    fn context(&self, plan: &PackagePlan, target: &Target, native: &Native) -> Value {
        general_context(self, plan, target, native)
    }

    fn attachments(&self, plan: &PackagePlan) -> Vec<Attachment> {
        attachments(plan)
    }

    fn syntax(&self) -> &dyn RecipeSyntax {
        self
    }

    fn check_compression(&self, compression: &str) -> Result<(), FormatError> {
        let said = compression.parse::<Compression>().map(Compression::suffix).unwrap_or_default();
        let suffix = &self.table.suffix;
        let others = [".zst", ".xz", ".gz"].iter().filter(|ending| **ending != said);
        if others.into_iter().any(|ending| suffix.ends_with(ending)) {
            Err(FormatError::Compression {
                suffix: suffix.clone(),
                compression: compression.to_owned(),
            })
        } else {
            Ok(())
        }
    }

    fn builder<'b>(
        &'b self,
        _tools: &BuildTools<'b>,
        _preference: Preference,
    ) -> Result<ChosenBuilder<'b>, BuildError> {
        Ok(ChosenBuilder { builder: Box::new(self.clone()), unconfined: None })
    }

    fn source_builder(&self) -> Option<&dyn SourceBuilder> {
        None
    }

    fn repository(&self) -> &dyn Repository {
        self
    }

    fn host(&self) -> Option<&'static dyn HostPackages> {
        None
    }
}

/// An answer with messages.
trait WithMessages {
    fn messages(&self) -> &[Message];
}

macro_rules! with_messages {
    ($($answer:ident),+) => {$(
        impl WithMessages for protocol::$answer {
            fn messages(&self) -> &[Message] {
                &self.messages
            }
        }
    )+};
}

with_messages!(VersionsAnswer, AllLowered, AllBuilt, AllRead, OrderAnswer, IndexAnswer, AllUnmet);

/// The first error among messages that is about a project.
fn error_of<'m>(messages: &'m [Message], project: &ProjectName) -> Option<&'m Message> {
    let is_error = |message: &&Message| {
        message.level == Level::Error && message.project.as_ref() == Some(project)
    };
    messages.iter().find(is_error)
}

/// A part of a version, or a name, as packages of any format have them.
fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._+~^".contains(c))
}

fn is_name(text: &str) -> bool {
    is_file_name(text) && !text.contains(':')
}
