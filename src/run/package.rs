//! A package on its way through the stages.

use std::path::PathBuf;

use super::context::TargetFormat;
use crate::{
    format::{Native, build::BuildJob},
    plan::{PackagePlan, Recipe, SourceBuild},
    recipe::template::Pack,
    wheels::bytecode::ByteCode,
};

/// Which recipes packages of sdists get. Those of wheels have only one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecipeStyle {
    /// What packs the wheel that was built of the sdist.
    #[default]
    Packed,
    /// What builds the sdist in the target's own idiom, where it has one.
    Native,
}

/// A format and its templates.
pub struct Renderer<'f> {
    pub format: TargetFormat<'f>,
    /// For packages of wheels, and for those that are built of sdists.
    pub(super) packs: (Pack, Pack),
}

impl Renderer<'_> {
    /// The templates of a plan's recipe.
    pub fn pack(&self, plan: &PackagePlan) -> &Pack {
        if plan.from_source.is_some() { &self.packs.1 } else { &self.packs.0 }
    }
}

/// A planned and rendered package.
#[derive(Debug, Clone)]
pub struct Package {
    pub plan: PackagePlan,
    /// The plan as it was before the user's additions, where there are any.
    pub planned: Option<Box<PackagePlan>>,
    pub native: Native,
    pub recipe: Recipe,
    pub material: PackageFiles,
    /// Who made the recipe.
    pub made: RecipeAuthor,
}

/// What a package is built from.
#[derive(Debug, Clone)]
pub struct PackageFiles {
    /// The verified wheel.
    pub wheel: PathBuf,
    /// The file that was fetched: the wheel itself, or its sdist.
    pub source: PathBuf,
    /// How the sdist is built in the target's idiom.
    pub from_source: Option<SourceBuild>,
    pub byte_code: Option<ByteCode>,
    /// Further files that the recipe takes as sources.
    pub further: Vec<PathBuf>,
}

/// How a recipe came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipeAuthor {
    /// Generated in this run.
    Now,
    /// Generated in an earlier run: its release is the one that was reviewed.
    Earlier,
    /// The user changed what was generated, or wrote it.
    Edited,
}

impl Package {
    /// What a builder makes it of.
    pub(super) fn job(&self) -> BuildJob<'_> {
        BuildJob {
            plan: &self.plan,
            native: &self.native,
            recipe: &self.recipe,
            wheel: &self.material.wheel,
            source: &self.material.source,
            byte_code: self.material.byte_code.as_ref(),
            sources: &self.material.further,
            own_recipe: self.made == RecipeAuthor::Edited,
        }
    }
}
