use std::fs::File;
use std::io::{self, Read as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::replies::Replies;
use super::{LogSink, LogStream, Stop};
use crate::warden::orders::{Body, Orders, Reply, read_frame, write_frame};
use crate::{Error, NoOutputs, OutputSink};

/// What a warden has, beyond the job's own time, to kill everything and to answer.
const GRACE: Duration = Duration::from_secs(20);
const CHUNK: usize = 64 * 1024;

/// Bytes kept of what is said before there is a warden.
const MOST_SAID: usize = 2048;

/// What came of a warden.
#[derive(Debug)]
pub(super) struct Supervised {
    pub(super) reply: Reply,
    pub(super) stdout_bytes: u64,
    pub(super) stderr_bytes: u64,
    /// Whether it was ended because somebody asked for it.
    pub(super) stopped: bool,
}

/// Why a warden gave no reply.
#[derive(Debug)]
pub(super) enum NoReply {
    /// There never was one: nothing of a job has run. With what was said instead.
    NoWarden(io::Error, String),
    /// It did not come to its end.
    Broken(io::Error),
    /// What the job produced could not be kept.
    NotKept(Error),
}

impl From<io::Error> for NoReply {
    fn from(error: io::Error) -> Self {
        NoReply::Broken(error)
    }
}

/// Starts a warden, gives it its orders, hands on what the job prints and what it
/// leaves, and waits for the reply: as long as it takes to hand the job its data, then
/// never longer than `wall` and a grace, and no longer than `stop` allows. Nothing that
/// the job does with its streams can keep this waiting (`threats.md` X4, X5).
pub(super) fn supervise(
    mut command: Command,
    orders: &Orders,
    wall: Duration,
    stop: Option<&Stop>,
    log: &mut dyn LogSink,
    outputs: &mut dyn OutputSink,
) -> Result<Supervised, NoReply> {
    let (control, wardens_end) = UnixStream::pair()?;
    command
        .env_clear()
        .current_dir("/")
        .stdin(OwnedFd::from(wardens_end))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let spawned = command.spawn().map_err(|error| NoReply::NoWarden(error, String::new()))?;
    let mut warden = Reaped(spawned);
    // The command holds the warden's end of the socket; kept here, the socket
    // would not end with the warden.
    drop(command);
    let mut talk = Talk::new(control, &mut warden.0, stop, log)?;
    match write_frame(&mut talk.control(), orders) {
        // Nobody is there to take them: why, may stand in what was said.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        told => told?,
    }
    talk.control().set_nonblocking(true)?;
    let first = talk.until_answered(wall.saturating_add(GRACE))?;
    let outputs = if talk.stopped { &mut NoOutputs } else { outputs };
    let reply = talk.take_outputs(first, outputs)?;
    talk.drain();
    let [stdout_bytes, stderr_bytes] = talk.streams.each_ref().map(|stream| stream.bytes);
    Ok(Supervised { reply, stdout_bytes, stderr_bytes, stopped: talk.stopped })
}

/// A child that leaves no zombie. When it is dropped, the warden has swept or was
/// told to by the end of its socket.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(12);
        let end = Instant::now() + PATIENCE;
        while matches!(self.0.try_wait(), Ok(None)) {
            if Instant::now() > end {
                let _ = self.0.kill();
                let _ = self.0.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// How long a warden is waited for.
struct Clock {
    start: Instant,
    /// `None` while it stands still.
    longest: Option<Duration>,
}

impl Clock {
    fn new(longest: Duration) -> Self {
        Clock { start: Instant::now(), longest: Some(longest) }
    }

    fn standing() -> Self {
        Clock { start: Instant::now(), longest: None }
    }

    fn left(&self) -> Option<Duration> {
        self.longest.map(|longest| longest.saturating_sub(self.start.elapsed()))
    }

    fn is_over(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }
}

struct Stream {
    name: LogStream,
    pipe: Option<File>,
    bytes: u64,
}

struct Talk<'a> {
    replies: Replies,
    /// Whether there is a warden.
    has_begun: bool,
    streams: [Stream; 2],
    /// What came on standard error before there was one.
    said: Vec<u8>,
    /// By which the end can be asked for; `None` once it was.
    stop: Option<&'a Stop>,
    stopped: bool,
    log: &'a mut dyn LogSink,
}

impl<'a> Talk<'a> {
    fn new(
        control: UnixStream,
        warden: &mut Child,
        stop: Option<&'a Stop>,
        log: &'a mut dyn LogSink,
    ) -> io::Result<Self> {
        let stdout = warden.stdout.take().map(OwnedFd::from);
        let stderr = warden.stderr.take().map(OwnedFd::from);
        let streams = [stream(LogStream::Stdout, stdout)?, stream(LogStream::Stderr, stderr)?];
        // A warden that takes no orders must not keep the runner waiting.
        control.set_write_timeout(Some(GRACE))?;
        let (replies, said) = (Replies::new(control), Vec::new());
        Ok(Talk { replies, has_begun: false, streams, said, stop, stopped: false, log })
    }

    fn control(&self) -> &UnixStream {
        self.replies.socket()
    }

    /// Serves the streams until the warden answers: then nothing of the job is alive.
    fn until_answered(&mut self, longest: Duration) -> Result<Reply, NoReply> {
        let mut clock = Clock::new(longest);
        let mut told_to_stop = false;
        loop {
            let asked = self.stop.take_if(|stop| stop.is_stopped()).is_some();
            self.stopped |= asked && !told_to_stop;
            if clock.is_over() && told_to_stop {
                return Err(io::Error::other("the warden did not answer").into());
            }
            if (asked || clock.is_over()) && !told_to_stop {
                told_to_stop = true;
                clock = Clock::new(GRACE);
                self.control().shutdown(Shutdown::Write)?;
            }
            self.wait(clock.left())?;
            self.serve_streams();
            match self.replies.ready() {
                Ok(None) => {}
                Ok(Some(Reply::Begun)) => {
                    self.has_begun = true;
                    // Data of many gigabytes is not copied in the time that a job has.
                    clock = if told_to_stop { clock } else { Clock::standing() };
                }
                Ok(Some(Reply::Started)) => {
                    clock = if told_to_stop { clock } else { Clock::new(longest) };
                }
                Ok(Some(reply)) => return Ok(reply),
                Err(error) => return Err(self.ended(error)),
            }
        }
    }

    fn wait(&self, longest: Option<Duration>) -> io::Result<()> {
        let pipes = self.streams.iter().filter_map(|stream| stream.pipe.as_ref());
        let mut fds: Vec<PollFd<'_>> = pipes.map(|pipe| PollFd::new(pipe, PollFlags::IN)).collect();
        fds.push(PollFd::new(self.replies.socket(), PollFlags::IN));
        fds.extend(self.stop.map(|stop| PollFd::new(stop.asked(), PollFlags::IN)));
        // A time too long for the kernel is none.
        let longest = longest.and_then(|longest| Timespec::try_from(longest).ok());
        match poll(&mut fds, longest.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads one chunk of each stream that has some; whether there was any.
    fn serve_streams(&mut self) -> bool {
        let mut any = false;
        for stream in &mut self.streams {
            let Some(pipe) = &mut stream.pipe else { continue };
            let mut chunk = vec![0; CHUNK];
            match pipe.read(&mut chunk) {
                Ok(0) => stream.pipe = None,
                Ok(length) => {
                    any = true;
                    stream.bytes += length as u64;
                    let bytes = chunk.get(..length).unwrap_or_default();
                    if !self.has_begun && stream.name == LogStream::Stderr {
                        let room = MOST_SAID.saturating_sub(self.said.len());
                        self.said.extend(bytes.iter().take(room));
                    }
                    self.log.chunk(stream.name, bytes);
                }
                Err(error) if is_later(&error) => {}
                Err(_) => stream.pipe = None,
            }
        }
        any
    }

    /// What is still in the pipes, whose writers are dead. Should one live, it is
    /// not waited for.
    fn drain(&mut self) {
        const MOST_CHUNKS: usize = 64;
        for _ in 0..MOST_CHUNKS {
            if !self.serve_streams() {
                return;
            }
        }
    }

    /// Hands on what the job left, which comes before the last word.
    fn take_outputs(
        &mut self,
        mut reply: Reply,
        outputs: &mut dyn OutputSink,
    ) -> Result<Reply, NoReply> {
        let mut socket = self.control();
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(GRACE))?;
        loop {
            match reply {
                Reply::File(path) => {
                    let mut body = Body::new(socket);
                    outputs.file(path, &mut body).map_err(NoReply::NotKept)?;
                    body.skip_rest()?;
                }
                Reply::Skipped(skipped) => outputs.skipped(skipped).map_err(NoReply::NotKept)?,
                last => return Ok(last),
            }
            reply = read_frame(&mut socket)?;
        }
    }

    fn ended(&self, error: io::Error) -> NoReply {
        let error = io::Error::other(format!("the warden ended without a word ({error})"));
        if self.has_begun {
            return NoReply::Broken(error);
        }
        NoReply::NoWarden(error, String::from_utf8_lossy(&self.said).into_owned())
    }
}

pub(super) fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

fn stream(name: LogStream, pipe: Option<OwnedFd>) -> io::Result<Stream> {
    let pipe = pipe.map(File::from);
    if let Some(pipe) = &pipe {
        fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
    }
    Ok(Stream { name, pipe, bytes: 0 })
}

impl Drop for Talk<'_> {
    /// Tells the warden, whatever happened, that nobody waits any more.
    fn drop(&mut self) {
        let _ = self.control().shutdown(Shutdown::Both);
    }
}
