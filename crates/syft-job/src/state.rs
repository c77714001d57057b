use crate::records::{Decision, JobRecord, Verdict};
use crate::runs::JobRun;
use crate::{JobStore, Result, Status};

/// The state of a job that was sent to me, from records alone: nothing in the
/// job's folder is a decision (`threats.md` rule 7).
pub(crate) fn status(
    record: &JobRecord,
    decision: Option<&Decision>,
    last_run: Option<&JobRun>,
    live_run: Option<&str>,
) -> Status {
    if let Some(run) = last_run {
        return match &run.finished {
            Some(finished) if finished.is_success() => Status::Done,
            Some(_) => Status::Failed,
            None if live_run == Some(run.started.run.as_str()) => Status::Running,
            None => Status::Interrupted,
        };
    }
    if record.cancelled_at.is_some() {
        return Status::Cancelled;
    }
    match in_force(record, decision).map(|decision| decision.verdict) {
        Some(Verdict::Rejected) => Status::Rejected,
        Some(Verdict::Approved) if record.problem.is_none() => Status::Approved,
        Some(Verdict::Approved) => Status::Inbox,
        None => record.ended_before().unwrap_or(Status::Inbox),
    }
}

/// The decision, if it is about the current revision.
pub(crate) fn in_force<'a>(
    record: &JobRecord,
    decision: Option<&'a Decision>,
) -> Option<&'a Decision> {
    let current = record.current()?.digest;
    decision.filter(|decision| decision.revision == current)
}

impl JobStore {
    pub(crate) fn status_of(&self, record: &JobRecord) -> Result<Status> {
        let decisions = self.read_decisions(&record.id)?.decisions;
        let run = self.last_run(&record.id)?;
        let live = self.live_run_for(run.as_ref())?;
        Ok(status(record, decisions.last(), run.as_ref(), live.as_deref()))
    }

    /// Asks for a living runner only where the answer matters.
    pub(crate) fn live_run_for(&self, run: Option<&JobRun>) -> Result<Option<String>> {
        match run {
            Some(run) if run.finished.is_none() => self.live_run(),
            _ => Ok(None),
        }
    }
}
