//! What is a wheel's own: its names, modules and commands.

use std::collections::BTreeSet;

use crate::wheels::Wheel;

use super::reserved::{Reserved, normalised};

/// The names by which files are a project's own.
#[derive(Default)]
pub(crate) struct OwnNames<'w> {
    /// The project's name, its modules' and its commands', as PEP 503 compares them; none that the
    /// system has.
    names: BTreeSet<String>,
    /// What lies on top of its folder of modules, without extensions.
    pub modules: BTreeSet<&'w str>,
    /// The paths of its files below the folder of modules.
    files: BTreeSet<&'w str>,
    pub commands: BTreeSet<String>,
}

impl<'w> OwnNames<'w> {
    /// What is the wheel's own; `commands` are those that its package will have.
    pub(crate) fn new(wheel: &'w Wheel, commands: BTreeSet<String>) -> Self {
        let files: BTreeSet<&str> =
            wheel.members.iter().filter_map(|member| module_file(wheel, &member.name)).collect();
        let tops = files.iter().map(|file| file.split('/').next().unwrap_or(file));
        let modules: BTreeSet<&str> = tops.map(module_name).collect();
        let metadata = &wheel.metadata;
        let names = [metadata.name.as_ref(), metadata.raw_name.as_str()].into_iter();
        let names = names.chain(modules.iter().copied()).chain(commands.iter().map(String::as_str));
        let names = names
            .filter(|name| name.is_ascii() && Reserved::embedded().folder(name).is_none())
            .map(normalised)
            .filter(|name| !name.is_empty())
            .collect();
        Self { names, modules, files, commands }
    }

    /// Whether a folder has the project's name, or one that begins with it and a separator.
    pub(crate) fn is_own(&self, folder: &str) -> bool {
        let name = normalised(folder);
        let is_free = folder.is_ascii() && Reserved::embedded().folder(folder).is_none();
        let beginnings = name.match_indices('-').map(|(end, _)| &name[..end]);
        is_free && beginnings.chain([name.as_str()]).any(|name| self.names.contains(name))
    }

    /// Whether the wheel has a file below its folder of modules.
    pub(crate) fn has_file(&self, file: &str) -> bool {
        self.files.contains(file)
    }

    /// Whether the wheel has modules in a folder below its folder of modules.
    pub(crate) fn has_folder(&self, folder: &str) -> bool {
        let is_inside =
            |file: &&str| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.files.range(folder..).take_while(|file| file.starts_with(folder)).any(is_inside)
    }
}

/// The path below the folder of modules that a member gets.
fn module_file<'m>(wheel: &Wheel, member: &'m str) -> Option<&'m str> {
    let (folder, rest) = member.split_once('/').unwrap_or((member, ""));
    if folder == wheel.dist_info {
        return None;
    }
    if folder != wheel.data {
        return Some(member);
    }
    let (scheme, inside) = rest.split_once('/')?;
    matches!(scheme, "purelib" | "platlib").then_some(inside)
}

/// The name by which what lies on top of a folder of modules is imported.
pub(super) fn module_name(top: &str) -> &str {
    top.split('.').next().unwrap_or(top)
}
