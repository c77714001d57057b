//! A job that is a process of this one: its streams, its time and its end.

use std::ffi::OsString;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{BoxReport, BoxedJob, Exit, IsolationLevel, LimitHit, LimitKind, LogSink, LogStream};
use crate::outputs::walk_outputs;
use crate::{Error, OutputSink, Result};

/// How the processes of a job are looked after.
pub(super) trait Keeper {
    /// Asked every few milliseconds while the job runs: why it is to end before its
    /// time, if it is.
    fn look(&mut self) -> Option<Early> {
        None
    }

    /// Ends the job, all of it as far as this can. Also called once its main process
    /// has ended.
    ///
    /// # Errors
    /// The system's.
    fn end(&mut self, child: &mut Child) -> io::Result<()>;
}

/// Why a job ends before its time.
#[derive(Debug)]
#[cfg_attr(not(target_os = "macos"), expect(dead_code, reason = "only Seatbelt looks"))]
pub(super) enum Early {
    /// Somebody asked for it.
    Stopped,
    /// It reached this limit.
    Limit(LimitHit),
}

/// Makes the child that is this command, with the environment and the folder of a job
/// and nothing else.
pub(super) fn prepared(job: &BoxedJob, command: &[OsString]) -> Result<Command> {
    let Some((program, args)) = command.split_first() else {
        return Err(Error::Box("the job has no command".to_owned()));
    };
    let mut prepared = Command::new(program);
    prepared
        .args(args)
        .env_clear()
        .envs(job.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&job.work_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(prepared)
}

/// Starts a job, attends it to its end, and hands on what it left.
///
/// # Errors
/// [`Error::Stopped`] if its keeper says so; [`Error::Box`] if it cannot be started or
/// watched; those of `outputs`.
pub(super) fn attend(
    mut command: Command,
    job: &BoxedJob,
    level: IsolationLevel,
    keeper: impl FnOnce(&Child) -> Box<dyn Keeper>,
    log: &mut dyn LogSink,
    outputs: &mut dyn OutputSink,
) -> Result<BoxReport> {
    let start = Instant::now();
    let mut child = command.spawn().map_err(|error| {
        let program = command.get_program().to_string_lossy();
        Error::Box(format!("could not start {program}: {error}"))
    })?;
    let (sender, chunks) = channel();
    if let Some(stdout) = child.stdout.take() {
        forward(LogStream::Stdout, stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        forward(LogStream::Stderr, stderr, sender);
    }
    let mut counts = Counts { log, stdout: 0, stderr: 0 };
    let mut keeper = keeper(&child);
    let wall = job.limits.wall_kept();
    let (exit, early) = watch(&mut child, wall, &mut *keeper, &chunks, &mut counts)
        .map_err(|error| Error::Box(format!("could not watch the job: {error}")))?;
    let mut limits_hit = match early {
        Some(Early::Stopped) => return Err(Error::Stopped),
        Some(Early::Limit(hit)) => vec![hit],
        None => Vec::new(),
    };
    let mut hit = |limit, detail: String| limits_hit.push(LimitHit { limit, detail });
    if exit == Exit::TimedOut {
        hit(LimitKind::Wall, format!("killed after {} s", wall.as_secs_f64()));
    }
    let longest = counts.stdout.max(counts.stderr);
    if longest > job.limits.log_bytes {
        hit(LimitKind::Log, format!("{longest} bytes"));
    }
    if walk_outputs(&job.outputs_dir, &job.limits, outputs)? {
        hit(LimitKind::Outputs, "not all of them are kept".to_owned());
    }
    Ok(BoxReport {
        exit,
        limits_hit,
        duration: start.elapsed(),
        level,
        landlock_abi: None,
        stdout_bytes: counts.stdout,
        stderr_bytes: counts.stderr,
    })
}

type Chunk = (LogStream, Vec<u8>);

/// Reads a stream on a thread of its own, which ends with the stream or when
/// nobody listens any more.
fn forward(name: LogStream, mut from: impl Read + Send + 'static, to: Sender<Chunk>) {
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let chunk = buffer.get(..length).unwrap_or_default().to_vec();
            if to.send((name, chunk)).is_err() {
                return;
            }
        }
    });
}

struct Counts<'a> {
    log: &'a mut dyn LogSink,
    stdout: u64,
    stderr: u64,
}

impl Counts<'_> {
    fn take(&mut self, (stream, bytes): Chunk) {
        match stream {
            LogStream::Stdout => self.stdout += bytes.len() as u64,
            LogStream::Stderr => self.stderr += bytes.len() as u64,
        }
        self.log.chunk(stream, &bytes);
    }
}

fn watch(
    child: &mut Child,
    wall: Duration,
    keeper: &mut dyn Keeper,
    chunks: &Receiver<Chunk>,
    counts: &mut Counts<'_>,
) -> io::Result<(Exit, Option<Early>)> {
    const PERIOD: Duration = Duration::from_millis(20);
    /// For what was printed last; a process that holds the stream open longer is
    /// not waited for (`threats.md` X4).
    const LAST_WORDS: Duration = Duration::from_millis(200);
    let start = Instant::now();
    let ended = loop {
        if let Some(status) = child.try_wait()? {
            break (exit_of(status), None);
        }
        let early = keeper.look();
        if early.is_some() || start.elapsed() >= wall {
            keeper.end(child)?;
            let exit = exit_of(child.wait()?);
            break if early.is_some() { (exit, early) } else { (Exit::TimedOut, None) };
        }
        match chunks.recv_timeout(PERIOD) {
            Ok(chunk) => counts.take(chunk),
            // Both streams are closed, the process goes on.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(PERIOD),
            Err(RecvTimeoutError::Timeout) => {}
        }
    };
    keeper.end(child)?;
    let end = Instant::now() + LAST_WORDS;
    while let Ok(chunk) = chunks.recv_timeout(end.saturating_duration_since(Instant::now())) {
        counts.take(chunk);
        if Instant::now() >= end {
            break;
        }
    }
    Ok(ended)
}

fn exit_of(status: ExitStatus) -> Exit {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Exit::Signal(signal);
    }
    Exit::Code(status.code().unwrap_or(-1))
}
