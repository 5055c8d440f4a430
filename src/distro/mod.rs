//! Distributions as data: targets, hints, and what their repositories hold.

pub mod hints;
pub mod targets;
