//! Diagnostics for developers: what the program does inside, on standard error.

use std::io;

use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Writes diagnostics of this program, from a level up, to standard error: `error`, `warn`, `info`,
/// `debug` or `trace`. Libraries do not take part: theirs would show credentials.
///
/// # Errors
/// The level is unknown.
pub fn write_diagnostics(level: &str) -> Result<(), String> {
    let level: LevelFilter = level.parse().map_err(|_| {
        format!("`{level}` is not a level: expected error, warn, info, debug or trace")
    })?;
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(io::stderr);
    // A second call in one process changes nothing.
    let _ = tracing_subscriber::registry().with(lines.with_filter(own)).try_init();
    Ok(())
}
