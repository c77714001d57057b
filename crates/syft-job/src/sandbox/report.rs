use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::IsolationLevel;

/// How the job's main process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal; also when a limit other than time was hit.
    Signal(i32),
    /// It was killed because its time was up.
    TimedOut,
}

impl Exit {
    /// Whether the job says that it went well.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Exit::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit code {code}"),
            Exit::Signal(signal) => write!(f, "signal {signal}"),
            Exit::TimedOut => f.write_str("time is up"),
        }
    }
}

/// One of the [`Limits`](super::Limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// Time by the clock.
    Wall,
    /// Processor time.
    Cpu,
    /// Memory.
    Memory,
    /// Processes and threads.
    Processes,
    /// Open files.
    OpenFiles,
    /// The size of one file.
    FileSize,
    /// The disk used outside the outputs.
    Scratch,
    /// The size or number of the outputs.
    Outputs,
    /// The size of a log.
    Log,
    /// The network, of which there is none.
    Network,
}

impl LimitKind {
    /// The name as it is shown, "open files".
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LimitKind::Wall => "wall time",
            LimitKind::Cpu => "cpu time",
            LimitKind::Memory => "memory",
            LimitKind::Processes => "processes",
            LimitKind::OpenFiles => "open files",
            LimitKind::FileSize => "file size",
            LimitKind::Scratch => "scratch space",
            LimitKind::Outputs => "outputs",
            LimitKind::Log => "log",
            LimitKind::Network => "network",
        }
    }
}

/// A limit that a job reached, and how that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitHit {
    /// Which limit.
    pub limit: LimitKind,
    /// What was seen, for the person who wonders why the job ended.
    pub detail: String,
}

impl fmt::Display for LimitHit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.limit.as_str(), self.detail)
    }
}

/// What became of a boxed job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxReport {
    /// How its main process ended.
    pub exit: Exit,
    /// The limits that it reached, each at most once.
    pub limits_hit: Vec<LimitHit>,
    /// Time by the clock, from start to the end of its last process.
    pub duration: Duration,
    /// The box it ran in.
    pub level: IsolationLevel,
    /// The version of Landlock that this box was made with; `None` without one.
    #[serde(default)]
    pub landlock_abi: Option<u32>,
    /// Bytes that came on standard output.
    pub stdout_bytes: u64,
    /// Bytes that came on standard error.
    pub stderr_bytes: u64,
}

impl BoxReport {
    /// What the job could and could not do, in one sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        self.level.in_words_with(self.landlock_abi)
    }

    /// Whether this limit was reached.
    #[must_use]
    pub fn hit(&self, limit: LimitKind) -> bool {
        self.limits_hit.iter().any(|hit| hit.limit == limit)
    }
}
