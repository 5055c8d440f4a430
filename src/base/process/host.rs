//! Children on this machine.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tracing::debug;

use super::{
    Command, CommandRunner, OUTPUT_LIMIT, Output, ProcessError, Saved,
    interrupt::{Watched, interrupted},
};

/// How often a child's files are counted.
const INTERVAL: Duration = Duration::from_millis(50);

/// Starts children on this machine, each as the leader of a process group of its own, which is
/// killed as a whole when the child has ended or its time is up.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostRunner;

impl CommandRunner for HostRunner {
    #[expect(clippy::disallowed_methods, reason = "child processes are started here")]
    fn run(&self, command: &Command) -> Result<Output, ProcessError> {
        let mut child = std::process::Command::new(&command.program)
            .args(&command.arguments)
            .env_clear()
            .envs(command.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&command.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| ProcessError::Start {
                program: command.program.display().to_string(),
                folder: command.folder.display().to_string(),
                reason: error.to_string(),
            })?;
        let begun = Instant::now();
        let watched = watch(&mut child, command);
        let status = watched.as_ref().map(|(output, _)| output.status).ok();
        debug!(command = %command.line(), ?status, elapsed = ?begun.elapsed(), "child process");
        let (output, excess) = watched.map_err(|error| match (error.kind(), &command.saved) {
            (io::ErrorKind::FileTooLarge, Some(saved)) => {
                ProcessError::Flood { command: command.line(), limit: saved.limit }
            }
            _ => ProcessError::Watch { command: command.line(), reason: error.to_string() },
        })?;
        match excess {
            _ if interrupted().is_some() => Err(ProcessError::Interrupted),
            None => Ok(output),
            Some(Excess::Time(limit)) => {
                Err(ProcessError::Timeout { command: command.line(), seconds: limit.as_secs() })
            }
            Some(Excess::Files(limit)) => {
                Err(ProcessError::FileLimit { command: command.line(), limit })
            }
        }
    }
}

/// The limit that a child went beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Excess {
    Time(Duration),
    Files(u64),
}

/// Feeds and drains `child` until it has ended; also returns the limit for which it was killed.
fn watch(child: &mut Child, command: &Command) -> io::Result<(Output, Option<Excess>)> {
    let group = Pid::from_child(child);
    let watched = Watched::new(group);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        let input = scope.spawn(|| feed(stdin, &command.stdin));
        let out = scope.spawn(|| match &command.saved {
            Some(saved) => save(stdout, saved, group).map(|()| Default::default()),
            None => drain(stdout),
        });
        let err = scope.spawn(|| drain(stderr));
        let (ended, end) = mpsc::channel::<()>();
        let guard = scope.spawn(move || stop_beyond(command, &end, group));

        // The child is not reaped before its group is gone, so that its number stays its own.
        let exit = wait_without_reaping(group);
        drop(ended);
        let excess = guard.join().unwrap_or_default();
        // The group is empty where the child left nobody behind: the failure is of no interest.
        let _ = kill_process_group(group, Signal::KILL);
        drop(watched);
        let status = child.wait();
        exit?;
        input.join().unwrap_or(Ok(()))?;
        let (stdout, long_out) = out.join().unwrap_or_else(|_| Ok(Default::default()))?;
        let (stderr, long_err) = err.join().unwrap_or_else(|_| Ok(Default::default()))?;
        let status = status?;
        let status = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
        Ok((Output { status, stdout, stderr, cut: long_out || long_err }, excess))
    })
}

fn wait_without_reaping(child: Pid) -> io::Result<()> {
    loop {
        match waitid(WaitId::Pid(child), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Err(error) if error == rustix::io::Errno::INTR => continue,
            other => return other.map(drop).map_err(io::Error::from),
        }
    }
}

/// Kills the group when it goes beyond a limit of the command before `end` closes.
fn stop_beyond(command: &Command, end: &mpsc::Receiver<()>, group: Pid) -> Option<Excess> {
    let begin = Instant::now();
    loop {
        let left = command.timeout.map(|limit| limit.saturating_sub(begin.elapsed()));
        let pause = match (left, &command.file_limit) {
            (left, Some(_)) => left.unwrap_or(INTERVAL).min(INTERVAL),
            (Some(left), None) => left,
            (None, None) => return None,
        };
        if end.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            return None;
        }
        let file_limit =
            command.file_limit.as_ref().filter(|file_limit| file_limit.is_exceeded(group));
        let late = command.timeout.filter(|limit| begin.elapsed() >= *limit);
        let excess =
            file_limit.map(|file_limit| Excess::Files(file_limit.limit)).or(late.map(Excess::Time));
        if excess.is_some() {
            // It may have ended at this very moment.
            let _ = kill_process_group(group, Signal::KILL);
            return excess;
        }
    }
}

