//! What stops a whole run.

use std::path::PathBuf;

use crate::{
    base::{files::FileError, signing::SignError},
    collection::{CollectionError, check::CheckError},
    distro::targets::TargetError,
    format::{FormatError, PackageError, build::BuildError, host::HostError},
    index::IndexError,
    plan::{Evr, PackagePlan, Recipe},
    planner::PlanError,
    plugin::PluginError,
    python::{artifact::ProjectName, requirements::RequirementOrigin},
    recipe::{RecipeError, template::TemplateError},
    resolve::ResolveError,
    wheels::SdistError,
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
    Sdist(#[from] SdistError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Collection(#[from] CollectionError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Plugin(#[from] PluginError),
    #[error("the format `{format}` has no source packages")]
    NoSourcePackages { format: String },
    #[error(transparent)]
    Repository(#[from] HostError),
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A name, prefix or template in the settings that the target does not allow.
    #[error("`{}`, {what}, is not allowed in names of {format} packages", .name.escape_debug())]
    ForbiddenName { name: String, what: String, format: String, expected: &'static str },
    /// An option that concerns one project.
    #[error("`{option}` needs exactly one project, but {number} were requested")]
    OneProject { option: &'static str, number: usize },
    /// What a requirement names in place of an index.
    #[error("{origin}: `{text}`: {problem}")]
    Place { origin: RequirementOrigin, text: String, problem: String, hint: Option<String> },
    /// What a source is built with.
    #[error("the build requirements of `{file}` cannot be installed: {problem}")]
    BuildRequirements { file: String, problem: String, hint: Option<String> },
    /// A folder that holds something else.
    #[error("`{}` holds something that was not frozen", .folder.display())]
    NotFrozen { folder: PathBuf },
    /// A file or folder that cannot be written.
    #[error(transparent)]
    Write(#[from] FileError),
    /// What cannot be obtained without something that failed.
    #[error("it requires `{requirement}`, which failed")]
    NeedsFailed { requirement: String },
    /// What is not in the cache where only the cache may answer.
    #[error("not in the cache, and `--offline` prevents downloading:{}", lines(.missing))]
    Offline { missing: Vec<String> },
    /// What only the user can settle.
    #[error("open questions:{}", lines(.questions))]
    Open { questions: Vec<String> },
    /// A version of the user's own recipe.
    #[error(
        "`{package}` {evr} was built before of something else: raise its release in the recipe"
    )]
    SameRelease { package: String, evr: Evr },
    /// A spec for what is not built from specs.
    #[error("packages for `{target}` are not made of specs")]
    NoSpecs { target: String },
    /// A spec of a package that is called otherwise.
    #[error("`{}` makes {}, but the package was named `{wanted}`", .spec.display(), names(.found))]
    OtherName { spec: PathBuf, found: Vec<String>, wanted: String },
    /// A spec of another version.
    #[error("`{}` makes version {found}, but {wanted} was resolved", .spec.display())]
    OtherVersion { spec: PathBuf, found: String, wanted: String },
    /// A package that was not made as planned.
    #[error("its relations differ from the plan:{}", lines(.differences))]
    Drifted { differences: Vec<String> },
    /// Recipes for something else than was requested.
    #[error("the recipe in `{}` is for `{known}`, not for `{asked}`", .folder.display())]
    RecipesFor { folder: PathBuf, known: String, asked: String },
    /// Recipes for several targets.
    #[error("the recipes in `{}` are for other targets than `{}`", .other.display(), .first.display())]
    OtherTargets { first: PathBuf, other: PathBuf },
    /// A collection that does not hold together.
    #[error("the collection is not published, because it has problems:{}", lines(.problems))]
    NotPublished { problems: Vec<String> },
    #[error(transparent)]
    Check(#[from] CheckError),
    /// A recipe whose additions are newer.
    #[error("what is added to the recipe in `{}` was changed after it was generated", .folder.display())]
    Outdated { folder: PathBuf },
    /// A recipe with a failed merge.
    #[error("`{}` contains an unresolved merge: {}", .folder.display(), .files.join(", "))]
    Unmerged { folder: PathBuf, files: Vec<String> },
    /// The file of a recipe.
    #[error("`{file}` of the recipe in `{}` is not in an index, and has no URL", .folder.display())]
    NoSource { folder: PathBuf, file: String },
    /// The interpreter that has to compile.
    #[error("`--bytecode compile` needs python{major}.{minor}, which is not on this machine")]
    NoCompiler { major: u32, minor: u32 },
    /// What would confine it.
    #[error("`--bytecode compile` compiles in a sandbox: {error}")]
    UnconfinedCompiler { error: crate::base::process::SandboxError },
    #[error("the package name `{name}` is used by {}", list(.projects))]
    SameName { name: String, projects: Vec<ProjectName> },
    /// Files that several packages would own.
    #[error("several packages contain the same files:{}", shared_paths(.shared))]
    SamePath { shared: Vec<(String, Vec<ProjectName>)> },
}

impl From<PackageError> for PipelineError {
    fn from(error: PackageError) -> Self {
        Self::Collection(error.into())
    }
}

impl PipelineError {
    /// Returns the remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Index(error) => error.hint(),
            Self::Resolve(error) => error.hint(),
            Self::Plan(error) => error.hint(),
            Self::Format(error) => error.hint(),
            Self::Template(error) => error.hint(),
            Self::Recipe(error) => error.hint(),
            Self::Sdist(error) => error.hint.clone(),
            Self::Build(error) => error.hint(),
            Self::Collection(error) => error.hint(),
            Self::Sign(error) => error.hint(),
            Self::Plugin(error) => error.hint(),
            Self::Repository(error) => error.hint(),
            Self::Check(error) => error.hint(),
            Self::Place { hint, .. } | Self::BuildRequirements { hint, .. } => hint.clone(),
            Self::Target(error) => error.hint(),
            Self::ForbiddenName { expected, .. } => Some(format!("write {expected}")),
            Self::Outdated { folder } => {
                Some(format!("`pypi2pkg render {}` updates it", folder.display()))
            }
            _ => self.own_hint().map(str::to_owned),
        }
    }

    /// Returns the remedy of an error that is defined here.
    fn own_hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::OneProject { .. } => "name one project",
            Self::NotFrozen { .. } => "choose another folder with `-o`",
            Self::Offline { .. } => "run once without `--offline`",
            Self::NotPublished { .. } => {
                "build what is missing, or set `publish-incomplete = true` in the configuration"
            }
            Self::NoSourcePackages { .. } => "omit `--source-package`",
            Self::OtherName { .. } => "omit `--name`, or give the spec that name",
            Self::OtherVersion { .. } => "name the spec's version, as in `NAME==VERSION`",
            Self::NoSpecs { .. } => "choose an RPM distribution with `--target`",
            Self::RecipesFor { .. } => "render recipes for it into another folder",
            Self::OtherTargets { .. } => "name the recipes of one target",
            Self::Unmerged { .. } => {
                "take over what you want from it, then remove the `.merge` file"
            }
            Self::NoSource { .. } => "use the index that has it with `--index-url`",
            Self::NoCompiler { .. } => {
                "install it, or build without byte code with `--bytecode none`"
            }
            Self::UnconfinedCompiler { .. } => {
                "install bubblewrap and util-linux, compile without a sandbox with `--no-sandbox`, \
                 or use `--bytecode none`"
            }
            Self::SamePath { .. } => {
                "exclude a project with `--exclude`, or keep each file only in the first project \
                 with `--on-conflict drop`"
            }
            Self::SameName { .. } => "give one of them another name with `--name PROJECT=NAME`",
            _ => return None,
        })
    }

    /// The open questions of a recipe, each with the line that answers it.
    pub(super) fn open(plan: &PackagePlan, recipe: &Recipe) -> Self {
        let mut questions: Vec<String> = plan.open.iter().map(ToString::to_string).collect();
        if questions.is_empty() {
            questions = recipe.open();
        }
        Self::Open { questions }
    }
}

fn shared_paths(shared: &[(String, Vec<ProjectName>)]) -> String {
    let line = |(path, projects): &(String, Vec<ProjectName>)| {
        format!("\n  `{path}` of {}", list(projects))
    };
    shared.iter().map(line).collect()
}

fn names(found: &[String]) -> String {
    let names: Vec<String> = found.iter().map(|name| format!("`{name}`")).collect();
    names.join(" and ")
}

fn lines(missing: &[String]) -> String {
    missing.iter().map(|subject| format!("\n  {subject}")).collect()
}

fn list(projects: &[ProjectName]) -> String {
    let names: Vec<String> = projects.iter().map(|project| format!("`{project}`")).collect();
    names.join(" and ")
}
