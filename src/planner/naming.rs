//! The native names of projects.
//! Sources: Fedora Python packaging guidelines, Debian Python policy 4.3, openSUSE packaging.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    distro::targets::Target, format::host::PackageSet, plan::relation::CapabilityName,
    python::artifact::ProjectName,
};

use super::{Others, PlanError};

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
    /// Names that repositories which were looked at give to something else than these projects.
    pub taken: BTreeMap<ProjectName, String>,
    /// How projects spell themselves, where the target's packages are called so.
    pub spellings: BTreeMap<ProjectName, String>,
    /// Projects that keep their full names: what they would be called is another project's name.
    pub unfolded: BTreeSet<ProjectName>,
}

impl NamingPolicy {
    /// What of the user's names no package of the target may have: the text, and what it is.
    pub fn forbidden(&self, target: &Target) -> Option<(String, String)> {
        let is_forbidden = |name: &str| !target.naming.rule.allows(name);
        // A target's own names are whole ones, of which anything may stand before or behind.
        let filled = |template: &str| template.replace("{name}", "x1").replace("{project}", "x1");
        let template = self.template.iter().find(|template| is_forbidden(&filled(template)));
        let mut given = self.names.iter();
        let given = given.find(|(_, name)| is_forbidden(name));
        if is_forbidden(&format!("{}x1", self.prefix)) {
            return Some((self.prefix.clone(), "the prefix of names".to_owned()));
        }
        let template = template.map(|text| (text.clone(), "the template of names".to_owned()));
        template.or_else(|| {
            given.map(|(project, name)| (name.clone(), format!("the name for `{project}`")))
        })
    }

    /// Takes how the projects of a run spell themselves, and finds those that would get the same name.
    /// The one has it that the user or the target's own names give it to, else the one that is called so;
    /// the others keep their full names.
    pub fn settle<'p>(
        &mut self,
        projects: impl Iterator<Item = (&'p ProjectName, &'p str)>,
        target: &Target,
    ) {
        let mut named: BTreeMap<String, Vec<&ProjectName>> = BTreeMap::new();
        for (project, spelling) in projects {
            if target.naming.published_spelling {
                self.spellings.insert(project.clone(), spelling.to_owned());
            }
            let given = self.names.get(project).cloned();
            let name = given.unwrap_or_else(|| made_name(project, target, self));
            named.entry(name).or_default().push(project);
        }
        for mut sharing in named.into_values().filter(|sharing| sharing.len() > 1) {
            sharing.sort_by_key(|project| {
                let is_given = self.names.contains_key(*project);
                let is_own = target.naming.own_name(project).is_some();
                let full = format!("{}{project}", target.python.package_prefix);
                let is_called_so = distribution_name(project, target, self) == full;
                (!is_given, !is_own, !is_called_so, *project)
            });
            self.unfolded.extend(sharing[1..].iter().map(|project| (*project).clone()));
        }
    }
}

/// What is put behind a name that the distribution gives to something else.
const OF_INDEX: &str = "-pypi";

/// The native package name of a project: the user's, else the prefix and the target's own name
/// for it, else the prefix and the target's convention. A name of the distribution that is another
/// package's is changed: see [`taken_name`].
///
/// # Errors
/// The name is not valid for the target's format.
pub fn package_name(
    project: &ProjectName,
    target: &Target,
    policy: &NamingPolicy,
) -> Result<String, PlanError> {
    let name = match (policy.names.get(project), taken_name(project, target, policy)) {
        (Some(name), _) => name.clone(),
        (None, Some(taken)) => format!("{taken}{OF_INDEX}"),
        (None, None) => made_name(project, target, policy),
    };
    checked(project, name, target).map(Into::into)
}

/// The name of the package that has a project.
///
/// # Errors
/// It is none that a package of the target may have.
pub(super) fn checked(
    project: &ProjectName,
    name: String,
    target: &Target,
) -> Result<CapabilityName, PlanError> {
    let rule = target.naming.rule;
    let parsed = CapabilityName::parse(&name).ok().filter(|name| rule.allows(name));
    parsed.ok_or_else(|| PlanError::PackageName {
        project: project.clone(),
        name,
        format: target.format.clone(),
        expected: rule.wording(),
    })
}

/// The name that a project would get if the distribution, or a repository that was looked at, did not
/// give it to something else: package managers would take the one for the other.
pub fn taken_name(project: &ProjectName, target: &Target, policy: &NamingPolicy) -> Option<String> {
    let name = made_name(project, target, policy);
    let is_taken =
        target.naming.is_taken(&name, project) || policy.taken.get(project) == Some(&name);
    (is_taken && !policy.names.contains_key(project)).then_some(name)
}

