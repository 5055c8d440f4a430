//! The files of a release and what is inside them.

mod archive;
mod elf;
mod payload;
mod record;
mod sdist;
mod wheel;

pub use archive::Member;
pub use elf::ElfNeeds;
pub use payload::Payload;
pub use sdist::{SdistBuild, build_wheel};
pub use wheel::Wheel;

/// Why a wheel or sdist was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}` {problem}")]
pub struct SourceError {
    /// The file's name.
    pub file: String,
    /// What is wrong with it: a sentence's rest.
    pub problem: String,
}
