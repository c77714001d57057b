//! Jobs of a local datasite: submit, review, decide, run in a box, release.

mod attempts;
mod audit;
mod backup;
#[cfg(unix)]
mod by_handle;
mod client;
mod compare;
mod config;
mod decide;
mod diff;
mod digest;
mod due;
mod error;
mod execution;
mod flags;
mod follow;
mod gate;
mod gather;
mod give_back;
mod grant;
mod growing;
mod id;
mod intake;
mod job;
mod jobs;
mod lineage;
mod lines;
mod named;
mod outputs;
mod packages;
pub mod policy;
mod project;
mod pysyft;
mod queue;
mod read;
mod receipt;
mod records;
mod rehearsal;
mod rehearse;
mod relayout;
mod release;
mod resume;
mod review;
mod runner;
mod runs;
pub mod sandbox;
mod script;
mod sent;
mod shim;
mod shown;
mod state;
mod status;
mod store;
mod submission;
mod summary;
mod visible;
mod waiting;
pub mod warden;

pub use attempts::Attempt;
pub use audit::{AuditLine, AuditSink};
pub use client::{JobClient, get_client};
pub use compare::{BaseKind, DiffBase, FileChange, FileFacts, JobDiff};
pub use config::{JobConfig, ManifestEntry};
pub use decide::ApproveOptions;
pub use digest::{SubmissionFields, approval_digest};
pub use due::{DueJobs, JobFolders, JobKey};
pub use error::{Error, Result};
pub use flags::{Flag, FlagKind};
pub use follow::{LogFollower, LogPiece};
pub use gate::kind_in_words;
pub use id::JobId;
pub use intake::Intake;
pub use job::{Job, JobLog, JobOutput, JobSummary};
pub use jobs::JobsList;
pub use lines::{Meaning, ShownLine};
pub use outputs::{
    Collected, NoOutputs, OutputFile, OutputSink, OutputsCollector, SkippedOutput, walk_outputs,
};
pub use packages::{
    LockedPackage, PackageLock, PackageNeeds, PackageOptions, PackageSource, PackagesUsed,
    Requirement, UnknownSource,
};
pub use project::Marker;
pub use pysyft::{Protocol, PythonState, PythonStatus};
pub use queue::Queued;
pub use receipt::{
    ApprovalMethod, MAX_RECEIPT_BYTES, RECEIPT_PURPOSE, Receipt, ReceiptApproval, ReceiptSigner,
    SignedReceipt,
};
pub use records::{Approval, Decision, Method, Problem, Revision, RevisionFile, Verdict};
pub use rehearsal::{MockRead, Rehearsal, RehearsalOptions, RehearsalSummary};
pub use rehearse::{BegunRehearsal, EndedRehearsal};
pub use release::ReleaseFiles;
pub use resume::Plan;
pub use review::{Review, ReviewFile};
pub use runner::{BegunRun, EndedRun, RunOptions};
pub use runs::{Comment, JobRun, LogFile, NoRuns, Release, ReleasedFile, RunFinished, RunStarted};
pub use script::{JobKind, Script, shell_word};
pub use shown::Shown;
pub use status::Status;
pub use store::JobStore;
pub use submission::{Rehearsed, Submission, Submitted};
pub use summary::{ErrorSummary, FailedRun};
pub use syft_disclosure::{Checked, Finding, FindingKind, Place as FindingPlace, Severity};
pub use waiting::WaitingFor;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
