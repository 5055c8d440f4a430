//! What tests of interrupted runs share with others.

#[path = "pack.rs"]
mod pack;
#[path = "runner.rs"]
pub mod runner;
#[path = "wheel.rs"]
pub mod wheel;
