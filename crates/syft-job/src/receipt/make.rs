use syft_core::{Access, NodePaths, Timestamp};

use super::{
    ApprovalMethod, MAX_RECEIPT_BYTES, RECEIPT, Receipt, ReceiptApproval, SCHEMA, SignedReceipt,
};
use crate::audit::AuditLine;
use crate::records::{Decision, JobRecord, Method};
use crate::runs::{JobRun, Release};
use crate::{JobStore, Result};

/// For whom a receipt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// For the owner: all that came out.
    All,
    /// For the submitter: what was released. The hash of anything else could be guessed,
    /// and what was seen of a limit may be made up by the job.
    Released,
}

impl JobStore {
    /// Writes the owner's own receipt of a run that has ended, once. Returns the line of
    /// the audit log that it names.
    pub(crate) fn keep_receipt(
        &self,
        record: &JobRecord,
        decisions: &[Decision],
        run: &JobRun,
    ) -> Result<Option<AuditLine>> {
        let path = NodePaths::run(&run.started.run)?.join(RECEIPT)?;
        if let Some(bytes) = self.disk.read_if_there(&path, MAX_RECEIPT_BYTES)? {
            let kept = SignedReceipt::parse(&bytes).ok();
            return Ok(kept.and_then(|kept| kept.receipt.audit));
        }
        let audit = self.line_of_end(&run.started.run)?;
        if run.finished.is_some() && (audit.is_some() || self.audit.is_none()) {
            let receipt = Receipt { audit, ..self.receipt(record, decisions, run, Told::All) };
            self.disk.write(&path, &self.written(receipt)?, Access::OwnerOnly)?;
        }
        Ok(audit)
    }

    /// What there is to say of a run, but for its line in the audit log.
    pub(crate) fn receipt(
        &self,
        record: &JobRecord,
        decisions: &[Decision],
        run: &JobRun,
        told: Told,
    ) -> Receipt {
        let (started, finished) = (&run.started, run.finished.as_ref());
        let is_it = |decision: &&Decision| {
            decision.approval.as_ref().is_some_and(|approval| approval.digest == started.approval)
        };
        // A person may approve later what ran by rule before, under the same terms.
        let before = |decision: &&Decision| {
            is_it(decision) && decision.at.seconds() <= started.started_at.seconds()
        };
        let newest_first = || decisions.iter().rev();
        let authorised_by = newest_first().find(before).or_else(|| newest_first().find(is_it));
        let approval = authorised_by.and_then(|decision| decision.approval.as_ref());
        let release = run.release.as_ref().filter(|_| told == Told::Released);
        let has_logs = told == Told::All || release.is_some_and(|release| release.logs.is_some());
        let logs = finished.filter(|_| has_logs);
        let outputs = match told {
            Told::All => finished.map(|finished| finished.outputs.clone()),
            Told::Released => {
                release.map(|it| it.files.iter().map(|released| released.file.clone()).collect())
            }
        };
        let ended = finished.filter(|finished| told == Told::All || !finished.failure_kept);
        let hits = ended.iter().flat_map(|finished| &finished.limits_hit);
        Receipt {
            schema: SCHEMA,
            job: record.id.clone(),
            name: record.name.clone(),
            submitter: record.submitter.clone(),
            owner: self.me.clone(),
            run: started.run.clone(),
            submission_digest: started.revision,
            approval_digest: started.approval,
            reason: authorised_by.and_then(|decision| decision.reason.clone()),
            approved: authorised_by.map(ReceiptApproval::from),
            policy_digest: authorised_by.and_then(|decision| match &decision.method {
                Method::Manual => None,
                Method::Rule { policy, .. } => Some(*policy),
            }),
            datasets: started.datasets.clone(),
            dataset_digests: finished.map(|it| it.dataset_digests.clone()).unwrap_or_default(),
            packages: started.packages.clone(),
            isolation: finished.map_or(started.level, |finished| finished.level),
            landlock_abi: finished.and_then(|finished| finished.landlock_abi),
            limits: started.limits.clone(),
            approved_limits: approval.map(|approval| approval.limits.clone()),
            limits_hit: hits
                // A job chooses how much it prints, and so what the words say.
                .map(|hit| match has_logs {
                    true => hit.to_string(),
                    false => hit.limit.as_str().to_owned(),
                })
                .collect(),
            started_at: started.started_at.to_rfc3339(),
            finished_at: finished.map(|it| it.finished_at.to_rfc3339()).unwrap_or_default(),
            exit: ended.and_then(|finished| finished.exit),
            answered_at: release
                .filter(|_| run.held().is_empty())
                .map(|release| answered_at(release, run).to_rfc3339()),
            comment: release.and_then(|_| run.comment()).map(str::to_owned),
            outputs: outputs.unwrap_or_default(),
            stdout: logs.map(|finished| finished.stdout.clone()),
            stderr: logs.map(|finished| finished.stderr.clone()),
            audit: None,
            signed_by: None,
        }
    }
}

/// When first something was let out, or said. Where all of nothing was released, that is
/// as good as said when it ended.
fn answered_at(release: &Release, run: &JobRun) -> Timestamp {
    let files = release.files.iter().map(|released| released.at);
    let said = release.comment.as_ref().map(|comment| comment.at);
    let first = files.chain(release.logs).chain(said).min();
    let ended = || run.finished.as_ref().map(|finished| finished.finished_at);
    first.or_else(ended).unwrap_or(run.started.started_at)
}

impl From<&Decision> for ReceiptApproval {
    fn from(decision: &Decision) -> Self {
        let method = match decision.method.is_manual() {
            true => ApprovalMethod::Manual,
            false => ApprovalMethod::Rule,
        };
        let rules = decision.method.rules().iter().map(ToString::to_string).collect();
        let (by, at) = (decision.by.clone(), decision.at.to_rfc3339());
        ReceiptApproval { by, at, method, rules }
    }
}
