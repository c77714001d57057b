//! Trying a job on the mock: the pipeline and the box of a run, other data, and no
//! decision.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, Email, JobName, Timestamp};

use crate::sandbox::{Exit, IsolationLevel, LimitHit, Limits};
use crate::{JobKind, OutputFile, SkippedOutput};

/// How a job is rehearsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsalOptions {
    /// What it may use.
    pub limits: Limits,
    /// The weakest box that will do.
    pub minimum: IsolationLevel,
}

impl Default for RehearsalOptions {
    /// The limits and the box of a run.
    fn default() -> Self {
        RehearsalOptions { limits: Limits::default(), minimum: IsolationLevel::MINIMUM }
    }
}

/// What came of running a job on the mock: `.syft/rehearsals/<digest>.json`. It is
/// of this node's own making, about exactly the bytes of this digest, and
/// authorises nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Version of this record.
    pub schema: u32,
    /// The submission digest of what was rehearsed.
    pub digest: ContentHash,
    /// Whose mocks they were.
    pub owner: Email,
    /// Whose job it is.
    pub submitter: Email,
    /// The job's name.
    pub name: JobName,
    /// Bash or Python, as its submitter states it.
    pub kind: JobKind,
    /// What it could read.
    pub read: Vec<MockRead>,
    /// When it ended.
    pub at: Timestamp,
    /// How it ended; absent if the box broke.
    pub exit: Option<Exit>,
    /// What broke, if the box did.
    pub error: Option<String>,
    /// The limits that it reached.
    pub limits_hit: Vec<LimitHit>,
    /// The box it ran in.
    pub level: IsolationLevel,
    /// The version of Landlock that the box was made with, if it was.
    pub landlock_abi: Option<u32>,
    /// Seconds by the clock.
    pub seconds: f64,
    /// The files that it produced, the first hundred; they are not kept.
    pub outputs: Vec<OutputFile>,
    /// How many files it produced.
    pub outputs_count: usize,
    /// What it left that would not be collected, the first hundred.
    pub skipped: Vec<SkippedOutput>,
    /// The end of its standard output: foreign text, at most 4 KiB.
    pub stdout: String,
    /// The end of its standard error, likewise.
    pub stderr: String,
}

/// A mock as a rehearsed job found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MockRead {
    /// The dataset.
    pub dataset: DatasetName,
    /// The variable that leads to it.
    pub variable: String,
    /// Its file, or its folder if it has several.
    pub path: PathBuf,
}

impl Rehearsal {
    /// Whether the job ended with exit code 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.exit.is_some_and(Exit::is_success)
    }

    /// The exit code; `None` if it was killed, or the box broke.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match self.exit {
            Some(Exit::Code(code)) => Some(code),
            _ => None,
        }
    }

    /// The rehearsal as a part of the job that programs read.
    #[must_use]
    pub fn summary(&self) -> RehearsalSummary {
        RehearsalSummary {
            ok: self.is_success(),
            exit_code: self.exit_code(),
            exit: self.exit.map_or_else(|| "the box broke".to_owned(), |exit| exit.to_string()),
            outputs: self.outputs_count,
            isolation: self.level,
            seconds: self.seconds,
            at: self.at.to_rfc3339(),
        }
    }
}

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary().fmt(f)
    }
}

/// A rehearsal as programs read it; fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RehearsalSummary {
    /// Whether it ended with exit code 0.
    pub ok: bool,
    /// Its exit code; `None` if it was killed, or the box broke.
    pub exit_code: Option<i32>,
    /// How it ended, in words.
    pub exit: String,
    /// How many files it produced.
    pub outputs: usize,
    /// The box it ran in.
    pub isolation: IsolationLevel,
    /// Seconds by the clock.
    pub seconds: f64,
    /// When it ended, RFC 3339.
    pub at: String,
}

/// In one line: `exit code 0, 3 outputs, box L1`.
impl fmt::Display for RehearsalSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = if self.outputs == 1 { "output" } else { "outputs" };
        write!(f, "{}, {} {files}, box {}", self.exit, self.outputs, self.isolation)
    }
}
