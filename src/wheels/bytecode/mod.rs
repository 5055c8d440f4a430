//! Byte code for packages, compiled by a CPython of the target's version.
//! Source: Fedora's `brp-python-bytecompile`; PEP 3147 (where it lies), PEP 488 (its levels).

mod compiler;
mod interpreter;
mod store;

use std::path::PathBuf;

pub use compiler::Compiler;

use crate::{
    base::{files::FileError, process::ProcessError},
    wheels::SourceError,
};

/// The compiled modules of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteCode {
    /// A folder that stands for the root: the compiled files are below it at their paths.
    pub folder: PathBuf,
    /// The interpreter that compiled them, which specs start, too.
    pub interpreter: PathBuf,
}

/// Why modules could not be compiled. Those that are no valid Python for the target are no error:
/// they have no byte code.
#[derive(Debug, thiserror::Error)]
pub enum ByteCodeError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Write(#[from] FileError),
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("`{}` cannot compile modules: {reason}", .interpreter.display())]
    Failed { interpreter: PathBuf, reason: String },
}

impl ByteCodeError {
    /// Whether the modules are to blame, or what they are compiled with: the package can go without
    /// byte code.
    pub fn is_of_compiling(&self) -> bool {
        match self {
            Self::Failed { .. } => true,
            Self::Process(error) => *error != ProcessError::Interrupted,
            Self::Source(_) | Self::Write(_) => false,
        }
    }
}
