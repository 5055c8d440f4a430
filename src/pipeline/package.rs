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
    pub native: Native,
    pub recipe: Recipe,
    /// The verified wheel.
    pub wheel: PathBuf,
    pub byte_code: Option<ByteCode>,
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
        render(run, self.plan, self.wheel, self.byte_code, format, pack)
    }
}
