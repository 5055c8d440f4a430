//! Many jobs at once.

use std::{
    fs,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    report::{Event, Reporter},
    text::counted,
};

use super::{BuildError, BuildJob, Builder, BuiltPackage};

/// Builds every job on `threads` threads, the largest wheels first so that none of them is left
/// for the end; the answers are in the order of `jobs`, and one that fails stops no other.
///
/// Each job works in a new folder of its own below `folder`, where its package then is; a failed
/// job leaves nothing. Reports the phase `build`, a step for each job.
pub fn build_all(
    jobs: &[BuildJob<'_>],
    builder: &dyn Builder,
    folder: &Path,
    threads: usize,
    reporter: &dyn Reporter,
) -> Vec<Result<BuiltPackage, BuildError>> {
    reporter.event(Event::Begin { phase: "build", total: jobs.len() as u64 });
    let order = largest_first(jobs);
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(jobs.len())));
    let work = || {
        while let Some(&at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let answer = build_one(&jobs[at], builder, &folder.join(at.to_string()), reporter);
            answers.lock().unwrap_or_else(PoisonError::into_inner).push((at, answer));
            reporter.event(Event::Advance { phase: "build", by: 1 });
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(jobs.len()) {
            scope.spawn(work);
        }
        work();
    });

    let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.sort_by_key(|(at, _)| *at);
    let answers: Vec<_> = answers.into_iter().map(|(_, answer)| answer).collect();
    let built = answers.iter().filter(|answer| answer.is_ok()).count();
    let line = format!("{built} of {} built", counted(jobs.len(), "package"));
    reporter.event(Event::End { phase: "build", line: &line });
    answers
}

/// The positions of the jobs by the size of their wheels; equal ones keep their order.
fn largest_first(jobs: &[BuildJob<'_>]) -> Vec<usize> {
    let sizes: Vec<u64> =
        jobs.iter().map(|job| fs::metadata(job.wheel).map_or(0, |found| found.len())).collect();
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(sizes[*at]));
    order
}

fn build_one(
    job: &BuildJob<'_>,
    builder: &dyn Builder,
    folder: &Path,
    reporter: &dyn Reporter,
) -> Result<BuiltPackage, BuildError> {
    fs::create_dir(folder)
        .map_err(|error| BuildError::file("create the folder", folder, &error))?;
    let answer = builder.build(job, folder, reporter);
    if answer.is_err() {
        // The failure of the build says more than one of tidying up would.
        let _ = fs::remove_dir_all(folder);
    }
    answer
}
