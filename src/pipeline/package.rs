//! A package on its way through the stages.

use std::path::PathBuf;

use crate::{bytecode::ByteCode, format::Native, plan::PackagePlan, recipe::Recipe};

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
