//! The programs that start a package's scripts.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    base::text::OneLine,
    distro::targets::Target,
    plan::{
        Content, PlannedFile,
        relation::{Capability, CapabilityName, Relation, Strength},
    },
    wheels::Wheel,
};

use super::{interpreter, relations::ExternalRelations};

/// Folders whose files the metadata of rpm repositories list. Source: createrepo_c(8), primary.xml.
const FOLDERS: [&str; 4] = ["/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/"];

/// Relations with the programs that files which may be executed begin with; notes on those that are in
/// no known package. Python is what every package requires.
pub(super) fn programs(files: &[PlannedFile], wheel: &Wheel, target: &Target) -> ExternalRelations {
    let lines: BTreeMap<&str, &str> =
        wheel.shebangs.iter().map(|(member, line)| (member.as_str(), line.as_str())).collect();
    let mut outside = ExternalRelations::default();
    let mut seen = BTreeSet::new();
    for file in files.iter().filter(|file| file.mode & 0o111 != 0) {
        let line = match &file.content {
            Content::Member(member) => lines.get(member.path.as_str()).copied(),
            Content::Script { shebang, .. } => Some(shebang.as_str()),
            _ => None,
        };
        let Some(program) = line.and_then(interpreter::program) else { continue };
        match package(&program, target) {
            Some(Some(name)) => outside.relations.push(Relation {
                strength: Strength::Requires,
                capability: Capability::Package { name, own_version: false },
                origin: OneLine::new(&format!("{}{program}`", beginning(&file.path))),
            }),
            Some(None) => {}
            None if !seen.insert(program.clone()) => {}
            None => outside.notes.push(OneLine::new(&format!(
                "`{}` starts with `#!{program}`, which no known package has",
                file.path
            ))),
        }
    }
    outside
}

/// How the origin of a relation begins that a script has.
fn beginning(path: &str) -> String {
    format!("`{path}` starts with `#!")
}

/// Whether a relation is there only for the script at a path.
pub(super) fn is_of_script(relation: &Relation, path: &str) -> bool {
    relation.origin.as_str().starts_with(OneLine::new(&beginning(path)).as_str())
}

/// What a package requires that needs a program: its path where packages may require files, else the
/// package that has it, which is none where every system has the program.
fn package(program: &str, target: &Target) -> Option<Option<CapabilityName>> {
    let name = FOLDERS.iter().find_map(|folder| program.strip_prefix(folder))?;
    if target.layout.requires_files {
        return CapabilityName::parse(program).ok().map(Some);
    }
    let package = target.programs.get(name)?;
    match package.as_str() {
        "" => Some(None),
        package => CapabilityName::parse(package).ok().map(Some),
    }
}