fn feed(pipe: Option<impl Write>, text: &str) -> io::Result<()> {
    match pipe.map_or(Ok(()), |mut pipe| pipe.write_all(text.as_bytes())) {
        // A child need not read what it is given.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a stream to a new file; kills the group that goes beyond the limit.
fn save(pipe: Option<impl Read>, saved: &Saved, group: Pid) -> io::Result<()> {
    let kept = File::create_new(&saved.path).and_then(|mut file| {
        let mut pipe = pipe.map(|pipe| pipe.take(saved.limit.saturating_add(1)));
        pipe.as_mut().map_or(Ok(0), |pipe| io::copy(pipe, &mut file))
    });
    let kept = kept.and_then(|size| {
        if size > saved.limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) }
    });
    if kept.is_err() {
        // Nothing reads any more: it could wait forever.
        let _ = kill_process_group(group, Signal::KILL);
    }
    kept
}

/// The last [`OUTPUT_LIMIT`] bytes of a stream, and whether there were more.
fn drain(pipe: Option<impl Read>) -> io::Result<(Vec<u8>, bool)> {
    let (mut kept, mut cut) = (Vec::new(), false);
    let Some(mut pipe) = pipe else { return Ok((kept, cut)) };
    let mut chunk = [0; 16 * 1024];
    loop {
        let count = match pipe.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        kept.extend_from_slice(&chunk[..count]);
        if kept.len() > 2 * OUTPUT_LIMIT {
            kept.drain(..kept.len() - OUTPUT_LIMIT);
            cut = true;
        }
    }
    if kept.len() > OUTPUT_LIMIT {
        kept.drain(..kept.len() - OUTPUT_LIMIT);
        cut = true;
    }
    Ok((kept, cut))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shell(script: &str) -> Command {
        Command::new("/bin/sh", Path::new("/")).argument("-c").argument(script)
    }

    #[test]
    fn the_environment_is_only_what_was_given() {
        let command = Command::new("/usr/bin/env", Path::new("/")).variable("A", "b c");
        let output = HostRunner.run(&command).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        assert_eq!(
            lines,
            ["A=b c", "HOME=/", "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", "TZ=UTC"]
        );
    }

    #[test]
    fn status_streams_and_input_are_kept_apart() {
        let output = HostRunner.run(&shell("cat; echo oops >&2; exit 3").stdin("in")).unwrap();
        let kept =
            Output { status: 3, stdout: b"in".to_vec(), stderr: b"oops\n".to_vec(), cut: false };
        assert_eq!(output, kept);
    }

    #[test]
    fn input_that_nobody_reads_is_no_failure() {
        let output = HostRunner.run(&shell("exit 0").stdin("x".repeat(1 << 20))).unwrap();
        assert_eq!(output.status, 0);
    }

    #[test]
    fn only_the_end_of_a_long_stream_is_kept() {
        let output = HostRunner.run(&shell("head -c 5000000 /dev/zero; echo end")).unwrap();
        assert_eq!(output.stdout.len(), OUTPUT_LIMIT);
        assert!(output.cut && output.stdout.ends_with(b"\0end\n"));
    }

    #[test]
    fn a_saved_stream_is_limited() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let output = HostRunner.run(&shell("printf abc").save(&path, 3)).unwrap();
        assert!(output.stdout.is_empty());
        assert_eq!(std::fs::read(&path).unwrap(), b"abc");
        let endless = shell("cat /dev/zero").save(folder.path().join("zeros"), 5000);
        let error = HostRunner.run(&endless).unwrap_err().to_string();
        assert_eq!(error, "`/bin/sh -c 'cat /dev/zero'` was stopped after it wrote 5000 bytes");
    }

    #[test]
    fn a_signal_counts_as_128_and_its_number() {
        assert_eq!(HostRunner.run(&shell("kill -TERM $$")).unwrap().status, 143);
    }

    #[test]
    fn the_whole_group_is_killed_when_the_time_is_up() {
        let begin = Instant::now();
        let command =
            shell("trap '' TERM; sleep 60 & sleep 60").timeout(Duration::from_millis(200));
        let error = HostRunner.run(&command).unwrap_err();
        assert!(matches!(error, ProcessError::Timeout { .. }), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn what_a_child_leaves_behind_is_killed() {
        let begin = Instant::now();
        assert_eq!(HostRunner.run(&shell("sleep 60 & echo started")).unwrap().stdout, b"started\n");
        assert!(begin.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = HostRunner.run(&Command::new("/nowhere/tool", Path::new("/"))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot start `/nowhere/tool` in `/`: No such file or directory (os error 2)"
        );
    }
}
