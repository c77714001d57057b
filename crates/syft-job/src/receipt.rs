use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, Email, JobName};

use crate::packages::PackagesUsed;
use crate::records::{Decision, JobRecord, SCHEMA};
use crate::runs::{JobRun, LogFile, Release};
use crate::sandbox::{Exit, IsolationLevel, Limits};
use crate::{JobId, OutputFile};

pub(crate) const RECEIPT: &str = "receipt.yaml";

/// `receipt.yaml`: what a released run was, and what of it was released.
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
    /// What it could read.
    pub datasets: Vec<DatasetName>,
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
    /// The limits that it reached, in words.
    pub limits_hit: Vec<String>,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// When it ended, RFC 3339.
    pub finished_at: String,
    /// How it ended.
    pub exit: Option<Exit>,
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
}

impl Receipt {
    /// The exit code; `None` if the run was killed, or its box broke.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match self.exit? {
            Exit::Code(code) => Some(code),
            _ => None,
        }
    }
}

pub(crate) fn receipt(
    record: &JobRecord,
    decisions: &[Decision],
    owner: &Email,
    run: &JobRun,
    release: &Release,
) -> Receipt {
    let started = &run.started;
    let finished = run.finished.as_ref();
    let authorised_by = decisions.iter().rev().find(|decision| {
        decision.approval.as_ref().is_some_and(|approval| approval.digest == started.approval)
    });
    let logs = finished.filter(|_| release.logs.is_some());
    Receipt {
        schema: SCHEMA,
        job: record.id.clone(),
        name: record.name.clone(),
        submitter: record.submitter.clone(),
        owner: owner.clone(),
        run: started.run.clone(),
        submission_digest: started.revision,
        approval_digest: started.approval,
        reason: authorised_by.and_then(|decision| decision.reason.clone()),
        datasets: started.datasets.clone(),
        packages: started.packages.clone(),
        isolation: finished.map_or(started.level, |finished| finished.level),
        landlock_abi: finished.and_then(|finished| finished.landlock_abi),
        limits: started.limits.clone(),
        approved_limits: authorised_by
            .and_then(|decision| decision.approval.as_ref())
            .map(|approval| approval.limits.clone()),
        limits_hit: finished
            .map(|f| f.limits_hit.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        started_at: started.started_at.to_rfc3339(),
        finished_at: finished.map(|f| f.finished_at.to_rfc3339()).unwrap_or_default(),
        exit: finished.and_then(|finished| finished.exit),
        comment: run.comment().map(str::to_owned),
        outputs: release.files.iter().map(|released| released.file.clone()).collect(),
        stdout: logs.map(|finished| finished.stdout.clone()),
        stderr: logs.map(|finished| finished.stderr.clone()),
    }
}
