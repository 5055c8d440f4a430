//! A package on its way through the stages.

use std::path::PathBuf;

use crate::{
    build::BuildJob,
    bytecode::ByteCode,
    collection::FailureRecord,
    format::{Format, Native},
    plan::PackagePlan,
    recipe::Recipe,
    template::Pack,
};

use super::{Run, prepare::render};

/// A planned and rendered package.
#[derive(Debug, Clone)]
pub struct Package {
    pub plan: PackagePlan,
    /// The plan as it was before a person's additions, where there are any.
    pub planned: Option<Box<PackagePlan>>,
    pub native: Native,
    pub recipe: Recipe,
    /// The verified wheel.
    pub wheel: PathBuf,
    pub byte_code: Option<ByteCode>,
    /// Further files that the recipe takes as sources.
    pub sources: Vec<PathBuf>,
    /// Who made the recipe.
    pub made: Made,
}

/// How a recipe came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// Generated in this run.
    Now,
    /// Generated in an earlier run: its release is the one that was reviewed.
    Earlier,
    /// A person changed what was generated, or wrote it.
    Edited,
}

impl Package {
    /// What a builder makes it of.
    pub(super) fn job(&self) -> BuildJob<'_> {
        BuildJob {
            plan: &self.plan,
            native: &self.native,
            recipe: &self.recipe,
            wheel: &self.wheel,
            byte_code: self.byte_code.as_ref(),
            sources: &self.sources,
            own_recipe: self.made == Made::Edited,
        }
    }

    /// The same package with another release, in words and recipe, too.
    pub(super) fn with_release(
        mut self,
        release: String,
        run: &Run<'_>,
        format: &dyn Format,
        pack: &Pack,
    ) -> Result<Self, FailureRecord> {
        self.plan.evr.release = release;
        let package = render(run, self.plan, self.wheel, self.byte_code, format, pack)?;
        Ok(Self { planned: self.planned, ..package })
    }
}
