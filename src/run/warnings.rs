//! What is said of packages that are planned, beside what fails.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use super::Context;
use crate::{
    base::{report::Event, text::OneLine},
    distro::hints,
    format::{Format, PackageError, host::PackageSet},
    plan::{
        PackagePlan,
        relation::{Capability, Strength},
    },
    planner,
};

/// Warns of what a user should look at before packages are built.
///
/// # Errors
/// The order of versions is unknown.
pub(super) fn warn(
    run: &Context,
    repository: Option<&PackageSet>,
    plans: &[&PackagePlan],
    format: &dyn Format,
) -> Result<(), PackageError> {
    warn_of_doubles(run, repository, plans, format)?;
    warn_of_unstated(run, plans);
    warn_of_compilers(run, plans);
    warn_of_files(run, plans);
    Ok(())
}

/// Packages that the distribution has in the same version, where apt and dnf could take either, or in
/// a higher one, which they would take.
///
/// # Errors
/// The order of versions is unknown.
fn warn_of_doubles(
    run: &Context,
    repository: Option<&PackageSet>,
    plans: &[&PackagePlan],
    format: &dyn Format,
) -> Result<(), PackageError> {
    let known = plans.iter().filter_map(|plan| {
        let known = planner::available(&plan.package, run.target(), repository)?;
        Some((plan.package.as_str(), [plan.evr.to_string(), known]))
    });
    let known: Vec<(&str, [String; 2])> = known.collect();
    let versions: Vec<String> = known.iter().flat_map(|(_, versions)| versions.clone()).collect();
    let ranks = format.ranks(&versions)?;
    for ((name, [version, known]), ranks) in known.iter().zip(ranks.chunks(2)) {
        let text = match ranks[0].cmp(&ranks[1]) {
            Ordering::Greater => continue,
            Ordering::Equal => format!(
                "the distribution has `{name}` {version}, too: use another `--release`, such \
                 as `1+acme1`"
            ),
            Ordering::Less => format!(
                "the distribution has `{name}` {known}, which is newer than yours, {version}, and is \
                 preferred: {}",
                remedy(version, known)
            ),
        };
        run.reporter().event(Event::Warning(&text));
    }
    Ok(())
}

/// How a package comes to sort above the distribution's.
fn remedy(version: &str, known: &str) -> &'static str {
    let upstream = |version: &str| version.rsplit_once('-').map(|(rest, _)| rest.to_owned());
    if upstream(version) == upstream(known) {
        "use a higher `--release`"
    } else {
        "use a newer release, or pin the collection's repository above the distribution's"
    }
}

/// Bounds of what is left to the distribution that packages do not state.
fn warn_of_unstated(run: &Context, plans: &[&PackagePlan]) {
    let mut unstated: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for relation in plans.iter().flat_map(|plan| &plan.relations) {
        if let Capability::Project { package, unstated: bounds, .. } = &relation.capability
            && !bounds.is_empty()
        {
            let bounds = bounds.iter().map(ToString::to_string);
            unstated.entry(package).or_default().extend(bounds);
        }
    }
    for (package, bounds) in unstated {
        let bounds: Vec<String> = bounds.into_iter().collect();
        run.reporter().event(Event::Warning(&format!(
            "`{package}` is left to the distribution, but its bounds are omitted: its versions \
             cannot be compared with `{}`; use `--satisfy-from`",
            bounds.join("`, `")
        )));
    }
}

/// Commands that are left out since the system has them, with their manual pages, and rules of the
/// configuration that concern no file.
fn warn_of_files(run: &Context, plans: &[&PackagePlan]) {
    for plan in plans {
        let project = &plan.project;
        let warn = |text: &str| {
            run.reporter().event(Event::Warning(&format!("`{project}`: {text}")));
        };
        let notes = plan.notes.iter().map(OneLine::as_str);
        for note in notes.clone().filter_map(|note| note.strip_prefix(planner::UNUSED_RULE)) {
            warn(&format!("{note} matches no file of the wheel"));
        }
        for note in notes.filter(|note| note.starts_with(planner::FOREIGN_FOLDER)) {
            warn(&format!("{note}: whoever can write there runs code in its place"));
        }
        let commands = plan.notes.iter().filter_map(planner::system_command);
        let members = plan.left_out.iter().filter_map(|left| {
            let is_system = left.reason.as_str() == planner::SYSTEM_COMMAND;
            is_system.then(|| left.member.rsplit('/').next().unwrap_or(&left.member))
        });
        for command in commands.chain(members) {
            warn(&format!(
                "the command `{command}` is left out, since it belongs to the system; to install it \
                 under another name, set `move = {{ \"/usr/bin/{command}\" = \
                 \"/usr/bin/{project}-{command}\" }}` under `[project.{project}]`"
            ));
        }
    }
}

/// Compilers and build tools that packages require to run, as far as no table says why.
fn warn_of_compilers(run: &Context, plans: &[&PackagePlan]) {
    for plan in plans {
        for relation in plan.relations.iter().filter(|r| r.strength == Strength::Requires) {
            let Capability::Package { name, .. } = &relation.capability else { continue };
            if hints::is_compiler(name) && !hints::is_of_table(relation.origin.as_str()) {
                run.reporter().event(Event::Warning(&format!(
                    "`{}` requires `{name}`, a compiler or build tool, to run ({}): state it as a \
                     build need if it is one",
                    plan.package, relation.origin
                )));
            }
        }
    }
}
