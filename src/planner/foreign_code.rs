//! Native code in a package that the target does not run.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    base::text::{OneLine, counted},
    distro::targets::Target,
    plan::{Content, PlannedFile},
    wheels::Wheel,
};

/// The installed files with native code that the target does not run, and a note on them: it is data.
pub(super) fn foreign_code(
    files: &[PlannedFile],
    wheel: &Wheel,
    target: &Target,
) -> (Vec<String>, Vec<OneLine>) {
    let machine = target.architecture.machine.as_str();
    let foreign: BTreeMap<&str, &str> = wheel
        .elf
        .iter()
        .filter(|elf| !elf.is_for(machine))
        .map(|elf| (elf.member.as_str(), elf.machine.as_deref().unwrap_or("another system")))
        .collect();
    let installed = files.iter().filter_map(|file| match &file.content {
        Content::Member(member) => Some((file.path.clone(), *foreign.get(member.path.as_str())?)),
        _ => None,
    });
    let (paths, machines): (Vec<String>, BTreeSet<&str>) = installed.unzip();
    let Some(first) = paths.first() else { return (paths, Vec::new()) };
    let more = match paths.len() - 1 {
        0 => String::new(),
        more => format!(" and {}", counted(more, "more file")),
    };
    let machines = machines.into_iter().collect::<Vec<_>>().join(", ");
    let note = format!(
        "native code for {machines}, which {machine} does not run, is data here: \
         `{first}`{more}"
    );
    (paths, vec![OneLine::new(&note)])
}
