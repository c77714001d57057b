use std::fmt;

use serde::Serialize;
use syft_sync::core::safe_text;
use syft_sync::job::policy::RuleName;
use syft_sync::job::{self, Job, Status};
use syft_sync::{Error, SyftboxManager};

/// What the owner's rules say of a job that waits for a decision.
#[derive(Debug, Serialize)]
pub(super) struct Rules {
    approve: bool,
    /// The rules that are about it.
    matching: Vec<RuleName>,
    /// Safe to show.
    reason: String,
}

impl Rules {
    /// `None` if the job waits for no decision, or there are no rules.
    pub(super) fn of(manager: &SyftboxManager, job: &Job) -> Result<Option<Self>, Error> {
        if job.status() != Status::Inbox {
            return Ok(None);
        }
        let policy = match manager.policy() {
            // What cannot be read approves nothing, and holds up no review.
            Err(Error::Job(error @ job::Error::PolicyFile { .. })) => {
                let reason = safe_text(&error.to_string());
                return Ok(Some(Rules { approve: false, matching: Vec::new(), reason }));
            }
            policy => policy?,
        };
        if policy.jobs().is_empty() {
            return Ok(None);
        }
        let explained = manager.explain_policy(job.id())?;
        let matching = explained.rules.into_iter().filter(|rule| rule.matches);
        Ok(Some(Rules {
            approve: explained.grant.is_some(),
            matching: matching.map(|rule| rule.name).collect(),
            reason: explained.reason,
        }))
    }
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.approve { "approve it" } else { "leave it to you" };
        write!(f, "your rules {verdict}: {}", self.reason)
    }
}
