//! Trying a job on the mock: the pipeline and the box of a run, other data, and no
//! decision.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, Email, JobName, Timestamp, safe_text};

use crate::sandbox::{Exit, IsolationLevel, LimitHit, Limits};
use crate::{JobKind, OutputFile, SkippedOutput};

/// Outputs that are named in one line.
const NAMED: usize = 3;

/// How a job is rehearsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsalOptions {
    /// What it may use.
    pub limits: Limits,
    /// The weakest box that will do.
    pub minimum: IsolationLevel,
    /// Whether packages of somebody else's job that are not here are fetched. For one's
    /// own they always are.
    pub fetch_packages: bool,
}

impl Default for RehearsalOptions {
    /// The limits and the box of a run.
    fn default() -> Self {
        RehearsalOptions {
            limits: Limits::default(),
            minimum: IsolationLevel::MINIMUM,
            fetch_packages: false,
        }
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

    /// The last lines of what it printed, or of what it complained about if it failed:
    /// foreign text, each line made safe to show.
    #[must_use]
    pub fn last_lines(&self, most: usize) -> Vec<String> {
        let log = if self.is_success() { &self.stdout } else { &self.stderr };
        let lines: Vec<String> = log.lines().map(safe_text).collect();
        let from = lines.len().saturating_sub(most);
        lines.into_iter().skip(from).skip_while(String::is_empty).collect()
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
            in_words: self.to_string(),
        }
    }
}

/// In one line: `exit code 0 in 2 s, wrote result.json (27 bytes), box L2`.
impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exit {
            Some(exit @ Exit::Code(_)) => write!(f, "{exit} in {}", took(self.seconds))?,
            Some(exit) => write!(f, "{exit} after {}", took(self.seconds))?,
            None => f.write_str("the box broke")?,
        }
        let mut written: Vec<String> = self
            .outputs
            .iter()
            .take(NAMED)
            .map(|file| format!("{} ({} bytes)", file.path, file.size))
            .collect();
        let more = self.outputs_count.saturating_sub(written.len());
        if written.is_empty() {
            written.push("nothing".to_owned());
        } else if more > 0 {
            written.push(format!("{more} more"));
        }
        write!(f, ", wrote {}, box {}", written.join(", "), self.level)
    }
}

/// Whole seconds.
fn took(seconds: f64) -> String {
    if seconds < 1.0 { "under 1 s".to_owned() } else { format!("{seconds:.0} s") }
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
    /// The whole of it in one line for a person.
    pub in_words: String,
}
