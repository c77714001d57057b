use serde::Serialize;
use syft_sync::job::JobId;

use super::find_mine;
use crate::args::JobArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// What changed since a job was last approved.
#[derive(Debug, Serialize)]
pub(crate) struct JobDiff {
    id: JobId,
    /// Safe to show; `None` if there is nothing to compare with.
    diff: Option<String>,
}

pub(super) async fn run(context: &Context, args: &JobArgs) -> Result<JobDiff, CliError> {
    let manager = context.open_synced().await?;
    let job = find_mine(&manager, &args.job, "compare")?;
    let id = job.id().clone();
    let diff = manager.job_store().diff(&id)?;
    if let Some(diff) = diff.as_ref().filter(|diff| diff.from_seen) {
        manager.job_store().note_shown(&id, &diff.digest)?;
    }
    Ok(JobDiff { id, diff: diff.map(|diff| diff.text) })
}

impl Report for JobDiff {
    const VERB: &'static str = "job-diff";

    fn write(&self, page: &mut Page) {
        match &self.diff {
            Some(diff) => diff.lines().for_each(|line| page.line(line)),
            None => page.line("It has not changed: these are the first bytes that came."),
        }
        page.hint("To see all of it:", &format!("syft job show {}", self.id));
    }
}
