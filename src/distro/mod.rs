//! Distributions as data: targets, hints, and the contents of their repositories.

pub mod hints;
pub mod targets;
