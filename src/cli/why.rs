//! `pypi2pkg why`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use crate::{
    base::report::print_result,
    base::text::serialised,
    cli::failure::{FAILED, Failure},
    python::artifact::{ProjectName, project_name},
    resolve::{Pin, RequiredBy, Resolution},
};

use super::{arguments::ProjectArguments, session};

/// Show what requires a project, up to the requirements
#[derive(Debug, Args)]
#[command(after_help = "Example:
  pypi2pkg why idna -r requirements.txt --target debian-12")]
pub(super) struct WhyArguments {
    /// The project to explain
    #[arg(value_parser = |text: &str| project_name(text).ok_or("this is not a valid project name"))]
    project: ProjectName,
    #[command(flatten)]
    arguments: ProjectArguments,
    /// Print the projects in between, in the form of `resolve --json`
    #[arg(long)]
    json: bool,
}

impl WhyArguments {
    /// Returns status 1 if nothing requires the project.
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let context = session::open(&self.arguments, self.arguments.options(), verbosity)?;
        let (index, requested) = context.index()?;
        let resolution = context.resolve(&index, &requested.requirements)?;
        let Some(pin) = resolution.pins.get(&self.project) else {
            return Err(Failure {
                status: FAILED,
                message: format!("nothing requires `{}`", self.project),
                hint: Some("`pypi2pkg tree` shows all that is required".to_owned()),
            });
        };
        let mut explanation = RequirementChain { resolution: &resolution, pins: BTreeMap::new() };
        let mut lines = vec![format!("{} {}", pin.project, pin.version)];
        explanation.explain(pin, 1, &mut lines);
        if self.json {
            let explained = Resolution { pins: explanation.pins };
            print_result(&serialised::pretty_json(&explained));
        } else {
            print_result(&lines.join("\n"));
        }
        Ok(0)
    }
}

struct RequirementChain<'r> {
    resolution: &'r Resolution,
    /// The projects that were explained; each is explained once.
    pins: BTreeMap<ProjectName, Pin>,
}

impl RequirementChain<'_> {
    fn explain(&mut self, pin: &Pin, level: usize, lines: &mut Vec<String>) {
        self.pins.insert(pin.project.clone(), pin.clone());
        let indent = "  ".repeat(level);
        let mut seen = BTreeSet::new();
        for reason in &pin.required_by {
            match reason {
                RequiredBy::Root { origin, requirement } => {
                    lines.push(format!("{indent}requested as `{requirement}` ({origin})"));
                }
                RequiredBy::Project { name, version, requirement } => {
                    let is_known = self.pins.contains_key(name) || !seen.insert(name);
                    let mark = if is_known { " (*)" } else { "" };
                    lines.push(format!("{indent}{name} {version} requires `{requirement}`{mark}"));
                    if let Some(by) = self.resolution.pins.get(name).filter(|_| !is_known) {
                        self.explain(by, level + 1, lines);
                    }
                }
            }
        }
    }
}
