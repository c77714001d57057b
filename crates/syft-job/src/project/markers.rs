use serde::{Deserialize, Serialize};
use syft_core::{Access, ContentHash, Email, HomePath, Timestamp, yaml};

use crate::records::{Decision, JobRecord, SCHEMA, Verdict};
use crate::runs::JobRun;
use crate::{ErrorSummary, JobId, JobStore, Result, Status};

/// The files in a job's folder that stand for the owner's decision.
pub(crate) const MARKERS: [&str; 5] = ["approved", "rejected", "running", "done", "failed"];

/// A marker file: who did what, when, why, to which bytes. For the submitter's
/// eyes; the owner's node never reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Version of these keys.
    pub schema: u32,
    /// The job's id.
    pub job: JobId,
    /// The state that the marker stands for.
    pub status: Status,
    /// Who.
    pub by: Email,
    /// When, RFC 3339.
    pub at: String,
    /// Why, in the owner's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// The submission digest of what was decided about, or ran.
    pub digest: ContentHash,
    /// The run that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// What may be told of why that run failed, if it did.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "ErrorSummary::from_elsewhere"
    )]
    pub failure: Option<ErrorSummary>,
}

impl JobStore {
    /// What there is to say of a job, by the name of the marker that says it.
    pub(super) fn markers(
        &self,
        record: &JobRecord,
        decision: Option<&Decision>,
        run: Option<&JobRun>,
        status: Status,
    ) -> Vec<(&'static str, Marker)> {
        let mut wanted = Vec::new();
        if let Some(decision) = decision
            && !matches!(status, Status::Inbox | Status::Cancelled)
        {
            let (name, status) = match decision.verdict {
                Verdict::Approved => ("approved", Status::Approved),
                Verdict::Rejected => ("rejected", Status::Rejected),
            };
            let marker = self.marker(record, status, decision.at, decision.revision);
            let reason = decision.reason.clone();
            wanted.push((name, Marker { by: decision.by.clone(), reason, ..marker }));
        }
        if let Some(run) = run {
            let (name, at) = match (&run.finished, status) {
                (Some(finished), Status::Done) => ("done", finished.finished_at),
                (Some(finished), _) => ("failed", finished.finished_at),
                (None, _) => ("running", run.started.started_at),
            };
            let marker = self.marker(record, status, at, run.started.revision);
            let failure =
                run.finished.as_ref().and_then(|finished| finished.told_failure().cloned());
            wanted.push((name, Marker { run: Some(run.started.run.clone()), failure, ..marker }));
        }
        wanted
    }

    pub(super) fn project_markers(
        &self,
        folder: &HomePath,
        wanted: &[(&str, Marker)],
    ) -> Result<()> {
        for name in MARKERS {
            let path = folder.join(name)?;
            match wanted.iter().find(|(marker, _)| *marker == name) {
                Some((_, marker)) => {
                    let text = yaml::to_string(marker)?;
                    self.write_if_other(&path, text.as_bytes(), Access::Shared)?;
                }
                None => self.disk.remove_file(&path)?,
            }
        }
        Ok(())
    }

    fn marker(
        &self,
        record: &JobRecord,
        status: Status,
        at: Timestamp,
        digest: ContentHash,
    ) -> Marker {
        Marker {
            schema: SCHEMA,
            job: record.id.clone(),
            status,
            by: self.me.clone(),
            at: at.to_rfc3339(),
            reason: None,
            digest,
            run: None,
            failure: None,
        }
    }
}
