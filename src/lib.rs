//! `pypi2pkg` converts projects from the Python Package Index to native RPM and Debian packages.
//!
//! # Architecture
//!
//! The modules below are declared from most basic to most composed, which is also the order to
//! read them in. A module uses only modules declared above it; the test `architecture` reads the
//! sources and enforces that.
//!
//! Each stage of a run has a type of its own and hands one value to the next:
//!
//! ```text
//! Requirements ──resolve──▶ Resolution ──fetch──▶ Source ──plan──▶ PackagePlan
//!        PackagePlan ──lower, render──▶ Recipe ──work (build)──▶ Record ──merge──▶ Collection
//! ```
//!
//! Before the first stage, files, folders and repositories that requirements name are made into
//! release files; before planning, what the distribution has is left to it. A finished collection is
//! proven by [`check`] from its own data.
//!
//! Of an sdist, a recipe either packs the wheel that is built of it here, or builds the sdist in the
//! target's own idiom: the plan's part `from_source` says how, and [`build::build_from_source`] and
//! [`build::source_package`] run the distribution's tools on it.
//!
//! A package format stands behind three traits: [`format::Format`] puts plans into its words,
//! [`build::Builder`] makes packages of them, and [`collection::Kind`] reads packages and writes the
//! metadata of repositories. rpm and Debian packages have built-in ones; [`plugin::External`] has all
//! three for a format that a plugin brings, with its targets and templates.
//!
//! [`plan::PackagePlan`] is the public data model. Everything between it and the rendered recipe
//! is pure: no input or output, no clock, no environment. A distribution is data
//! (`templates/targets/*.toml`), not code.
//!
//! Code of sources, and the system's tools, run confined ([`process::Sandbox`]): what untrusted code
//! leaves is a wheel like a stranger's.
//!
//! One door to the outside each: `reqwest` only in `index`, `handlebars` only in `template`,
//! `clap` only in `cli`, environment variables only in `settings`, child processes only in
//! `process`, printing only in `report`.

pub mod text;

pub mod disk;

pub mod version;

pub mod relation;

pub mod artifact;

pub mod metadata;

pub mod target;

pub mod hint;

pub mod plan;

pub mod report;

pub mod process;

pub mod sign;

pub mod index;

pub mod distribution;

pub mod requirements;

pub mod resolve;

pub mod source;

pub mod planner;

pub mod bytecode;

pub mod template;

pub mod format;

pub mod recipe;

pub mod build;

pub mod collection;

pub mod work;

pub mod check;

pub mod compare;

pub mod plugin;

pub mod settings;

pub mod pipeline;

pub mod failure;

pub mod cli;

#[cfg(fuzzing)]
pub mod fuzzing;
