//! Stopping cleanly on interruption.
//!
//! The first signal ends all children and lets the program come to its end: what is done is kept,
//! private folders go. A second one, or too long an end, stops it at once.

use std::{
    collections::BTreeSet,
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI32, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

/// How long the program may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(2);

/// The signal that came, or zero.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
/// The process groups of living children.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Listens for SIGINT and SIGTERM from now on.
///
/// # Errors
/// The system refuses to tell of signals.
#[expect(clippy::disallowed_methods, reason = "a second signal ends the process")]
pub fn watch() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            if SIGNAL.swap(signal, Ordering::SeqCst) != 0 {
                std::process::exit(status(signal));
            }
            groups().iter().filter_map(|group| Pid::from_raw(*group)).for_each(end);
            thread::spawn(move || {
                thread::sleep(PATIENCE);
                std::process::exit(status(signal));
            });
        }
    });
    Ok(())
}

/// The exit status, as shells count, where the program was interrupted.
pub fn interrupted() -> Option<u8> {
    match SIGNAL.load(Ordering::SeqCst) {
        0 => None,
        signal => u8::try_from(status(signal)).ok(),
    }
}

fn status(signal: i32) -> i32 {
    128 + signal
}

fn end(group: Pid) {
    // It may have ended at this very moment.
    let _ = kill_process_group(group, Signal::KILL);
}

fn groups() -> MutexGuard<'static, BTreeSet<i32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child that a signal ends, too, as long as this lives.
pub(super) struct Watched(Pid);

impl Watched {
    pub(super) fn new(group: Pid) -> Self {
        groups().insert(group.as_raw_nonzero().get());
        // The signal came while the child was started.
        if interrupted().is_some() {
            end(group);
        }
        Self(group)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        groups().remove(&self.0.as_raw_nonzero().get());
    }
}
