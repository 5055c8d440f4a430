//! The words of an external format.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    PluginFormat, error_of, is_name,
    protocol::{AllLowered, Lowered, Step},
};
use crate::{
    base::text::{OneLine, chain},
    distro::targets::Target,
    format::{
        Changelog, FormatError, Native, NativeRelation, RecipeSyntax, one_line, shell_word,
        synopsis, wrap,
    },
    plan::{
        PackagePlan,
        relation::{RelationError, Strength},
    },
    plugin::{Escaping, PluginError},
};

/// The width of descriptions.
const COLUMNS: usize = 79;

impl From<PluginError> for FormatError {
    fn from(error: PluginError) -> Self {
        Self::External { problem: chain(&error) }
    }
}

impl RecipeSyntax for PluginFormat<'_> {
    fn source_pack(&self) -> Option<&str> {
        None
    }

    fn escape(&self) -> fn(&str) -> String {
        match self.table.escape {
            Escaping::Line => one_line,
            Escaping::Shell => shell_word,
        }
    }

    fn tag(&self, strength: Strength) -> &str {
        self.table.fields.get(&strength).map_or("", String::as_str)
    }

    /// Only the plugin knows its format's syntax: it checks relations when it makes and reads packages.
    fn check_relation(&self, _strength: Strength, text: &str) -> Result<(), RelationError> {
        let problem = "expected one line of text";
        let is_line = !text.is_empty() && OneLine::new(text).as_str() == text;
        let refuse =
            || RelationError::Dependency { text: text.escape_debug().to_string(), problem };
        is_line.then_some(()).ok_or_else(refuse)
    }
}

impl PluginFormat<'_> {
    /// Has the plugin lower plans; one that it refuses stops no other.
    pub(super) fn lower_all(
        &self,
        plans: &[&PackagePlan],
        target: &Target,
    ) -> Result<Vec<Result<Native, FormatError>>, FormatError> {
        if plans.is_empty() {
            return Ok(Vec::new());
        }
        let step = Step::Lower { packages: plans.to_vec() };
        let AllLowered { packages, messages } = self.ask_of_each::<AllLowered>(step)?.answer;
        let (mut lowered, mut names) = (BTreeMap::new(), BTreeSet::new());
        for package in packages {
            if !names.insert(package.filename.clone()) {
                let what = format!("call two packages `{}`", package.filename.escape_debug());
                return Err(self.refuses(&what).into());
            }
            if let Some(twice) = lowered.insert(package.project.clone(), package) {
                return Err(self.refuses(&format!("speak of `{}` twice", twice.project)).into());
            }
        }
        let natives = plans.iter().map(|plan| {
            let said = lowered.remove(&plan.project);
            if let Some(message) = error_of(&messages, &plan.project) {
                return Err(FormatError::External { problem: message.text.to_string() });
            }
            let silent = || self.refuses(&format!("say nothing of `{}`", plan.project));
            Ok(self.native(plan, target, said.ok_or_else(silent)?)?)
        });
        let natives = natives.collect();
        match lowered.into_keys().next() {
            None => Ok(natives),
            Some(project) => Err(self.refuses(&format!("speak of `{project}`")).into()),
        }
    }

    /// What a plugin says of a plan, with what it does not decide.
    fn native(
        &self,
        plan: &PackagePlan,
        target: &Target,
        said: Lowered,
    ) -> Result<Native, PluginError> {
        let Lowered { architecture, filename, relations, summary, words, .. } = said;
        if !is_name(&architecture) {
            return Err(self.refuses(&format!("name the architecture {architecture:?}")));
        }
        if !self.is_package_name(&filename) {
            return Err(self.refuses(&format!("call a package {filename:?}")));
        }
        let unnamed = relations.iter().find(|one| !self.table.fields.contains_key(&one.strength));
        if let Some(relation) = unnamed {
            let text = &relation.text;
            return Err(self.refuses(&format!("give `{text}`, for which `fields` has no name")));
        }
        let evr = &plan.evr;
        let author = plan.changelog_author.as_ref().unwrap_or(&plan.packager);
        Ok(Native {
            name: plan.package.clone(),
            epoch: (evr.epoch > 0).then_some(evr.epoch),
            version: evr.version.clone(),
            release: evr.release.clone(),
            architecture,
            summary: summary.map_or_else(|| synopsis(plan), |own| own.to_string()),
            description: wrap(plan.description.as_str(), COLUMNS).join("\n"),
            licence: plan.licence.expression.clone(),
            homepage: plan.homepage.clone(),
            packager: plan.packager.to_string(),
            own_names: Vec::new(),
            relations: relations
                .into_iter()
                .map(|one| NativeRelation {
                    strength: one.strength,
                    text: one.text.to_string(),
                    origin: one.origin.to_string(),
                })
                .collect(),
            filename,
            compression: target.compression.clone(),
            changelog: Changelog {
                time: plan.time,
                author: author.to_string(),
                version: evr.to_string(),
                line: format!("Package {} {}", plan.project, plan.release),
            },
            words,
            source: None,
        })
    }
}
