//! Where a wheel's native code looks for libraries.

use std::collections::BTreeMap;

use crate::{
    base::text::{OneLine, counted},
    wheels::{Wheel, is_standard_folder},
};

/// What notes on folders of the machine that built a wheel begin with.
pub const FOREIGN_FOLDER: &str = "looks for libraries outside the system's folders: ";

/// Notes on the folders outside the wheel and the system in which its native code looks for libraries,
/// by `DT_RPATH` or `DT_RUNPATH`. Source: ld.so(8); rpm's `check-rpaths` refuses such packages.
pub(super) fn notes(wheel: &Wheel) -> Vec<OneLine> {
    let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let foreign = wheel.foreign_library_paths();
    for (member, folder) in foreign.filter(|(_, folder)| !is_standard_folder(folder)) {
        members.entry(folder).or_default().push(member);
    }
    let note = |(folder, members): (&str, Vec<&str>)| {
        let more = match members.len() - 1 {
            0 => String::new(),
            more => format!(" and {}", counted(more, "more file")),
        };
        OneLine::new(&format!("{FOREIGN_FOLDER}`{}` in `{folder}`{more}", members[0]))
    };
    members.into_iter().map(note).collect()
}
