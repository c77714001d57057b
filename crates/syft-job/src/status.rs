use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a job. *Released* is a fact about a file, not a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for the owner's decision; also after a change of an approved job.
    Inbox,
    /// Approved as it is now, not yet run.
    Approved,
    /// Rejected as it is now.
    Rejected,
    /// A run has started and its runner is alive.
    Running,
    /// Ran and ended with exit code 0.
    Done,
    /// Ran and ended otherwise, or was stopped.
    Failed,
    /// Withdrawn by its submitter before it ran.
    Cancelled,
    /// A run has started and its runner is gone (`threats.md` X11).
    Interrupted,
}

impl Status {
    /// All states, in the order of a job's life.
    pub const ALL: [Status; 8] = [
        Status::Inbox,
        Status::Approved,
        Status::Rejected,
        Status::Running,
        Status::Done,
        Status::Failed,
        Status::Cancelled,
        Status::Interrupted,
    ];

    /// The word that is written and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Inbox => "inbox",
            Status::Approved => "approved",
            Status::Rejected => "rejected",
            Status::Running => "running",
            Status::Done => "done",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
            Status::Interrupted => "interrupted",
        }
    }

    /// Reads the word; `pending`, the Python peer's, is `inbox`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Status> {
        if word == "pending" {
            return Some(Status::Inbox);
        }
        Status::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether nothing more will happen to the job by itself.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Status::Rejected | Status::Done | Status::Failed | Status::Cancelled)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
