use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{
    BoxReport, BoxedJob, Exit, IsolationLevel, LimitHit, LimitKind, LogSink, LogStream, Sandbox,
};
use crate::outputs::walk_outputs;
use crate::{Error, OutputSink, Result};

/// No box, for systems that have no better one: a plain process with a clean
/// environment and a limit on its time. Of its processes only the main one is
/// sure to be killed, and only the limits on time and log are kept. On Linux,
/// [`WardenSandbox::without_box`](super::WardenSandbox::without_box) does more.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainSandbox;

impl Sandbox for PlainSandbox {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L0
    }

    fn run(
        &self,
        job: &BoxedJob,
        log: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> Result<BoxReport> {
        let start = Instant::now();
        let mut child = spawn(job)?;
        let (sender, chunks) = channel();
        if let Some(stdout) = child.stdout.take() {
            forward(LogStream::Stdout, stdout, sender.clone());
        }
        if let Some(stderr) = child.stderr.take() {
            forward(LogStream::Stderr, stderr, sender);
        }
        let mut counts = Counts { log, stdout: 0, stderr: 0 };
        let exit = watch(&mut child, job.limits.wall_kept(), &chunks, &mut counts)
            .map_err(|error| Error::Box(format!("could not watch the job: {error}")))?;
        let mut limits_hit = Vec::new();
        let mut hit = |limit, detail: String| limits_hit.push(LimitHit { limit, detail });
        if exit == Exit::TimedOut {
            hit(
                LimitKind::Wall,
                format!("killed after {} s", job.limits.wall_kept().as_secs_f64()),
            );
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
            level: IsolationLevel::L0,
            landlock_abi: None,
            stdout_bytes: counts.stdout,
            stderr_bytes: counts.stderr,
        })
    }
}

fn spawn(job: &BoxedJob) -> Result<Child> {
    let Some((program, args)) = job.command.split_first() else {
        return Err(Error::Box("the job has no command".to_owned()));
    };
    Command::new(program)
        .args(args)
        .env_clear()
        .envs(job.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&job.work_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            Error::Box(format!("could not start {}: {error}", program.to_string_lossy()))
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
    chunks: &Receiver<Chunk>,
    counts: &mut Counts<'_>,
) -> io::Result<Exit> {
    const PERIOD: Duration = Duration::from_millis(20);
    /// For what was printed last; a process that holds the stream open longer is
    /// not waited for (`threats.md` X4).
    const LAST_WORDS: Duration = Duration::from_millis(200);
    let start = Instant::now();
    let exit = loop {
        if let Some(status) = child.try_wait()? {
            break exit_of(status);
        }
        if start.elapsed() >= wall {
            child.kill()?;
            child.wait()?;
            break Exit::TimedOut;
        }
        match chunks.recv_timeout(PERIOD) {
            Ok(chunk) => counts.take(chunk),
            // Both streams are closed, the process goes on.
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => thread::sleep(PERIOD),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
        }
    };
    let end = Instant::now() + LAST_WORDS;
    while let Ok(chunk) = chunks.recv_timeout(end.saturating_duration_since(Instant::now())) {
        counts.take(chunk);
        if Instant::now() >= end {
            break;
        }
    }
    Ok(exit)
}

fn exit_of(status: ExitStatus) -> Exit {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Exit::Signal(signal);
    }
    Exit::Code(status.code().unwrap_or(-1))
}
