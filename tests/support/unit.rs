//! What unit tests share with those of the command line.

#[path = "expected.rs"]
pub mod expected;
#[path = "pack.rs"]
pub mod pack;
#[path = "tools.rs"]
pub mod tools;
