//! Requirements of a project's `pyproject.toml`, and the files of an application.
//! Source: PyPA pyproject.toml specification (PEP 621) and dependency groups (PEP 735).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::Spanned;

use super::{InputRequest, RequirementsError, Written, document::InputDocument, text};
use crate::python::artifact::{ExtraName, extra_name, project_name};

/// The names of a project's file and of an application's.
pub(super) const FILE: &str = "pyproject.toml";
pub(super) const DEPENDENCIES: &str = "dependencies.txt";
pub(super) const EXTERNAL_DEPENDENCIES: &str = "external-dependencies.txt";
/// What starts an application of the WSGI layout.
pub(super) const WSGI_APPLICATION: &str = "bin/wsgiapp";

/// Whether a folder holds an application, not a project.
pub(super) fn is_application(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    has(DEPENDENCIES) && !has(FILE) && !has("setup.py")
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PyProjectToml {
    project: Option<ProjectSection>,
    #[serde(default)]
    dependency_groups: BTreeMap<String, Vec<Spanned<GroupEntry>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ProjectSection {
    name: Option<String>,
    #[serde(default)]
    dynamic: Vec<String>,
    #[serde(default)]
    dependencies: Vec<Spanned<String>>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum GroupEntry {
    Requirement(String),
    Include {
        #[serde(rename = "include-group")]
        group: String,
    },
}

/// The extras and groups to take, and those that were found.
pub(super) struct SelectedParts {
    extras: Vec<ExtraName>,
    all_extras: bool,
    /// The file of each, where it was named or none was read, and the group.
    groups: Vec<(Option<PathBuf>, String)>,
    folder: PathBuf,
    found_extras: BTreeSet<ExtraName>,
    found_groups: BTreeSet<String>,
    has_read: bool,
}

impl SelectedParts {
    pub(super) fn new(request: &InputRequest<'_>) -> Self {
        let group = |text: &String| match text.rsplit_once(':') {
            Some((path, group)) => (Some(PathBuf::from(path)), group.to_owned()),
            None => (None, text.clone()),
        };
        Self {
            extras: request.extras.to_vec(),
            all_extras: request.all_extras,
            groups: request.groups.iter().map(group).collect(),
            folder: request.folder.to_owned(),
            found_extras: BTreeSet::new(),
            found_groups: BTreeSet::new(),
            has_read: false,
        }
    }

    /// The files that only groups are taken of: those that groups name, and where no project was
    /// among the files, that of the current folder.
    pub(super) fn files_of_groups(&self) -> BTreeSet<PathBuf> {
        let default = (!self.has_read).then(|| PathBuf::from(FILE));
        let paths = self.groups.iter().map(|(path, _)| path.clone().or_else(|| default.clone()));
        paths.flatten().collect()
    }

    /// The requirements of a project and its wanted extras, unless only its groups are wanted, and
    /// of its wanted groups.
    pub(super) fn project(
        &mut self,
        path: &Path,
        text: &str,
        with_dependencies: bool,
    ) -> Result<Vec<Written>, RequirementsError> {
        let folder = self.folder.clone();
        let file = InputDocument { path, text, folder: &folder };
        let read: PyProjectToml = file.toml()?;
        let mut written = Vec::new();
        if with_dependencies {
            let project = read.project.as_ref().ok_or_else(|| {
                file.error(None, "it has no table `project`: name the project's folder".to_owned())
            })?;
            self.dependencies(project, &file, &mut written)?;
            self.has_read = true;
        }
        for (of, group) in &self.groups {
            let is_here = match of {
                Some(of) => of == path,
                None => with_dependencies || path == Path::new(FILE),
            };
            let name = canonical(group);
            if is_here && read.dependency_groups.keys().any(|key| canonical(key) == name) {
                file.group(&read.dependency_groups, &name, &mut Vec::new(), &mut written)?;
                self.found_groups.insert(group.clone());
            }
        }
        Ok(written)
    }

    fn dependencies(
        &mut self,
        project: &ProjectSection,
        file: &InputDocument<'_>,
        written: &mut Vec<Written>,
    ) -> Result<(), RequirementsError> {
        for field in ["dependencies", "optional-dependencies"] {
            if project.dynamic.iter().any(|dynamic| dynamic == field) {
                let problem = format!("its {field} are dynamic: name the project's folder instead");
                return Err(file.error(None, problem));
            }
        }
        let optional = project.optional_dependencies.iter();
        let optional: BTreeMap<ExtraName, _> =
            optional.filter_map(|(name, list)| Some((extra_name(name)?, list))).collect();
        let own = project.name.as_deref().and_then(project_name);
        let mut extras: Vec<ExtraName> =
            if self.all_extras { optional.keys().cloned().collect() } else { self.extras.clone() };
        let mut seen = BTreeSet::new();
        let mut lists = vec![&project.dependencies];
        loop {
            for text in lists.drain(..).flatten() {
                let requirement = file.requirement(text.span().start, text.get_ref())?;
                // A project that names itself asks for further extras of its own.
                if own.is_some() && requirement.name == own {
                    extras.extend(requirement.extras);
                } else {
                    written.push(requirement);
                }
            }
            let Some(extra) = extras.pop() else { return Ok(()) };
            if let Some(list) = optional.get(&extra).filter(|_| seen.insert(extra.clone())) {
                lists.push(list);
                self.found_extras.insert(extra);
            }
        }
    }

    /// Whether all extras are taken, whatever there are.
    pub(super) fn takes_all_extras(&self) -> bool {
        self.all_extras
    }

    /// What is taken of a lock file that has these extras and groups: the names of groups in
    /// canonical form.
    pub(super) fn of_lock(
        &mut self,
        extras: &[ExtraName],
        groups: &[String],
    ) -> (Vec<ExtraName>, BTreeSet<String>) {
        self.has_read = true;
        let is_wanted = |extra: &&ExtraName| self.all_extras || self.extras.contains(extra);
        let taken: Vec<ExtraName> = extras.iter().filter(is_wanted).cloned().collect();
        self.found_extras.extend(taken.iter().cloned());
        let has = |group: &&String| groups.iter().any(|known| canonical(known) == canonical(group));
        let named = self.groups.iter().filter(|(of, _)| of.is_none()).map(|(_, group)| group);
        let found: Vec<String> = named.filter(has).cloned().collect();
        let taken_groups = found.iter().map(|group| canonical(group)).collect();
        self.found_groups.extend(found);
        (taken, taken_groups)
    }

    /// Every extra and group was found.
    pub(super) fn check(&self) -> Result<(), RequirementsError> {
        if let Some(extra) = self.extras.iter().find(|extra| !self.found_extras.contains(extra)) {
            return Err(RequirementsError::NoSuch { kind: "extra", name: extra.to_string() });
        }
        match self.groups.iter().find(|(_, group)| !self.found_groups.contains(group)) {
            Some((_, group)) => {
                Err(RequirementsError::NoSuch { kind: "dependency group", name: group.clone() })
            }
            None => Ok(()),
        }
    }
}

/// The extras that the project has in whose folder a lock lies; `None` where its file is not there.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn extras_beside(
    document: &InputDocument<'_>,
) -> Result<Option<BTreeSet<ExtraName>>, RequirementsError> {
    let path = document.folder.join(FILE);
    let Some(text) = text::optional(&path, &path)? else { return Ok(None) };
    let file = InputDocument { path: &path, text: &text, folder: document.folder };
    let read: PyProjectToml = file.toml()?;
    let extras = read.project.into_iter().flat_map(|project| project.optional_dependencies);
    Ok(Some(extras.filter_map(|(name, _)| extra_name(&name)).collect()))
}

/// Names of groups are compared as those of projects are (PEP 735).
pub(super) fn canonical(group: &str) -> String {
    project_name(group).map_or_else(|| group.to_owned(), |name| name.to_string())
}

impl InputDocument<'_> {
    /// A group and the groups that it includes, each once in a chain.
    fn group(
        &self,
        groups: &BTreeMap<String, Vec<Spanned<GroupEntry>>>,
        name: &str,
        open: &mut Vec<String>,
        written: &mut Vec<Written>,
    ) -> Result<(), RequirementsError> {
        let group = groups.iter().find(|(key, _)| canonical(key) == name);
        let Some((_, entries)) = group else {
            return Err(self.error(None, format!("the dependency group `{name}` is missing")));
        };
        if open.iter().any(|known| known == name) {
            return Err(self.error(None, format!("the dependency group `{name}` includes itself")));
        }
        open.push(name.to_owned());
        for entry in entries {
            match entry.get_ref() {
                GroupEntry::Requirement(text) => {
                    written.push(self.requirement(entry.span().start, text)?);
                }
                GroupEntry::Include { group } => {
                    self.group(groups, &canonical(group), open, written)?;
                }
            }
        }
        open.pop();
        Ok(())
    }
}
