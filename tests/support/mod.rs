//! What all tests share.

pub mod tools;
