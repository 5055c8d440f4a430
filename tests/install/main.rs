//! Packages as their users meet them: built from a recorded index, judged by the linters,
//! installed by the distribution's own tools, imported, and removed again.

// Nothing of a test is public.
#![allow(unreachable_pub)]
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

#[path = "../support/tools.rs"]
mod support;

mod arch;
mod deb;
mod lint;
mod reproducible;
mod rpm;
mod signed;
mod source;
mod tools;
mod updates;
