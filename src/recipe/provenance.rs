//! What a recipe was generated of: `recipe.toml`, and `sources` beside it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    base::text::serialised,
    distro::targets::Target,
    plan::{Content, PackagePlan},
    python::artifact::ProjectName,
};

use super::{RecipeError, folder::read};

/// The file by which a folder is known as a recipe.
pub const RECIPE: &str = "recipe.toml";
/// The file that lists what has to be fetched.
pub(super) const SOURCES: &str = "sources";

/// The version of the file's schema.
const SCHEMA: u32 = 1;

const HEADING: &str = "# What this recipe was generated of, for pypi2pkg to generate it again.\n";

/// The inputs of a recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Provenance {
    schema: u32,
    /// The program that generated it, with its version.
    pub generator: String,
    pub project: ProjectName,
    pub release: String,
    /// The native package's name.
    pub package: String,
    pub target: String,
    /// The target's Python: `3.14`.
    pub python: String,
    /// As machines write it: `x86_64`.
    pub arch: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install_prefix: Option<String>,
    pub packager: String,
    /// The requirements with which people ask for the project; none where only others require it.
    #[serde(default)]
    pub requested: Vec<String>,
    /// Whether the recipe builds the project's sdist.
    #[serde(default)]
    pub from_source: bool,
    /// Whether the package brings byte code.
    #[serde(default)]
    pub byte_code: bool,
    /// A SHA-256 of what the user adds to the recipe, as it was when it was generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additions: Option<String>,
}

impl Provenance {
    /// What a plan's recipe is generated of.
    pub fn new(
        plan: &PackagePlan,
        target: &Target,
        requested: Vec<String>,
        additions: Option<String>,
    ) -> Self {
        let (major, minor) = target.python.version;
        Self {
            schema: SCHEMA,
            generator: concat!("pypi2pkg ", env!("CARGO_PKG_VERSION")).to_owned(),
            project: plan.project.clone(),
            release: plan.release.to_string(),
            package: plan.package.clone(),
            target: target.name.clone(),
            python: format!("{major}.{minor}"),
            arch: target.architecture.machine.clone(),
            install_prefix: target.isolation.as_ref().map(|own| own.prefix.clone()),
            packager: plan.packager.to_string(),
            requested,
            from_source: plan.from_source.is_some(),
            byte_code: plan.files.iter().any(|f| matches!(f.content, Content::ByteCode { .. })),
            additions,
        }
    }

    /// The same with other additions, by their digest.
    #[must_use]
    pub fn with_additions(self, additions: Option<String>) -> Self {
        Self { additions, ..self }
    }

    /// Whether both are for the same distribution, Python, machine and folder.
    pub fn same_target(&self, other: &Self) -> bool {
        let target = |one: &Self| {
            (one.target.clone(), one.python.clone(), one.arch.clone(), one.install_prefix.clone())
        };
        target(self) == target(other)
    }

    /// Refuses a recipe that was generated for another target than this one.
    ///
    /// # Errors
    /// It was.
    pub fn check_target(&self, folder: &Path, target: &Target) -> Result<(), RecipeError> {
        let (major, minor) = target.python.version;
        let wanted = Self {
            target: target.name.clone(),
            python: format!("{major}.{minor}"),
            arch: target.architecture.machine.clone(),
            install_prefix: target.isolation.as_ref().map(|own| own.prefix.clone()),
            ..self.clone()
        };
        if self.same_target(&wanted) {
            Ok(())
        } else {
            Err(RecipeError::OtherTarget {
                folder: folder.to_owned(),
                present: self.platform(),
                wanted: wanted.platform(),
            })
        }
    }

    fn platform(&self) -> String {
        let prefix = self.install_prefix.as_ref().map(|prefix| format!(" in `{prefix}`"));
        let Self { target, python, arch, .. } = self;
        format!("`{target}` ({arch}) with Python {python}{}", prefix.unwrap_or_default())
    }

    /// Reads the file of a recipe's folder.
    ///
    /// # Errors
    /// There is none, or it is not ours.
    pub fn read(folder: &Path) -> Result<Self, RecipeError> {
        let path = folder.join(RECIPE);
        let no_recipe = || RecipeError::NoRecipe { folder: folder.to_owned() };
        let text = read(&path)?.ok_or_else(no_recipe)?;
        let refuse = |reason: String| RecipeError::Read { path: path.clone(), reason };
        let provenance: Self =
            toml::from_str(&text).map_err(|error| refuse(error.message().to_owned()))?;
        match provenance.schema {
            SCHEMA => Ok(provenance),
            other => Err(refuse(format!("its schema is {other}, this program reads {SCHEMA}"))),
        }
    }

    pub(super) fn to_text(&self) -> String {
        // All its values have a form in TOML.
        HEADING.to_owned() + &serialised::toml(self)
    }
}

/// A line for the file that a package is built from: its hash, and where it is.
pub(super) fn sources(plan: &PackagePlan) -> String {
    let hashes = plan.source.hashes.0.iter();
    let hashes: Vec<String> =
        hashes.map(|(algorithm, digest)| format!("{}:{digest}", algorithm.name())).collect();
    format!("{}  {}\n", hashes.join(","), plan.source.url)
}
