use serde::{Serialize, Serializer};
use syft_core::{Email, Timestamp};

use crate::job::{Job, Side};
use crate::queue::Queued;
use crate::records::Problem;
use crate::runs::JobRun;
use crate::{JobId, Status};

/// The next actor, since when, and the exact command that this person types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingFor {
    /// Who.
    pub who: Email,
    /// Since when.
    #[serde(serialize_with = "rfc3339")]
    pub since: Timestamp,
    /// What to type.
    pub command: String,
}

fn rfc3339<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&time.to_rfc3339())
}

pub(crate) fn waiting_for(job: &Job) -> Option<WaitingFor> {
    match &job.side {
        Side::Owner(received) => {
            if let (Status::Inbox, Some(Problem::Incomplete { .. })) =
                (job.status, received.record.problem.as_ref())
            {
                let since = received.record.current()?.received_at;
                let who = job.submitter.clone();
                return Some(WaitingFor { who, since, command: "syft sync".to_owned() });
            }
            if received.damage.is_some() {
                let (who, since) = (job.owner.clone(), received.record.current()?.received_at);
                return Some(WaitingFor {
                    who,
                    since,
                    command: format!("syft job show {}", job.id),
                });
            }
            let run = received.run.as_ref();
            let finished = run.and_then(|run| run.finished.as_ref());
            let since = match job.status {
                Status::Inbox => Some(received.record.current()?.received_at),
                Status::Approved => received.decision.as_ref().map(|decision| decision.at),
                Status::Interrupted => run.map(|run| run.started.started_at),
                Status::Done | Status::Failed => finished
                    .filter(|_| run.is_some_and(|run| run.release.is_none() || is_held(run)))
                    .map(|finished| finished.finished_at),
                // A job that runs waits for nobody.
                Status::Running | Status::Rejected | Status::Cancelled => None,
            };
            owner_acts(job, since?)
        }
        // What the owner's node cannot read never reaches its owner.
        Side::Submitter(sent) if sent.problem.is_some() && job.status == Status::Inbox => {
            let (who, since) = (job.submitter.clone(), job.first_seen);
            Some(WaitingFor { who, since, command: format!("syft job show {}", job.id) })
        }
        Side::Submitter(sent)
            if sent.queued == Some(Queued::ForOwner) && job.status == Status::Inbox =>
        {
            let (who, since) = (job.owner.clone(), job.first_seen);
            Some(WaitingFor { who, since, command: format!("syft peer approve {}", job.submitter) })
        }
        Side::Submitter(sent) if sent.queued.is_some() && job.status == Status::Inbox => {
            let (who, since) = (job.submitter.clone(), job.first_seen);
            Some(WaitingFor { who, since, command: "syft sync".to_owned() })
        }
        Side::Submitter(sent) => {
            let said = match job.status {
                Status::Inbox => job.submitted_at.as_deref(),
                Status::Done | Status::Failed if sent.is_answered() => None,
                Status::Done | Status::Failed if sent.told.is_some() => None,
                status => sent.markers.iter().find(|m| m.status == status).map(|m| m.at.as_str()),
            };
            let since = match said {
                // A time that cannot be read is no reason to hide who must act.
                Some(text) => Timestamp::from_iso8601(text).unwrap_or(job.first_seen),
                None if job.status == Status::Inbox => job.first_seen,
                None => return None,
            };
            owner_acts(job, since)
        }
    }
}

fn owner_acts(job: &Job, since: Timestamp) -> Option<WaitingFor> {
    let command = match obstacle(job) {
        Some(reason) => format!("syft job reject {} --reason \"{reason}\"", job.id),
        // What was seen in it is to be looked at first.
        None if job.run().is_some_and(is_held) => format!("syft job outputs {}", job.id),
        None => owner_command(job.status, &job.id)?,
    };
    Some(WaitingFor { who: job.owner.clone(), since, command })
}

/// Whether something of a run is held until its owner has looked at it.
fn is_held(run: &JobRun) -> bool {
    !run.held().is_empty()
}

/// Why an approved job cannot run here, so that a run is not what it waits for.
/// Only its owner sees whether the data is there.
fn obstacle(job: &Job) -> Option<&'static str> {
    if job.status != Status::Approved {
        return None;
    }
    let is_missing = |name| job.store.real_data(name).is_err();
    let missing = matches!(job.side, Side::Owner(_)) && job.datasets.iter().any(is_missing);
    missing.then_some("a dataset of it is not here")
}

/// Both sides name the same command: what a failed job's submitter needs is its
/// logs, what a finished job's submitter needs is its outputs.
fn owner_command(status: Status, id: &JobId) -> Option<String> {
    match status {
        Status::Inbox => Some(format!("syft review {id}")),
        Status::Approved => Some(format!("syft job run {id}")),
        Status::Interrupted => Some(format!("syft job rerun {id}")),
        Status::Done => Some(format!("syft job release {id} --outputs")),
        Status::Failed => Some(format!("syft job release {id} --logs")),
        Status::Running | Status::Rejected | Status::Cancelled => None,
    }
}
