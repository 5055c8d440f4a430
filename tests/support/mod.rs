//! What all tests share.

pub mod tools;
pub mod wheels;
