//! `pypi2pkg explain`.

use clap::Args;

use crate::{
    base::report::print_result,
    cli::failure::{FAILED, Failure},
    format::Native,
    plan::{Content, PackagePlan},
    python::artifact::ProjectName,
    resolve::{Pin, RequiredBy},
    settings::values,
};

use super::{
    arguments::{PackageArguments, ProjectArguments},
    session,
};

/// Explain where the name, the version and each relation of a package come from
#[derive(Debug, Args)]
#[command(after_help = "Example:
  pypi2pkg explain requests -r requirements.txt --target debian-12")]
pub(super) struct ExplainArguments {
    /// The project to explain
    #[arg(value_parser = values::project)]
    project: ProjectName,
    #[command(flatten)]
    arguments: ProjectArguments,
    #[command(flatten)]
    packages: PackageArguments,
}

impl ExplainArguments {
    /// Returns status 1 if the project does not become a package.
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let options = self.packages.add_to(self.arguments.options());
        let context = session::open(&self.arguments, options, verbosity)?;
        let context = context.for_review();
        let (index, requested) = context.index()?;
        let resolution = context.resolve(&index, &requested.requirements)?;
        let prepared = context.prepare(&index, &requested, &resolution)?;
        let left = prepared.distribution.iter().find(|record| record.project == self.project);
        if let Some(record) = left {
            print_result(&format!("{}: {record} ({})", self.project, record.reason.as_str()));
            return Ok(0);
        }
        let package = prepared.packages.iter().find(|p| p.plan.project == self.project);
        let (Some(package), Some(pin)) = (package, resolution.pins.get(&self.project)) else {
            let failed = prepared.failures.iter().find(|f| f.project == self.project);
            let cause = failed.map(|failure| format!(": {}", failure.cause.as_str()));
            return Err(Failure {
                status: FAILED,
                message: format!(
                    "`{}` is not a package{}",
                    self.project,
                    cause.unwrap_or_default()
                ),
                hint: Some("`pypi2pkg tree` shows the projects that are needed".to_owned()),
            });
        };
        let naming = context.naming(&resolution);
        let name = crate::planner::name_origin(&self.project, context.target(), &naming);
        print_result(&explanation(&package.plan, &package.native, pin, &name).join("\n"));
        Ok(0)
    }
}

fn explanation(plan: &PackagePlan, native: &Native, pin: &Pin, name: &str) -> Vec<String> {
    let mut lines = vec![
        format!("{} {}", plan.package, plan.evr),
        format!("  name: {name}"),
        format!("  version: {} as published", plan.release),
        format!("  made of: {}", plan.source.filename),
        format!("    {}", plan.source.url),
    ];
    if let Some(origin) = &plan.source.origin {
        lines.push(format!("    from {origin}"));
    }
    if let Some(wheel) = &plan.source.built_wheel {
        lines.push(format!("    built into {wheel}"));
    }
    lines.push("  needed:".to_owned());
    for reason in &pin.required_by {
        lines.push(match reason {
            RequiredBy::Root { origin, requirement } => format!("    `{requirement}` ({origin})"),
            RequiredBy::Project { name: by, version, requirement } => {
                format!("    `{requirement}` by {by} {version}")
            }
        });
    }
    let likeness = plan.licence.likeness.map(|percent| format!(", {percent} % alike"));
    lines.push(format!(
        "  licence: {} (from {}{})",
        plan.licence.expression,
        plan.licence.evidence.as_str(),
        likeness.unwrap_or_default()
    ));
    lines.push("  relations:".to_owned());
    for relation in &native.relations {
        lines.push(format!("    {:?}: {}", relation.strength, relation.text));
        lines.push(format!("      {}", relation.origin.as_str()));
    }
    let configured: Vec<&str> = plan
        .files
        .iter()
        .filter(|file| matches!(file.content, Content::Script { .. } | Content::Text(_)))
        .map(|file| file.path.as_str())
        .collect();
    if !configured.is_empty() {
        lines.push("  written or changed:".to_owned());
        lines.extend(configured.iter().map(|path| format!("    {path}")));
    }
    if !plan.left_out.is_empty() {
        lines.push("  left out:".to_owned());
        let left = plan.left_out.iter();
        lines.extend(left.map(|left| format!("    {}: {}", left.member, left.reason.as_str())));
    }
    if !plan.open.is_empty() {
        lines.push("  to be settled by you:".to_owned());
        lines.extend(plan.open.iter().map(|open| format!("    {open}")));
    }
    if !plan.notes.is_empty() {
        lines.push("  notes:".to_owned());
        lines.extend(plan.notes.iter().map(|note| format!("    {}", note.as_str())));
    }
    lines
}
