use std::ffi::OsString;
use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use syft_core::DatasitePath;

use crate::SkippedOutput;
use crate::sandbox::view::View;
use crate::sandbox::{Exit, LimitHit, LimitKind, Limits, Network};

/// Longest frame; orders and replies are far below it.
const MAX_FRAME: u32 = 64 * 1024 * 1024;
/// Longest piece of a file.
const MAX_PIECE: u32 = 256 * 1024;
/// In place of the length of a piece: the file could not be read to its end.
const UNREADABLE: u32 = u32::MAX;

/// What the runner tells a warden.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// What is to be seen inside of namespaces that it makes first; nothing, if it is
    /// in some already or does without.
    pub(crate) enclosure: Option<View>,
    pub(crate) task: Task,
}

/// What a warden shall do.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Run a job.
    Job(Box<JobOrders>),
    /// Confine yourself and try to get out.
    Trial(TrialOrders),
}

/// A job as the warden takes it; paths as they are, whatever their bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct JobOrders {
    pub(crate) confined: bool,
    /// Use nothing newer than this version of Landlock.
    pub(crate) newest_abi: u32,
    pub(crate) work_dir: OsString,
    /// Where the working copy stands, if it is not there yet.
    pub(crate) work_from: Option<OsString>,
    pub(crate) readable: Vec<OsString>,
    pub(crate) programs: Vec<OsString>,
    pub(crate) listable: Vec<OsString>,
    pub(crate) tmp_dir: OsString,
    pub(crate) outputs_dir: OsString,
    pub(crate) command: Vec<OsString>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) limits: Limits,
    pub(crate) network: Network,
}

impl Ended {
    /// Notes a limit that was reached, once.
    pub(crate) fn hit(&mut self, limit: LimitKind, detail: String) {
        if !self.limits_hit.iter().any(|hit| hit.limit == limit) {
            self.limits_hit.push(LimitHit { limit, detail });
        }
    }
}

/// What the warden shall try from inside.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TrialOrders {
    pub(crate) newest_abi: u32,
    /// A file that exists and that is not granted.
    pub(crate) secret: OsString,
    /// Whether there are to be namespaces around this warden.
    pub(crate) in_namespaces: bool,
}

/// What a warden answers: how far it has come, what the job left, once all its
/// processes are gone, and what came of its orders.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// There is a warden. Nothing of the job has run.
    Begun,
    /// All is prepared: the job's time begins.
    Started,
    /// A file of the outputs; it follows in pieces.
    File(DatasitePath),
    /// What was left of the outputs.
    Skipped(SkippedOutput),
    /// The job has run, and all its processes are gone.
    Ended(Ended),
    /// What the trial found.
    Tried(Tried),
    /// No box can be made here; nothing of the job has run.
    NoBox(String),
    /// The job could not be started, or not be watched.
    Failed(String),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    pub(crate) limits_hit: Vec<LimitHit>,
    /// The version of Landlock that confined it, if it was.
    pub(crate) landlock_abi: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Tried {
    pub(crate) landlock_abi: u32,
    /// What was tried, and whether the box held.
    pub(crate) attempts: Vec<(String, bool)>,
}

/// Writes a value with its length in front.
pub(crate) fn write_frame(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let body = serde_json::to_vec(value)?;
    let length = u32::try_from(body.len()).ok().filter(|length| *length <= MAX_FRAME);
    let length = length.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&body)?;
    to.flush()
}

/// Writes a file in pieces with their lengths in front, the last one empty.
pub(crate) fn write_body(to: &mut impl Write, body: &mut dyn Read) -> io::Result<()> {
    let mut piece = Vec::new();
    loop {
        piece.clear();
        if body.take(u64::from(MAX_PIECE)).read_to_end(&mut piece).is_err() {
            return to.write_all(&UNREADABLE.to_le_bytes());
        }
        let length = u32::try_from(piece.len()).unwrap_or(MAX_PIECE);
        to.write_all(&length.to_le_bytes())?;
        to.write_all(&piece)?;
        if piece.is_empty() {
            return Ok(());
        }
    }
}

/// Reads what [`write_body`] wrote, to its end and no further.
#[derive(Debug)]
pub(crate) struct Body<R> {
    from: R,
    left: u32,
    is_over: bool,
}

impl<R: Read> Body<R> {
    pub(crate) fn new(from: R) -> Self {
        Body { from, left: 0, is_over: false }
    }

    /// Reads what its reader did not.
    pub(crate) fn skip_rest(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(|_| ())
    }
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.is_over {
            let mut length = [0; 4];
            self.from.read_exact(&mut length)?;
            match u32::from_le_bytes(length) {
                UNREADABLE => {
                    self.is_over = true;
                    return Err(io::Error::other("the box could not read it"));
                }
                length if length > MAX_PIECE => {
                    return Err(io::Error::from(io::ErrorKind::InvalidData));
                }
                length => (self.left, self.is_over) = (length, length == 0),
            }
        }
        let most = usize::try_from(self.left).unwrap_or(0).min(buffer.len());
        let read = self.from.read(buffer.get_mut(..most).unwrap_or_default())?;
        if read == 0 && most > 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        self.left -= u32::try_from(read).unwrap_or(self.left);
        Ok(read)
    }
}

/// Reads a value with its length in front.
pub(crate) fn read_frame<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut frame = Vec::new();
    loop {
        let wanted = frame_length(&frame)?;
        if frame.len() == wanted {
            return parse_frame(&frame);
        }
        let missing = wanted.saturating_sub(frame.len());
        let more = u64::try_from(missing).unwrap_or(u64::MAX);
        if from.take(more).read_to_end(&mut frame)? < missing {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
    }
}

/// How long a frame is with its length, as far as can be told by its beginning.
pub(crate) fn frame_length(beginning: &[u8]) -> io::Result<usize> {
    let Some((length, _)) = beginning.split_first_chunk() else { return Ok(4) };
    let length = u32::from_le_bytes(*length);
    if length > MAX_FRAME {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    }
    usize::try_from(length).map(|length| length + 4).map_err(io::Error::other)
}

/// The value of a whole frame.
pub(crate) fn parse_frame<T: DeserializeOwned>(frame: &[u8]) -> io::Result<T> {
    Ok(serde_json::from_slice(frame.get(4..).unwrap_or_default())?)
}
