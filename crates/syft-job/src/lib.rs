//! Jobs of a local datasite: submit, review, decide, run in a box, release.

mod audit;
mod backup;
mod client;
mod config;
mod decide;
mod diff;
mod digest;
mod error;
mod flags;
mod gather;
mod id;
mod intake;
mod job;
mod jobs;
mod outputs;
mod project;
mod queue;
mod read;
mod records;
mod release;
mod review;
mod runner;
mod runs;
pub mod sandbox;
mod script;
mod sent;
mod shown;
mod state;
mod status;
mod store;
mod submission;
mod waiting;
pub mod warden;
mod wrap;

pub use audit::AuditSink;
pub use client::{JobClient, get_client};
pub use config::{JobConfig, ManifestEntry};
pub use decide::ApproveOptions;
pub use digest::{SubmissionFields, approval_digest};
pub use error::{Error, Result};
pub use flags::{Flag, FlagKind};
pub use id::JobId;
pub use intake::Intake;
pub use job::{Job, JobLog, JobOutput, JobSummary};
pub use jobs::Jobs;
pub use outputs::{Collected, OutputFile, SkippedOutput, collect_outputs};
pub use project::{Marker, Receipt};
pub use records::{Approval, Decision, Problem, Revision, RevisionFile, Verdict};
pub use release::ReleaseFiles;
pub use review::{JobDiff, Review, ReviewFile};
pub use runner::{BegunRun, EndedRun, RunOptions};
pub use runs::{JobRun, LogFile, Release, ReleasedFile, RunFinished, RunStarted};
pub use script::{JobKind, Script};
pub use shown::Shown;
pub use status::Status;
pub use store::JobStore;
pub use submission::{Submission, Submitted};
pub use waiting::WaitingFor;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
