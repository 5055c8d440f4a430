//! What all tests share.

pub mod expected;
pub mod tools;
pub mod wheels;
