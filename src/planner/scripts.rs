//! Launchers for entry points.
//! Source: PyPA entry points specification.

use std::collections::BTreeSet;

use crate::{
    base::text::OneLine,
    distro::targets::Target,
    plan::{Content, FileRole, PlannedFile, ShebangError},
    python::{artifact::ExtraName, metadata::EntryPoint},
    wheels::Wheel,
};

use super::{
    CommandPaths, Policy,
    hazards::{self, SYSTEM_COMMAND},
    rules::LEFT_OUT,
};

const LEFT_OUT_COMMAND: &str = "left out: command `";
const WHICH: &str = "`, which ";

/// The note on a command that is left out; `reason` follows "which".
fn left_out(command: &str, reason: &str) -> OneLine {
    OneLine::new(&format!("{LEFT_OUT_COMMAND}{command}{WHICH}{reason}"))
}

/// The command that a note of a plan is on, where it is left out because it belongs to the system.
pub fn system_command(note: &OneLine) -> Option<&str> {
    let rest = note.as_str().strip_prefix(LEFT_OUT_COMMAND)?;
    rest.strip_suffix(SYSTEM_COMMAND)?.strip_suffix(WHICH)
}

/// The launchers of all console and gui scripts, and notes on those that are left out.
///
/// A command that needs an extra is there only where that was requested.
///
/// # Errors
/// The target's interpreter cannot start scripts.
pub(super) fn launchers(
    wheel: &Wheel,
    extras: &[ExtraName],
    target: &Target,
    policy: &Policy,
) -> Result<(Vec<PlannedFile>, Vec<OneLine>), ShebangError> {
    let paths = CommandPaths::new(wheel, target, policy);
    let rules = policy.rules(&wheel.metadata.name);
    let mut files = Vec::new();
    let mut notes = Vec::new();
    for entry in wheel.entry_points.console_scripts.iter().chain(&wheel.entry_points.gui_scripts) {
        let path = rules.place(&paths.path(&entry.name));
        let missing = entry.extras.iter().find(|extra| !extras.contains(extra));
        if let Some(extra) = missing {
            notes.push(left_out(&entry.name, &format!("needs the extra `{extra}`")));
        } else if rules.leaves_out(&path, None) {
            notes.push(left_out(&entry.name, LEFT_OUT));
        } else if let Some(problem) = hazards::command_problem(&path, target, policy, rules) {
            notes.push(left_out(&entry.name, problem));
        } else {
            files.push(PlannedFile::new(
                path,
                0o755,
                FileRole::Plain,
                Content::Text(launcher(entry, target)?),
            ));
        }
    }
    Ok((files, notes))
}

/// The script that imports the object and exits with what calling it gives.
fn launcher(entry: &EntryPoint, target: &Target) -> Result<String, ShebangError> {
    let shebang = target.shebang()?;
    let module = &entry.module;
    let object = &entry.attribute;
    let import = object.split('.').next().unwrap_or(object);
    let finds = match &target.isolation {
        Some(_) => {
            let site = &target.python.purelib;
            format!(
                "import site\nimport sys\n\nsys.path.insert(0, \"{site}\")\n\
                 site.addsitedir(\"{site}\")\n"
            )
        }
        None => "import sys\n".to_owned(),
    };
    Ok(format!(
        "{shebang}\n{finds}\nfrom {module} import {import}\n\n\
         if __name__ == \"__main__\":\n    sys.exit({object}())\n"
    ))
}

/// The commands that a package has: its launchers and scripts, under the names that they have in the
/// wheel and in the package.
pub(super) fn commands(
    wheel: &Wheel,
    launchers: &[PlannedFile],
    paths: CommandPaths<'_>,
) -> BTreeSet<String> {
    let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let folders = [format!("{}/scripts/", wheel.data), format!("{}/data/bin/", wheel.data)];
    let scripts = wheel.members.iter().filter_map(|member| {
        folders.iter().find_map(|folder| member.name.strip_prefix(folder.as_str()))
    });
    let points = &wheel.entry_points;
    let entries = points.console_scripts.iter().chain(&points.gui_scripts);
    let installed: BTreeSet<String> = launchers.iter().map(|file| base(&file.path)).collect();
    let entries = entries
        .map(|entry| entry.name.as_str())
        .filter(|name| installed.contains(&base(&paths.path(name))));
    let names = entries
        .chain(scripts)
        .filter(|name| hazards::is_command_name(name) && !hazards::is_reserved_command(name));
    names.flat_map(|name| [name.to_owned(), base(&paths.path(name))]).collect()
}
