//! The native names of projects.
//! Sources: Fedora Python packaging guidelines, Debian Python policy 4.3, openSUSE packaging.

use std::collections::BTreeMap;

use crate::{artifact::ProjectName, target::Target};

use super::PlanError;

/// What the user says about names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamingPolicy {
    /// Put before every name that is not given in full.
    pub prefix: String,
    /// How such a name is made, where not by the target's convention alone: `{name}` stands for
    /// that name, `{project}` for the project's own.
    pub template: Option<String>,
    /// Names given in full.
    pub names: BTreeMap<ProjectName, String>,
}

/// The native package name of a project: the user's, else the prefix and the target's own name
/// for it, else the prefix and the target's convention.
pub fn package_name(
    project: &ProjectName,
    target: &Target,
    policy: &NamingPolicy,
) -> Result<String, PlanError> {
    let name = match policy.names.get(project) {
        Some(name) => name.clone(),
        None => {
            let conventional = distribution_name(project, target);
            let name = match &policy.template {
                Some(template) => {
                    template.replace("{name}", &conventional).replace("{project}", project.as_ref())
                }
                None => conventional,
            };
            // Two collections in trees of their own must not have packages of one name.
            let prefix = match &target.isolation {
                Some(own) if policy.prefix.is_empty() && policy.template.is_none() => {
                    &own.namespace
                }
                _ => &policy.prefix,
            };
            format!("{prefix}{name}")
        }
    };
    if is_package_name(&name) {
        Ok(name)
    } else {
        Err(PlanError::PackageName { project: project.clone(), name })
    }
}

/// Where a package's name comes from, for a reviewer.
pub fn name_origin(project: &ProjectName, target: &Target, policy: &NamingPolicy) -> String {
    if policy.names.contains_key(project) {
        return "given by the user".to_owned();
    }
    let conventional = match target.naming.map.get(project) {
        Some(_) => format!("the names that {} has", target.description),
        None => format!("the convention of {}", target.description),
    };
    match (&policy.template, policy.prefix.as_str()) {
        (Some(template), _) => format!("the template `{template}` on {conventional}"),
        (None, "") => conventional,
        (None, prefix) => format!("the prefix `{prefix}` before {conventional}"),
    }
}

/// The name that the distribution has, or by its convention would have, for a project.
pub fn distribution_name(project: &ProjectName, target: &Target) -> String {
    let naming = &target.naming;
    if let Some(name) = naming.map.get(project) {
        return name.clone();
    }
    let stem = match project.as_ref().strip_prefix("python-") {
        Some(stem) if naming.fold_python_prefix => stem,
        _ => project.as_ref(),
    };
    format!("{}{stem}", target.python.package_prefix)
}

/// Whether both rpm and dpkg take the name: dpkg's rule (Policy 5.6.1) is the narrower one, but
/// rpm's upper case and `_` are accepted for names that a user gives.
pub(super) fn is_package_name(name: &str) -> bool {
    name.len() >= 2
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}
