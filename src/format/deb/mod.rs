//! Debian packages.

pub mod build;
mod common_licences;
pub mod dpkg_deb;
pub mod host;
mod lower;
pub mod pool;
pub mod relation;
pub mod repository;
pub mod source_package;
mod source_recipe;
pub mod version;

pub use lower::Deb;
