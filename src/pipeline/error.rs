//! What stops a whole run.

use crate::{
    artifact::ProjectName, build::BuildError, collection::CollectionError, format::FormatError,
    index::IndexError, planner::PlanError, recipe::RecipeError, resolve::ResolveError,
    template::TemplateError,
};

/// Why a run could not go on. What concerns one project only is a failure in the collection's
/// manifest instead.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Collection(#[from] CollectionError),
    #[error("a requirements file gives `{option}`, and a run asks one index only")]
    Unsupported { option: &'static str },
    #[error("the package name `{name}` is wanted by {}", list(.projects))]
    SameName { name: String, projects: Vec<ProjectName> },
}

fn list(projects: &[ProjectName]) -> String {
    let names: Vec<String> = projects.iter().map(|project| format!("`{project}`")).collect();
    names.join(" and ")
}
