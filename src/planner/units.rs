//! What a package does with its systemd units when it is installed, upgraded and removed.

use std::collections::BTreeMap;

use crate::{
    base::text::OneLine,
    distro::targets::Target,
    plan::{Moment, PlannedFile},
};

/// The folder of the packages' own units. Source: systemd.unit(5), "Unit File Load Path".
const FOLDER: &str = "/usr/lib/systemd/system/";

/// The kinds of units that packages handle. Source: systemd's macros for rpm; dh_installsystemd(1).
const KINDS: [&str; 5] = [".service", ".socket", ".timer", ".path", ".target"];

/// The commands of the target for the units among the files, and a note on them.
pub(super) fn scriptlets(
    files: &[PlannedFile],
    target: &Target,
) -> (BTreeMap<Moment, String>, Vec<OneLine>) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._@-".contains(c);
    let is_unit = |name: &&str| {
        KINDS.iter().any(|kind| name.ends_with(kind))
            && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && name.chars().all(is_plain)
    };
    let names = files.iter().filter_map(|file| file.path.strip_prefix(FOLDER));
    let units: Vec<&str> = names.filter(is_unit).collect();
    // Of a template only instances run. Source: dh_installsystemd(1), systemd.unit(5).
    let started: Vec<&str> = units.iter().copied().filter(|unit| !unit.contains("@.")).collect();
    let (units, started) = (units.join(" "), started.join(" "));
    if units.is_empty() || target.unit_scriptlets.is_empty() {
        return (BTreeMap::new(), Vec::new());
    }
    let scriptlets = target.unit_scriptlets.iter().filter_map(|(moment, text)| {
        let moment = match moment.as_str() {
            "pre-install" => Moment::PreInstall,
            "post-install" => Moment::PostInstall,
            "pre-remove" => Moment::PreRemove,
            "post-remove" => Moment::PostRemove,
            _ => return None,
        };
        if started.is_empty() && text.contains("{started}") {
            return None;
        }
        Some((moment, text.replace("{units}", &units).replace("{started}", &started)))
    });
    let note = format!("units of systemd are neither enabled nor started: {units}");
    (scriptlets.collect(), vec![OneLine::new(&note)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        distro::targets::Targets,
        plan::{Content, FileRole},
    };

    #[test]
    fn every_target_with_commands_has_them_for_plain_names_only() {
        let file = |name: &str| {
            PlannedFile::new(
                format!("{FOLDER}{name}"),
                0o644,
                FileRole::Plain,
                Content::Text(String::new()),
            )
        };
        let names =
            ["a.service", "b@.timer", "$(id).service", "-c.service", "d.conf", "e.d/x.path"];
        let files: Vec<PlannedFile> = names.into_iter().map(file).collect();
        for name in Targets::embedded().names() {
            let target = Targets::embedded().load(name, None, None).unwrap();
            let (scriptlets, _) = scriptlets(&files, &target);
            assert_eq!(scriptlets.len(), target.unit_scriptlets.len(), "{name}");
            let (of_template, _) = super::scriptlets(&files[1..2], &target);
            assert!(of_template.values().all(|text| !text.contains("restart")), "{name}");
            for (moment, text) in scriptlets {
                assert!(text.contains(" a.service"), "{name} {moment:?}\n{text}");
                for line in
                    text.lines().filter(|line| line.contains("restart") || line.contains("stop"))
                {
                    assert!(!line.contains("b@.timer"), "{name} {moment:?}\n{line}");
                }
                assert!(!text.contains("$(id)") && !text.contains("{units}"), "{text}");
                assert!(!text.lines().any(|line| line.trim_start().starts_with('%')), "{text}");
            }
        }
    }
}
