//! The command line from outside, on folders and loopback only.

// Nothing of a test is public.
#![allow(unreachable_pub)]
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]
// A test shows a whole session at the command line, or a table of cases.
#![allow(clippy::too_many_lines)]

#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod arguments;
mod bad_input;
mod belief;
mod build;
mod bundled;
mod byte_code;
mod cases;
mod distribution;
mod epochs;
mod executables;
mod file_rules;
mod format;
mod hostile_sdist;
mod hostile_wheel;
mod hostile_wheels;
mod inputs;
mod keep_going;
mod kernel;
mod licences;
mod locks;
mod names;
mod native;
mod needs;
mod plugins;
mod project;
mod recipe_data;
mod recipes;
mod repositories;
mod sdist;
mod settings;
mod sharing;
mod spec_commands;
mod templates;
mod units;

use support::runner::{Run, command, run, run_as};
