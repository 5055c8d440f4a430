//! Launchers for entry points.
//! Source: PyPA entry points specification.

use crate::{
    artifact::ExtraName,
    metadata::EntryPoint,
    plan::{Content, FileRole, PlannedFile},
    source::Wheel,
    target::Target,
    text::OneLine,
};

use super::hazards;

/// The launchers of all console and gui scripts, and notes on those that are left out.
///
/// A command that needs an extra is there only where that was asked for.
pub fn launchers(
    wheel: &Wheel,
    extras: &[ExtraName],
    target: &Target,
) -> (Vec<PlannedFile>, Vec<OneLine>) {
    let mut files = Vec::new();
    let mut notes = Vec::new();
    for entry in wheel.entry_points.console_scripts.iter().chain(&wheel.entry_points.gui_scripts) {
        let missing = entry.extras.iter().find(|extra| !extras.contains(extra));
        if let Some(extra) = missing {
            let note =
                format!("left out: command `{}`, which needs the extra `{extra}`", entry.name);
            notes.push(OneLine::new(&note));
        } else if hazards::is_reserved_command(&entry.name) {
            let note = format!("left out: command `{}`, which belongs to the system", entry.name);
            notes.push(OneLine::new(&note));
        } else {
            files.push(PlannedFile {
                path: target.command_path(&entry.name),
                mode: 0o755,
                role: FileRole::Plain,
                content: Content::Text(launcher(entry, target)),
            });
        }
    }
    (files, notes)
}

/// The script that imports the object and exits with what calling it gives.
fn launcher(entry: &EntryPoint, target: &Target) -> String {
    let shebang = target.shebang();
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
    format!(
        "{shebang}\n{finds}\nfrom {module} import {import}\n\n\
         if __name__ == \"__main__\":\n    sys.exit({object}())\n"
    )
}
