//! The policy of the planner.

use super::{ProcessEnvironment, RunOptions, SettingsError, project::ProjectSettings};
use crate::{
    base::text::OneLine,
    planner::{NamingPolicy, Policy},
};

/// Returns the policy that options and the configuration of projects result in.
///
/// # Errors
/// A value is invalid, or a file that it names cannot be read.
pub(super) fn policy(
    options: &RunOptions,
    projects: &ProjectSettings,
    environment: &ProcessEnvironment,
) -> Result<Policy, SettingsError> {
    let RunOptions { naming, relations, install, description, .. } = options;
    Ok(Policy {
        naming: NamingPolicy {
            prefix: naming.name_prefix.clone().unwrap_or_default(),
            names: naming.names(projects.names.clone())?,
            template: naming.name_template.clone(),
            ..NamingPolicy::default()
        },
        packager: OneLine::new(&description.packager(environment)),
        changelog_author: description
            .changelog_author(environment)
            .map(|author| OneLine::new(&author)),
        release: description.release.clone().unwrap_or_else(|| "1".to_owned()),
        time: environment.source_date_epoch()?,
        relax: relations.relax.unwrap_or_default(),
        hints: relations.read_hints()?,
        strict_hints: relations.strict_hints,
        ignored: projects.ignored().cloned().collect(),
        licences: projects.licences.clone(),
        unknown_licence: description.unknown_licence.clone(),
        allowed_paths: install.allow_paths.clone(),
        allow_startup_code: install.allow_startup_code,
        file_rules: projects.file_rules.clone(),
        command_names: install.command_names.unwrap_or_default(),
        owned_commands: None,
    })
}
