//! Standard error: progress bars on a terminal, plain lines elsewhere.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    sync::{Mutex, PoisonError},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{Event, Reporter, output::Style};
use crate::base::text::{shown, without_hidden};

/// Shows events as far as the verbosity asks for them.
pub struct Terminal {
    verbosity: i8,
    bars: Option<MultiProgress>,
    running: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Terminal {
    /// `verbosity`: -1 for warnings only, 0 for summaries too, 1 for details too.
    pub fn new(verbosity: i8) -> Self {
        let wants_bars = verbosity >= 0 && std::io::stderr().is_terminal();
        let bars = wants_bars.then(MultiProgress::new);
        Self { verbosity, bars, running: Mutex::default() }
    }

    /// Prints a line as it is: what comes from outside is cleaned before.
    fn line(&self, line: &str) {
        let print = || {
            let _ = writeln!(anstream::stderr(), "{line}");
        };
        match &self.bars {
            Some(bars) => bars.suspend(print),
            None => print(),
        }
    }

    fn begin(&self, phase: &str, total: u64) {
        let Some(bars) = &self.bars else { return };
        let template = match phase {
            "fetch" => "{prefix:>9} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}",
            _ => "{prefix:>9} [{bar:30}] {pos}/{len}",
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ");
        let bar = bars.add(ProgressBar::new(total).with_style(style));
        bar.set_prefix(phase.to_owned());
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(phase.to_owned(), bar);
    }
}

impl Reporter for Terminal {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Begin { phase, total } => self.begin(phase, total),
            Event::Advance { phase, by } => {
                let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(bar) = running.get(phase) {
                    bar.inc(by);
                }
            }
            Event::End { phase, line } => {
                let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(bar) = running.remove(phase) {
                    bar.finish_and_clear();
                }
                if self.verbosity >= 0 {
                    self.line(&shown(line));
                }
            }
            Event::Warning(line) => {
                self.line(&format!("{}: {}", Style::Warning.paint("warning"), shown(line)))
            }
            // It comes from a program that may write anything.
            Event::Said { name, line } => self.line(&format!("{name}: {}", without_hidden(line))),
            Event::Detail(line) if self.verbosity > 0 => self.line(&shown(line)),
            Event::Detail(_) => {}
        }
    }
}
