use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, Email, Timestamp, shorten, yaml};

use super::{Protocol, identity};
use crate::{JobId, Marker, Result, Status};

const CANONICAL_NAME: &str = "JobState";

/// So much is shown of what is no time.
const SHOWN_CHARACTERS: usize = 40;

/// A job's state in the words of the Python peer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PythonStatus {
    /// Arrived, and not looked at.
    #[default]
    Received,
    /// Waits for the owner.
    Pending,
    /// To be run.
    Approved,
    /// Not to be run.
    Rejected,
    /// Runs.
    Running,
    /// Ran and ended with exit code 0.
    Done,
    /// Ran and ended otherwise.
    Failed,
}

impl PythonStatus {
    /// The word that is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PythonStatus::Received => "received",
            PythonStatus::Pending => "pending",
            PythonStatus::Approved => "approved",
            PythonStatus::Rejected => "rejected",
            PythonStatus::Running => "running",
            PythonStatus::Done => "done",
            PythonStatus::Failed => "failed",
        }
    }

    /// Whether a run has begun.
    #[must_use]
    pub fn has_run(self) -> bool {
        matches!(self, PythonStatus::Running | PythonStatus::Done | PythonStatus::Failed)
    }

    /// The same in our words.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            PythonStatus::Received | PythonStatus::Pending => Status::Inbox,
            PythonStatus::Approved => Status::Approved,
            PythonStatus::Rejected => Status::Rejected,
            PythonStatus::Running => Status::Running,
            PythonStatus::Done => Status::Done,
            PythonStatus::Failed => Status::Failed,
        }
    }
}

impl From<Status> for PythonStatus {
    /// It has no words for a job that was withdrawn or whose runner is gone: to its
    /// reader the one is rejected, and the other has failed.
    fn from(status: Status) -> Self {
        match status {
            Status::Inbox => PythonStatus::Pending,
            Status::Approved => PythonStatus::Approved,
            Status::Rejected | Status::Cancelled => PythonStatus::Rejected,
            Status::Running => PythonStatus::Running,
            Status::Done => PythonStatus::Done,
            Status::Failed | Status::Interrupted => PythonStatus::Failed,
        }
    }
}

/// `state.yaml`: what an owner shows of a job in the PySyft layout. It is for the
/// other side's eyes: no decision is ever read from it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PythonState {
    /// `manual` or `auto`.
    #[serde(default)]
    pub approval_method: Option<String>,
    /// When it was approved, ISO 8601.
    #[serde(default)]
    pub approved_at: Option<String>,
    /// Who approved it.
    #[serde(default)]
    pub approved_by: Option<String>,
    /// What the file is; absent in protocol 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical_name: Option<String>,
    /// When the run ended, ISO 8601.
    #[serde(default)]
    pub completed_at: Option<String>,
    /// The markers of the native layout, which a native peer reads; a Python peer
    /// ignores the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markers: Option<Vec<Marker>>,
    /// When the owner's node saw it first, ISO 8601.
    #[serde(default)]
    pub received_at: Option<String>,
    /// When it was rejected, ISO 8601.
    #[serde(default)]
    pub rejected_at: Option<String>,
    /// Who rejected it.
    #[serde(default)]
    pub rejected_by: Option<String>,
    /// The exit code; negative for a signal.
    #[serde(default)]
    pub return_code: Option<i64>,
    /// Why it was approved or rejected.
    #[serde(default)]
    pub review_reason: Option<String>,
    /// Where it stands.
    #[serde(default)]
    pub status: PythonStatus,
    /// The version of the file; absent in protocol 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl PythonState {
    /// The name of the file.
    pub const FILE: &'static str = "state.yaml";

    /// Reads the file as the Python peer does: in protocol 1 it must say what it is,
    /// and unknown keys are ignored.
    ///
    /// # Errors
    /// [`syft_core::Error::Invalid`] for what it would not read either.
    pub fn parse(text: &str, protocol: Protocol) -> Result<Self> {
        let text = if text.trim().is_empty() { "{}" } else { text };
        if let Some(problem) = identity::check(text, CANONICAL_NAME, protocol)? {
            return Err(invalid(problem));
        }
        let read: PythonState = yaml::from_str(text)?;
        let times = [&read.approved_at, &read.completed_at, &read.received_at, &read.rejected_at];
        if let Some(time) =
            times.into_iter().flatten().find(|time| Timestamp::from_iso8601(time).is_err())
        {
            return Err(invalid(format!("{:?} is no time", shorten(time, SHOWN_CHARACTERS))));
        }
        Ok(read)
    }

    /// When it was decided about, and why.
    pub(crate) fn decided(&self) -> Option<(Timestamp, Option<&str>)> {
        let at = self.rejected_at.as_deref().or(self.approved_at.as_deref())?;
        let at = Timestamp::from_iso8601(at).unwrap_or(Timestamp::EPOCH);
        Some((at, self.review_reason.as_deref()))
    }

    /// What a Python peer tells, as markers of a job whose bytes have this digest.
    pub(crate) fn as_markers(
        &self,
        owner: &Email,
        job: &JobId,
        digest: ContentHash,
    ) -> Vec<Marker> {
        let marker = |status: Status, by: Option<&String>, at: Option<&String>| Marker {
            schema: crate::records::SCHEMA,
            job: job.clone(),
            status,
            by: by.and_then(|by| Email::parse(by).ok()).unwrap_or_else(|| owner.clone()),
            at: at.cloned().unwrap_or_default(),
            reason: None,
            digest,
            run: None,
            failure: None,
        };
        let reason = self.review_reason.clone();
        let (by, at) = (self.approved_by.as_ref(), self.approved_at.as_ref());
        let approved = marker(Status::Approved, by, at);
        let (by, at) = (self.rejected_by.as_ref(), self.rejected_at.as_ref());
        let rejected = marker(Status::Rejected, by, at);
        let is_approved = self.approved_at.is_some() || self.status == PythonStatus::Approved;
        let mut markers = Vec::new();
        match self.status {
            PythonStatus::Received | PythonStatus::Pending => {}
            PythonStatus::Rejected => markers.push(Marker { reason, ..rejected }),
            _ if is_approved => markers.push(Marker { reason, ..approved }),
            _ => {}
        }
        let status = self.status.status();
        if matches!(status, Status::Running | Status::Done | Status::Failed) {
            markers.push(marker(status, None, self.completed_at.as_ref()));
        }
        markers
    }

    /// The file as text; of protocol 0 it does not say what it is.
    ///
    /// # Errors
    /// As [`yaml::to_string`].
    pub fn to_yaml(&self, protocol: Protocol) -> Result<String> {
        let says = |text: &str| (protocol == Protocol::One).then(|| text.to_owned());
        let (canonical_name, version) = (says(CANONICAL_NAME), says(identity::VERSION));
        Ok(yaml::to_string(&PythonState { canonical_name, version, ..self.clone() })?)
    }
}

fn invalid(reason: String) -> crate::Error {
    syft_core::Error::Invalid { kind: PythonState::FILE, input: String::new(), reason }.into()
}
