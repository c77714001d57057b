use syft_core::{Access, HomePath, Timestamp};

use super::Marker;
use crate::records::{Decision, JobRecord, Verdict};
use crate::runs::JobRun;
use crate::sandbox::Exit;
use crate::store::Place;
use crate::{JobStore, PythonState, Result, Status};

pub(crate) const RETURN_CODE: &str = "returncode.txt";

impl JobStore {
    /// A job that has not run here stays as the Python peer left it until something is
    /// decided here; and what that peer ran itself, on a box that both work on, it
    /// keeps.
    pub(super) fn is_left_to_python(
        &self,
        record: &JobRecord,
        place: &Place,
        decisions: &[Decision],
    ) -> Result<bool> {
        if decisions.is_empty() && record.history.is_some() {
            return Ok(true);
        }
        let theirs = self.state_of_python(place)?;
        Ok(theirs.is_some_and(|theirs| decisions.is_empty() || theirs.status.has_run()))
    }

    pub(super) fn project_state(&self, place: &Place, state: &PythonState) -> Result<()> {
        let text = state.to_yaml(place.protocol)?;
        let path = place.results.join(PythonState::FILE)?;
        self.write_if_other(&path, text.as_bytes(), Access::Shared)
    }

    /// The file in which the Python peer looks for the exit code; it goes with the
    /// logs.
    pub(super) fn project_return_code(
        &self,
        folder: &HomePath,
        released: Option<&JobRun>,
    ) -> Result<()> {
        let path = folder.join(RETURN_CODE)?;
        let code = released.filter(|run| run.logs_released()).and_then(return_code);
        match code {
            Some(code) => self.write_if_other(&path, code.to_string().as_bytes(), Access::Shared),
            None => Ok(self.disk.remove_file(&path)?),
        }
    }
}

/// The exit code as the Python peer has it: negative for a signal, and -1 for a job
/// that was ended from outside. Of one whose failure is kept there is none.
fn return_code(run: &JobRun) -> Option<i64> {
    let finished = run.finished.as_ref().filter(|finished| !finished.failure_kept)?;
    Some(match finished.exit {
        Some(Exit::Code(code)) => code.into(),
        Some(Exit::Signal(signal)) => -i64::from(signal),
        Some(Exit::TimedOut) | None => -1,
    })
}

/// What a Python peer is shown of a job.
pub(super) fn python_state(
    record: &JobRecord,
    decision: Option<&Decision>,
    run: Option<&JobRun>,
    status: Status,
    markers: Vec<(&str, Marker)>,
) -> PythonState {
    let received = record.received_at().map(Timestamp::to_rfc3339_micros);
    let history = record.history.as_ref().and_then(|history| history.received_at.clone());
    let markers = markers.into_iter().map(|(_, marker)| marker).collect();
    let mut state = PythonState {
        received_at: history.or(received),
        status: status.into(),
        markers: Some(markers),
        ..PythonState::default()
    };
    if status == Status::Cancelled {
        state.rejected_by = Some(record.submitter.to_string());
        state.rejected_at = record.cancelled_at.map(Timestamp::to_rfc3339_micros);
        state.review_reason = Some("it was withdrawn by its submitter".to_owned());
    } else if let Some(decision) = decision.filter(|_| status != Status::Inbox) {
        let (by, at) = (Some(decision.by.to_string()), Some(decision.at.to_rfc3339_micros()));
        state.review_reason = decision.reason.clone();
        match decision.verdict {
            Verdict::Approved => {
                let method = if decision.method.is_manual() { "manual" } else { "auto" };
                state.approval_method = Some(method.to_owned());
                (state.approved_by, state.approved_at) = (by, at);
            }
            Verdict::Rejected => (state.rejected_by, state.rejected_at) = (by, at),
        }
    }
    if let Some(finished) = run.and_then(|run| run.finished.as_ref()) {
        state.completed_at = Some(finished.finished_at.to_rfc3339());
        state.return_code = run.and_then(return_code);
    }
    state
}
