//! What a run leaves for both sides: what ran, who allowed it, and what came of it.

mod data;
mod make;
mod signed;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, Email, JobName};

use crate::audit::AuditLine;
use crate::packages::PackagesUsed;
use crate::runs::LogFile;
use crate::sandbox::{Exit, IsolationLevel, Limits};
use crate::{JobId, OutputFile};

pub(crate) use self::make::Told;
pub use self::signed::{RECEIPT_PURPOSE, ReceiptSigner, SignedReceipt};

pub(crate) const RECEIPT: &str = "receipt.yaml";

/// Largest file of a receipt that is read, in bytes: enough for 10,000 outputs with the
/// longest names.
pub const MAX_RECEIPT_BYTES: u64 = 16 * 1024 * 1024;

/// Version of the keys of a receipt. Those of version 1 are not signed, and came with an
/// answer only.
const SCHEMA: u32 = 2;

/// `receipt.yaml`: what a run was. The owner keeps one that names all that came out;
/// the submitter's names what was released, and is there as soon as the run has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Version of these keys.
    pub schema: u32,
    /// The job's id.
    pub job: JobId,
    /// Its name.
    pub name: JobName,
    /// Who sent it.
    pub submitter: Email,
    /// Whose data it read.
    pub owner: Email,
    /// Which run.
    pub run: String,
    /// The submission digest of what ran.
    pub submission_digest: ContentHash,
    /// What authorised it.
    pub approval_digest: ContentHash,
    /// Why it was approved, in the owner's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who approved it, when, and how.
    #[serde(default)]
    pub approved: Option<ReceiptApproval>,
    /// Of the file of rules that approved it, if rules did.
    #[serde(default)]
    pub policy_digest: Option<ContentHash>,
    /// What it could read.
    pub datasets: Vec<DatasetName>,
    /// What stood in them: the same for the same data, and of no use to guess it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dataset_digests: BTreeMap<DatasetName, ContentHash>,
    /// The packages that it had, if it needed any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<PackagesUsed>,
    /// The box that it ran in.
    pub isolation: IsolationLevel,
    /// The version of Landlock that the box was made with, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landlock_abi: Option<u32>,
    /// What it could use.
    pub limits: Limits,
    /// What was approved, which the owner may have changed for this one run.
    #[serde(default)]
    pub approved_limits: Option<Limits>,
    /// The limits that it reached, in words; not where the rules keep why it failed.
    pub limits_hit: Vec<String>,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// When it ended, RFC 3339.
    pub finished_at: String,
    /// How it ended; not where the rules keep why it failed.
    pub exit: Option<Exit>,
    /// When first anything was released of it, or it was returned, RFC 3339; not as long as
    /// its owner has to look at more of it.
    #[serde(default)]
    pub answered_at: Option<String>,
    /// What the owner says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The released outputs.
    pub outputs: Vec<OutputFile>,
    /// The standard output, if the logs were released.
    #[serde(default)]
    pub stdout: Option<LogFile>,
    /// The standard error, if the logs were released.
    #[serde(default)]
    pub stderr: Option<LogFile>,
    /// The line of the owner's audit log that says how it ended; not where the rules keep
    /// why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditLine>,
    /// The fingerprint of the keys that signed this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<ContentHash>,
}

/// What a run rested on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptApproval {
    /// Who approved it.
    pub by: Email,
    /// When, RFC 3339.
    pub at: String,
    /// How.
    pub method: ApprovalMethod,
    /// The names of the rules, if rules did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

/// Whether a person looked at a job before it ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalMethod {
    /// The owner did.
    Manual,
    /// A rule of the owner approved it.
    Rule,
}

impl Receipt {
    /// Whether the owner has let its submitter have something of the run, or has said
    /// something about it.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.schema < SCHEMA || self.answered_at.is_some()
    }

    /// The exit code; `None` if the run was killed, or its box broke.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match self.exit? {
            Exit::Code(code) => Some(code),
            _ => None,
        }
    }
}
