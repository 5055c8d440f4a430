//! Options that requirements files may hold.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use super::{RequirementOrigin, RequirementsError};
use crate::python::artifact::{ProjectName, project_name, redacted};

/// The options of a line, with the name that each is known by, and whether it has a value.
/// Source: pip 26.3, whose parser also takes every unique beginning of a long name.
const OPTIONS: [(&str, &str, bool); 27] = [
    ("-i", "--index-url", true),
    ("--index-url", "--index-url", true),
    ("--pypi-url", "--index-url", true),
    ("--extra-index-url", "--extra-index-url", true),
    ("--no-index", "--no-index", false),
    ("-c", "--constraint", true),
    ("--constraint", "--constraint", true),
    ("-r", "--requirement", true),
    ("--requirement", "--requirement", true),
    ("-e", "--editable", true),
    ("--editable", "--editable", true),
    ("-f", "--find-links", true),
    ("--find-links", "--find-links", true),
    ("--no-binary", "--no-binary", true),
    ("--only-binary", "--only-binary", true),
    ("--prefer-binary", "--prefer-binary", false),
    ("--require-hashes", "--require-hashes", false),
    ("--no-require-hashes", "--no-require-hashes", false),
    ("--pre", "--pre", false),
    ("--all-releases", "--all-releases", true),
    ("--only-final", "--only-final", true),
    ("--trusted-host", "--trusted-host", true),
    ("--use-feature", "--use-feature", true),
    ("--hash", "--hash", true),
    ("-C", "--config-settings", true),
    ("--config-settings", "--config-settings", true),
    ("--config-setting", "--config-settings", true),
];

/// The options of one line.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// Names and values; the value of one that has none is empty.
    pub list: Vec<(&'static str, String)>,
    /// Words that are neither options nor their values.
    pub rest: Vec<String>,
}

impl Options {
    /// Parses the words of a line.
    ///
    /// # Errors
    /// An option that is unknown, lacks its value, or has one that it does not take.
    pub(super) fn parse(
        words: Vec<String>,
        origin: &RequirementOrigin,
    ) -> Result<Self, RequirementsError> {
        let mut options = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--" {
                options.rest.extend(words);
                break;
            }
            let Some((name, joined)) = split(&word) else {
                options.rest.push(word);
                continue;
            };
            let problem = |problem: &str| RequirementsError::Option {
                origin: origin.clone(),
                option: name.to_owned(),
                problem: problem.to_owned(),
            };
            let (known, has_value) = lookup(name).ok_or_else(|| {
                RequirementsError::UnknownOption { origin: origin.clone(), option: name.to_owned() }
            })?;
            let value = match joined {
                Some(_) if !has_value => return Err(problem("takes no value")),
                Some(value) => value.to_owned(),
                None if has_value => words.next().ok_or_else(|| problem("needs a value"))?,
                None => String::new(),
            };
            if has_value && value.is_empty() {
                return Err(problem("needs a value"));
            }
            options.list.push((known, value));
        }
        Ok(options)
    }

    /// Takes the first value of an option out.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.list.iter().position(|(known, _)| *known == name)?;
        Some(self.list.remove(at).1)
    }
}

/// An option's name and the value that is joined to it (`--name=value`, `-rvalue`); `None` where
/// the word is not an option.
fn split(word: &str) -> Option<(&str, Option<&str>)> {
    if word.starts_with("--") {
        let (name, value) = word.split_once('=').map_or((word, None), |(n, v)| (n, Some(v)));
        return Some((name, value));
    }
    let end = word.char_indices().nth(2).map_or(word.len(), |(at, _)| at);
    let is_option = word.starts_with('-') && word.len() > 1;
    is_option.then(|| (&word[..end], (end < word.len()).then(|| &word[end..])))
}

