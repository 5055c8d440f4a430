//! What the tests of the command line share.

pub mod expected;
pub mod pack;
pub mod runner;
pub mod tools;
pub mod wheel;
