//! The projects of a run as the others see them.

use super::{Context, PipelineError};
use crate::{
    base::report::Event,
    format::host::PackageSet,
    planner::{self, Neighbour, Neighbours, Policy},
    resolve::Resolution,
};

/// Returns the names, versions and epochs that all projects of the collection get.
///
/// # Errors
/// A project cannot have a name as a package of the target.
pub(super) fn neighbours(
    run: &Context,
    resolution: &Resolution,
    policy: &Policy,
    repository: Option<&PackageSet>,
) -> Result<Neighbours, PipelineError> {
    let mut neighbours = Neighbours::new();
    for pin in resolution.pins.values() {
        let package = planner::package_name(&pin.project, run.target(), &policy.naming)?;
        if run.target().naming.is_taken(&package, &pin.project) {
            run.reporter().event(Event::Warning(&format!(
                "`{package}`, the name given to `{}`, is another package of {}: package managers \
                 take the one for the other",
                pin.project,
                run.target().description
            )));
        }
        let neighbour = Neighbour {
            epoch: planner::epoch(&pin.project, &package, run.target(), &policy.naming, repository),
            package,
            version: pin.version.clone(),
            metadata: pin.metadata.clone(),
        };
        neighbours.insert(pin.project.clone(), neighbour);
    }
    for (project, Neighbour { package, .. }) in &neighbours {
        let taken = planner::taken_name(project, run.target(), &policy.naming);
        let Some(taken) = taken else { continue };
        if let Some((other, _)) = neighbours.iter().find(|(_, other)| other.package == taken) {
            run.reporter().event(Event::Warning(&format!(
                "`{project}` becomes `{package}`, since `{taken}` is `{other}` in {}; `name` under \
                 `[project.{project}]` in the configuration gives it another",
                run.target().description
            )));
        }
    }
    Ok(neighbours)
}
