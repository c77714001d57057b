//! What the owner's node remembers of a job, in `.syft/`. Fields are only ever
//! added; a reader ignores what it does not know.

use std::fmt;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, Email, JobName, Timestamp, safe_text, shorten};

use crate::packages::PackageLock;
use crate::policy::RuleName;
use crate::sandbox::Limits;
use crate::{JobId, JobKind, PythonState, Status};

/// Of files that are missing, so many are named, and of each name so much: a
/// submitter states both.
const SHOWN_FILES: usize = 5;
const SHOWN_CHARACTERS: usize = 80;

/// Version of all records here.
pub(crate) const SCHEMA: u32 = 1;

/// A job that was sent to this node: `.syft/jobs/<id>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct JobRecord {
    pub(crate) schema: u32,
    pub(crate) id: JobId,
    pub(crate) submitter: Email,
    pub(crate) name: JobName,
    /// Oldest first, never empty; the last one is what would run. The first, those
    /// that were decided about, and the latest few are kept.
    pub(crate) revisions: Vec<Revision>,
    /// How many revisions were ever received.
    pub(crate) received: u64,
    /// When the submitter's withdrawal was seen.
    #[serde(default)]
    pub(crate) cancelled_at: Option<Timestamp>,
    /// Why the folder as it is now cannot be run, whatever was approved.
    #[serde(default)]
    pub(crate) problem: Option<Problem>,
    /// What the Python peer had recorded of it before this node took the box over.
    /// It decides nothing: what had ended is shown as ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) history: Option<Box<PythonState>>,
}

impl JobRecord {
    pub(crate) fn current(&self) -> Option<&Revision> {
        self.revisions.last()
    }

    /// When this node first saw it.
    pub(crate) fn received_at(&self) -> Option<Timestamp> {
        self.revisions.first().map(|first| first.received_at)
    }

    /// The state in which the Python peer left it, if it had ended with these bytes.
    pub(crate) fn ended_before(&self) -> Option<Status> {
        let history = self.history.as_ref().filter(|_| self.revisions.len() == 1)?;
        Some(history.status.status()).filter(|status| status.is_final())
    }

    /// Whether the Python peer had run it.
    pub(crate) fn has_run_before(&self) -> bool {
        matches!(self.ended_before(), Some(Status::Done | Status::Failed))
    }

    pub(crate) fn title(&self) -> String {
        format!("{}/{}", self.submitter, self.name)
    }
}

/// What stands in the way of a run, found when the folder was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Files of its manifest are not there.
    Incomplete {
        /// Which ones.
        missing: Vec<String>,
    },
    /// The folder holds no job.
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Incomplete { missing } => {
                let shown = |name: &String| shorten(&safe_text(name), SHOWN_CHARACTERS);
                let names: Vec<String> = missing.iter().take(SHOWN_FILES).map(shown).collect();
                write!(f, "it misses {}", names.join(", "))?;
                match missing.len() - names.len() {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            Problem::Malformed { reason } => f.write_str(reason),
        }
    }
}

/// One state of a job's folder, kept as a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// The submission digest.
    pub digest: ContentHash,
    /// When this node first saw it.
    pub received_at: Timestamp,
    /// `run.sh` and every file of `code/`, by path.
    pub files: Vec<RevisionFile>,
    /// Bash or Python, as the submitter states it.
    pub kind: JobKind,
    /// The program below `code/`, as the submitter states it.
    pub entrypoint: Option<String>,
    /// The packages that it wants.
    pub dependencies: Vec<String>,
    /// My datasets that it wants to read.
    pub datasets: Vec<DatasetName>,
    /// What it is for, in the submitter's words.
    pub description: Option<String>,
    /// When it was sent, in the submitter's words.
    pub submitted_at: Option<String>,
    /// What its `config.yaml` says that is not so.
    #[serde(default)]
    pub contradictions: Vec<String>,
}

/// One file of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionFile {
    /// Below the job's folder.
    pub path: String,
    /// Of its content.
    pub sha256: ContentHash,
    /// In bytes.
    pub size: u64,
}

/// `.syft/decisions/jobs/<id>.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DecisionFile {
    pub(crate) schema: u32,
    /// Oldest first; the last one counts.
    pub(crate) decisions: Vec<Decision>,
}

/// What the owner decided about one revision of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Approved or rejected.
    pub verdict: Verdict,
    /// Who decided.
    pub by: Email,
    /// When.
    pub at: Timestamp,
    /// Why, in the owner's words.
    pub reason: Option<String>,
    /// The submission digest of the revision that was decided about.
    pub revision: ContentHash,
    /// What is authorised; absent for a rejection.
    pub approval: Option<Approval>,
    /// Whether a person decided, or a rule.
    #[serde(default, skip_serializing_if = "Method::is_manual")]
    pub method: Method,
}

/// How a decision came about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Method {
    /// By a person.
    #[default]
    Manual,
    /// By rules of the owner's policy.
    Rule {
        /// All that it rests on.
        rules: Vec<RuleName>,
        /// Of the file of rules that was in force.
        policy: ContentHash,
    },
}

impl Method {
    /// Whether a person decided.
    #[must_use]
    pub fn is_manual(&self) -> bool {
        matches!(self, Method::Manual)
    }

    /// The rules, if it was by some.
    #[must_use]
    pub fn rules(&self) -> &[RuleName] {
        match self {
            Method::Manual => &[],
            Method::Rule { rules, .. } => rules,
        }
    }
}

/// Whether a revision may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may, within the [`Approval`].
    Approved,
    /// It may not.
    Rejected,
}

/// The bounds of an approved run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// Over revision, packages, limits and datasets; it alone authorises a run.
    pub digest: ContentHash,
    /// What the run may use.
    pub limits: Limits,
    /// What the run may read.
    pub datasets: Vec<DatasetName>,
    /// Which packages it gets, if it needs any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<PackageLock>,
}
