use std::ffi::OsString;
use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::sandbox::{Exit, LimitHit, Limits, Network};

/// Longest frame; orders and replies are far below it.
const MAX_FRAME: u32 = 64 * 1024 * 1024;

/// What the runner tells a warden.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Orders {
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

/// What the warden shall try from inside.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TrialOrders {
    pub(crate) newest_abi: u32,
    /// A file that exists and that is not granted.
    pub(crate) secret: OsString,
    /// Whether there are to be namespaces around this warden.
    pub(crate) in_namespaces: bool,
}

/// What a warden answers: that it has begun, and what came of its orders.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// There is a warden. Nothing of the job has run.
    Begun,
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

/// Reads a value with its length in front.
pub(crate) fn read_frame<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_FRAME {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    }
    let mut body = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}
