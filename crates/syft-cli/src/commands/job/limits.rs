//! What a job may use, and what to do about a job that wanted more.

use serde::Serialize;
use syft_sync::SyftboxManager;
use syft_sync::core::safe_text;
use syft_sync::job::sandbox::{LimitHit, Limits};
use syft_sync::job::{Error, Job, JobId};

use crate::args::LimitArgs;
use crate::output::Page;

/// The limits of a job that was sent to me: those that are said, else those of the
/// approval in force, else the usual ones.
pub(in crate::commands) fn limits_of(
    manager: &SyftboxManager,
    job: &Job,
    said: &LimitArgs,
) -> Result<Limits, Error> {
    let approval = match *said == LimitArgs::default() {
        true => manager.job_store().approval(job.id())?,
        false => None,
    };
    Ok(approval.map_or_else(|| said.over(manager.limits()), |approval| approval.limits))
}

/// Limits that a run reached, and what to type so that it has more.
#[derive(Debug, Default, Serialize)]
pub(in crate::commands) struct Reached {
    pub(super) limits_hit: Vec<LimitHit>,
    /// Behind `job approve J`.
    #[serde(skip)]
    options: String,
}

impl Reached {
    /// `had` is what the run was allowed to use.
    pub(in crate::commands) fn new(usual: &Limits, had: &Limits, hits: Vec<LimitHit>) -> Self {
        let options = match hits.as_slice() {
            [] => String::new(),
            hits => LimitArgs::twice(usual, had, hits).to_string(),
        };
        Reached { limits_hit: hits, options }
    }

    pub(super) fn write(&self, page: &mut Page) {
        for hit in &self.limits_hit {
            page.warning(format!("  limit reached: {}", safe_text(&hit.to_string())));
        }
    }

    /// What an owner types.
    pub(super) fn hint(&self, page: &mut Page, id: &JobId) {
        if !self.options.is_empty() {
            let more = format!("syft job approve {id}{}", self.options);
            page.hint("To let it have twice as much, approve it again and run it again:", &more);
            page.command(&format!("syft job rerun {id}"));
        }
    }

    /// Where nothing needs to be approved, the command that tries it with more.
    pub(super) fn command(&self, command: &str) -> Option<String> {
        (!self.options.is_empty()).then(|| format!("{command}{}", self.options))
    }
}
