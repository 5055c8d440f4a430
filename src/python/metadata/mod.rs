//! Core metadata, entry points and licences of a project.

mod comparison;
mod core;
mod difference;
mod entry_points;
mod header;
mod licence;
mod marker;
mod membership;
mod requirement;
mod specifier;
#[cfg(test)]
mod vectors;

pub use self::{
    core::{CoreMetadata, MetadataError, Requirement},
    entry_points::{EntryPoint, EntryPointError, EntryPoints},
    licence::{
        Licence, LicenceEvidence, UNKNOWN_LICENCE, licence, parse_expression, sdist_licence,
    },
    marker::{evaluate, group_as_extra, parse_lock_marker, parse_marker},
    membership::{is_pinned, names_prerelease, satisfies},
    requirement::{RequirementError, parse_published_requirement, parse_requirement},
    specifier::parse_specifiers,
};
