//! Core metadata, entry points and licences of a project.

mod core;
mod marker;
mod requirement;
mod specifier;

pub use self::{
    core::{CoreMetadata, MetadataError, Requirement},
    marker::{evaluate, parse_marker},
    requirement::{RequirementError, parse_requirement},
    specifier::parse_specifiers,
};
