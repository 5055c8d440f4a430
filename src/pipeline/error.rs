//! What stops a whole run.

use std::path::PathBuf;

use crate::distribution::RepositoryError;
use crate::{
    artifact::ProjectName, build::BuildError, collection::CollectionError, disk::WriteError,
    format::FormatError, index::IndexError, planner::PlanError, recipe::RecipeError,
    requirements::Origin, resolve::ResolveError, sign::SignError, template::TemplateError,
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
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// What a requirement names in place of an index.
    #[error("{origin}: `{text}`: {problem}")]
    Place { origin: Origin, text: String, problem: String, hint: Option<String> },
    /// What a source is built with.
    #[error("what `{file}` is built with cannot be had: {problem}")]
    BuildRequirements { file: String, problem: String, hint: Option<String> },
    /// A folder that holds something else.
    #[error("`{}` holds something that was not frozen", .folder.display())]
    NotFrozen { folder: PathBuf },
    /// A file or folder that cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// What is not in the cache where only the cache may answer.
    #[error("`--offline` forbids to fetch what is not in the cache:{}", lines(.missing))]
    Offline { missing: Vec<String> },
    /// The interpreter that has to compile.
    #[error("`--bytecode compile` needs python{major}.{minor}, which is not here")]
    NoCompiler { major: u32, minor: u32 },
    #[error("the package name `{name}` is wanted by {}", list(.projects))]
    SameName { name: String, projects: Vec<ProjectName> },
    /// Files that several packages would own.
    #[error("packages that cannot be installed together own the same files:{}", shared_paths(.shared))]
    SamePath { shared: Vec<(String, Vec<ProjectName>)> },
}

fn shared_paths(shared: &[(String, Vec<ProjectName>)]) -> String {
    let line = |(path, projects): &(String, Vec<ProjectName>)| {
        format!("\n  `{path}` of {}", list(projects))
    };
    shared.iter().map(line).collect()
}

fn lines(missing: &[String]) -> String {
    missing.iter().map(|subject| format!("\n  {subject}")).collect()
}

fn list(projects: &[ProjectName]) -> String {
    let names: Vec<String> = projects.iter().map(|project| format!("`{project}`")).collect();
    names.join(" and ")
}
