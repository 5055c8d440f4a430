//! RPM packages.

pub mod build;
mod files;
pub mod host;
mod lower;
pub mod relation;
pub mod repository;
pub mod rpmbuild;
pub mod source_package;
mod source_recipe;
pub mod version;

pub use lower::Rpm;
