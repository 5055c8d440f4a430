//! What every other room builds on: text, files, child processes, signatures and output.

pub mod files;
pub mod process;
pub mod report;
pub mod signing;
pub mod text;
