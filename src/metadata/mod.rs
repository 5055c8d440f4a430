//! Core metadata, entry points and licences of a project.

mod core;

pub use self::core::{CoreMetadata, MetadataError, Requirement};
