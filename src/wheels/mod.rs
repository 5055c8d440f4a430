//! Release files and their contents.

mod archive;
mod build_system;
pub mod bytecode;
mod confined;
mod elf;
mod interpreter;
mod library_path;
mod patch;
mod path_file;
mod payload;
mod record;
mod sdist;
mod unpacked;
mod wheel;

use std::{fs, io, path::Path};

use sha2::{Digest, Sha256};

use crate::plan::SourceFile;

pub use archive::WheelMember;
pub use build_system::BuildSystem;
pub use confined::{BackendAnswer, BuildInput, build_confined};
pub use elf::ElfNeeds;
#[cfg(fuzzing)]
pub(crate) use elf::needs as elf_needs;
pub use interpreter::Interpreter;
pub use library_path::{clean_wheel, is_standard as is_standard_folder};
pub use patch::{PatchedMember, changes, patched};
pub use path_file::PathFile;
pub use payload::Payload;
pub use sdist::{SdistBuild, SdistError, build_wheel};
pub use unpacked::{Sdist, stated_needs};
pub use wheel::Wheel;

/// Returns the SHA-256 of a locally built wheel, since builds may differ; `None` for a published
/// wheel, whose hashes are stated.
///
/// # Errors
/// The wheel cannot be read.
pub fn built_digest(source: &SourceFile, wheel: &Path) -> io::Result<Option<String>> {
    let digest = || fs::read(wheel).map(|bytes| hex::encode(Sha256::digest(bytes)));
    source.built_wheel.is_some().then(digest).transpose()
}

/// Why a wheel or sdist was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}` {problem}")]
pub struct SourceError {
    /// The file's name.
    pub file: String,
    /// The problem: the end of a sentence.
    pub problem: String,
}
