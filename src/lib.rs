//! `pypi2pkg` converts projects from the Python Package Index to native RPM and Debian packages.
//!
//! # Architecture
//!
//! The modules below are declared from most basic to most composed, which is also the order to
//! read them in. A module uses only modules declared above it; a test enforces that.
//!
//! Each stage of a run has a type of its own and hands one value to the next:
//!
//! ```text
//! Requirements ──resolve──▶ Resolution ──fetch, build wheels──▶ Sources ──plan──▶ PackagePlan
//!        PackagePlan ──lower, render──▶ Recipe ──work──▶ Record ──merge──▶ Collection
//! ```
//!
//! [`plan::PackagePlan`] is the public data model. Everything between it and the rendered recipe
//! is pure: no input or output, no clock, no environment. A distribution is data
//! (`data/distros/*.toml`), not code.
//!
//! A package format stands behind one trait, [`format::Format`]: it lowers plans to the format's
//! terms, builds packages, reads them and writes repository metadata. RPM and Debian packages are
//! built in; [`format::plugin::PluginFormat`] implements it for a format from a plugin.
//!
//! Untrusted code and the system's tools run in a sandbox ([`base::process::Sandbox`]); the wheel that
//! untrusted code leaves is read as strictly as a downloaded one.
//!
//! Each door to the outside has one keeper: `reqwest` only in `index`, `handlebars` only in
//! `recipe::template`, `clap` only in `cli` and on the option groups in `settings` (types of options'
//! values derive `clap::ValueEnum` where they are defined), environment variables only in `settings`,
//! child processes only in `base::process`, printing only in `base::report`.

// Tests may use the doors to the outside that `clippy.toml` closes to all but one module.
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::disallowed_macros))]

pub mod base;

pub mod python;

pub mod plan;

pub mod index;

pub mod resolve;

pub mod distro;

pub mod wheels;

pub mod plugin;

pub mod format;

pub mod planner;

pub mod recipe;

pub mod collection;

pub mod settings;

pub mod run;

pub mod cli;

// The integration tests share it, too.
#[cfg(test)]
#[allow(unreachable_pub)]
#[path = "../tests/support/unit.rs"]
mod support;

#[cfg(fuzzing)]
pub mod fuzzing;