/// The name that a project gets by the prefix, the template and the convention, whoever else has it.
pub fn made_name(project: &ProjectName, target: &Target, policy: &NamingPolicy) -> String {
    let conventional = distribution_name(project, target, policy);
    let name = match &policy.template {
        Some(template) => {
            template.replace("{name}", &conventional).replace("{project}", project.as_ref())
        }
        None => conventional,
    };
    // Two collections in trees of their own must not have packages of one name.
    let prefix = match &target.isolation {
        Some(own) if policy.prefix.is_empty() && policy.template.is_none() => &own.namespace,
        _ => &policy.prefix,
    };
    format!("{prefix}{name}")
}

/// Where a package's name comes from, for a reviewer.
pub fn name_origin(project: &ProjectName, target: &Target, policy: &NamingPolicy) -> String {
    if policy.names.contains_key(project) {
        return "given by the user".to_owned();
    }
    if let Some(name) = taken_name(project, target, policy) {
        return format!("changed, since `{name}` is another package of {}", target.description);
    }
    let conventional = match target.naming.map.get(project) {
        _ if policy.unfolded.contains(project) => {
            "its full name, since the shorter one is another project's".to_owned()
        }
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
pub fn distribution_name(project: &ProjectName, target: &Target, policy: &NamingPolicy) -> String {
    let is_full = policy.unfolded.contains(project);
    if let Some(name) = target.naming.map.get(project).filter(|_| !is_full) {
        return name.clone();
    }
    let spelling = policy.spellings.get(project).map_or(project.as_ref(), String::as_str);
    let stem = folded(project, target).filter(|_| !is_full).unwrap_or(spelling);
    format!("{}{stem}", target.python.package_prefix)
}

/// A project's name without `python-` before it, where the target's packages are called so.
fn folded<'p>(project: &'p ProjectName, target: &Target) -> Option<&'p str> {
    let stem = project.as_ref().strip_prefix("python-");
    stem.filter(|_| target.naming.fold_python_prefix)
}

/// Names beside its own by which a package is looked for: the target's aliases, and where packages are
/// called as projects spell themselves, the normalised name and the one without `python-`, unless
/// that is another project.
pub(super) fn aliases(
    project: &ProjectName,
    package: &str,
    target: &Target,
    others: &Others<'_>,
) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = target.aliases(package).into_iter().collect();
    let prefix = &target.python.package_prefix;
    if target.naming.published_spelling && package.starts_with(prefix.as_str()) {
        let normalised = project.as_ref();
        let is_other = |stem: &&str| !others.neighbours.keys().any(|other| other.as_ref() == *stem);
        let folded = normalised.strip_prefix("python-").filter(is_other);
        for stem in std::iter::once(normalised).chain(folded) {
            let name = format!("{prefix}{stem}");
            names.extend(target.aliases(&name));
            names.insert(name);
        }
    }
    names.retain(|name| name != package && !target.naming.is_taken(name, project));
    names
}

/// The names of the distribution's own packages that have a project, where it calls them otherwise and
/// its repository tells.
pub(super) fn names_in_repository<'r>(
    project: &ProjectName,
    package: &str,
    target: &Target,
    repository: &'r PackageSet,
) -> BTreeSet<&'r str> {
    let capability = target.dist_capability(project);
    let providers = repository.versions(&capability);
    let names = providers.map(|(provider, _)| provider.package.as_str());
    let prefix = target.python.package_prefix.as_str();
    names.filter(|name| *name != package && name.starts_with(prefix)).collect()
}

/// The version that the distribution has of the package of a name: of the repositories that were
/// looked at, else as the target knows it.
pub fn available(name: &str, target: &Target, repository: Option<&PackageSet>) -> Option<String> {
    let seen = repository.and_then(|repository| repository.newest(name));
    seen.or_else(|| target.naming.versions.get(name).cloned())
}

/// The least epoch of a project's package: above or at that of the versions which the distribution has
/// under the package's name, or under its own name for the project, which the package stands for. Where
/// repositories and the target know different ones, the higher. It is not added to the epoch of
/// PEP 440: the repository may hold an earlier build of this very package.
pub fn epoch(
    project: &ProjectName,
    package: &str,
    target: &Target,
    policy: &NamingPolicy,
    repository: Option<&PackageSet>,
) -> u64 {
    if target.isolation.is_some() {
        return 0;
    }
    let own = distribution_name(project, target, policy);
    let own = (!target.naming.is_taken(&own, project)).then_some(own);
    let names = std::iter::once(package).chain(own.as_deref());
    let versions = names.flat_map(|name| {
        let known = target.naming.versions.get(name).cloned();
        known.into_iter().chain(repository.and_then(|repository| repository.newest(name)))
    });
    versions.map(|version| crate::plan::epoch(&version)).max().unwrap_or_default()
}

/// Whether a name could be a package's in any format; [`Target`] has the rule of its own.
pub fn is_package_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}