/// The name by which an option is known, and whether it has a value.
fn lookup(name: &str) -> Option<(&'static str, bool)> {
    let known = |(_, known, has_value): &(&str, &'static str, bool)| (*known, *has_value);
    if let Some(exact) = OPTIONS.iter().find(|option| option.0 == name) {
        return Some(known(exact));
    }
    let begin = |option: &&(&str, &'static str, bool)| {
        name.len() > 2 && name.starts_with("--") && option.0.starts_with(name)
    };
    let mut found: Vec<_> = OPTIONS.iter().filter(begin).map(known).collect();
    found.dedup();
    match found.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// Projects that an option such as `--no-binary` names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectRule {
    /// `:all:`.
    pub all: bool,
    pub projects: BTreeSet<ProjectName>,
}

impl ProjectRule {
    /// Whether the rule names a project, by name or as one of all.
    pub fn covers(&self, project: &ProjectName) -> bool {
        self.all || self.projects.contains(project)
    }

    /// Adds a comma-separated list, in which `:none:` empties what was there before. What is added
    /// here is taken from `opposite`, the option that says the contrary.
    ///
    /// # Errors
    /// The part that is not a valid project name.
    pub fn add(&mut self, list: &str, opposite: &mut Self) -> Result<(), String> {
        for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                ":all:" => {
                    *self = Self { all: true, ..Self::default() };
                    *opposite = Self::default();
                }
                ":none:" => *self = Self::default(),
                _ => {
                    let name = project_name(part).ok_or_else(|| {
                        format!("has `{part}`, which is not a valid project name")
                    })?;
                    opposite.projects.remove(&name);
                    self.projects.insert(name);
                }
            }
        }
        Ok(())
    }
}

impl Serialize for ProjectRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = self.all.then_some(":all:").into_iter();
        serializer.collect_seq(all.chain(self.projects.iter().map(AsRef::as_ref)))
    }
}

/// What requirements files say besides requirements. Flags and configuration win over it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FileOptions {
    #[serde(serialize_with = "redacted_one")]
    pub index_url: Option<String>,
    #[serde(serialize_with = "redacted_all")]
    pub extra_index_urls: Vec<String>,
    /// URLs and paths.
    #[serde(serialize_with = "redacted_all")]
    pub find_links: Vec<String>,
    pub no_index: bool,
    /// Projects whose pre-releases are as good as final releases.
    pub all_releases: ProjectRule,
    /// Projects of which pre-releases are never taken.
    pub only_final: ProjectRule,
    pub no_binary: ProjectRule,
    pub only_binary: ProjectRule,
    pub prefer_binary: bool,
    /// Whether every project must have a hash, as it must where one of a file has.
    pub require_hashes: bool,
    /// Hosts that may be used without encryption; certificates are checked all the same.
    pub trusted_hosts: Vec<String>,
}

impl FileOptions {
    /// These with what `lower` says besides. Lists are joined, those of `lower` last; of one
    /// project, and of all of them, these count.
    #[must_use]
    pub fn over(self, lower: &Self) -> Self {
        let (all_releases, only_final) =
            joined((self.all_releases, self.only_final), (&lower.all_releases, &lower.only_final));
        let (no_binary, only_binary) =
            joined((self.no_binary, self.only_binary), (&lower.no_binary, &lower.only_binary));
        Self {
            index_url: self.index_url.or_else(|| lower.index_url.clone()),
            extra_index_urls: [&self.extra_index_urls[..], &lower.extra_index_urls].concat(),
            find_links: [&self.find_links[..], &lower.find_links].concat(),
            no_index: self.no_index || lower.no_index,
            all_releases,
            only_final,
            no_binary,
            only_binary,
            prefer_binary: self.prefer_binary || lower.prefer_binary,
            require_hashes: self.require_hashes || lower.require_hashes,
            trusted_hosts: [&self.trusted_hosts[..], &lower.trusted_hosts].concat(),
        }
    }
}

/// Two opposite rules with those of `lower` below them.
fn joined(
    (mut rule, mut opposite): (ProjectRule, ProjectRule),
    lower: (&ProjectRule, &ProjectRule),
) -> (ProjectRule, ProjectRule) {
    let (own, other) = (rule.clone(), opposite.clone());
    let says_all = own.all || other.all;
    for (into, from, against) in [(&mut rule, lower.0, &other), (&mut opposite, lower.1, &own)] {
        let free = |project: &&ProjectName| !says_all && !against.projects.contains(*project);
        into.all |= from.all && !says_all;
        into.projects.extend(from.projects.iter().filter(free).cloned());
    }
    (rule, opposite)
}

fn redacted_one<S: Serializer>(url: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    url.as_deref().map(redacted).serialize(serializer)
}

fn redacted_all<S: Serializer>(urls: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(urls.iter().map(|url| redacted(url)))
}
