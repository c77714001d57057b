use serde::Serialize;
use syft_sync::core::ContentHash;
use syft_sync::job::{self, DiffBase, FileChange, JobId};

use super::find_mine;
use crate::args::JobArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// What changed since a job, or one before it, was last approved.
#[derive(Debug, Serialize)]
pub(crate) struct JobDiff {
    id: JobId,
    digest: Option<ContentHash>,
    /// What it is compared with; `None` if there is nothing.
    base: Option<DiffBase>,
    files: Vec<FileChange>,
    /// Safe to show.
    diff: Option<String>,
    #[serde(skip)]
    text: Option<job::JobDiff>,
}

pub(super) async fn run(context: &Context, args: &JobArgs) -> Result<JobDiff, CliError> {
    let manager = context.open_synced().await?;
    let job = find_mine(&manager, &args.job, "compare")?;
    let (id, digest) = (job.id().clone(), job.digest());
    let Some(found) = manager.job_store().diff(&id)? else {
        return Ok(JobDiff { id, digest, base: None, files: Vec::new(), diff: None, text: None });
    };
    if found.from_seen {
        manager.job_store().note_shown(&id, &found.digest)?;
    }
    let job::JobDiff { text, digest, base, files, .. } = found.clone();
    let (digest, base) = (Some(digest), Some(base));
    Ok(JobDiff { id, digest, base, files, diff: Some(text), text: Some(found) })
}

impl Report for JobDiff {
    const VERB: &'static str = "job-diff";

    fn write(&self, page: &mut Page) {
        match &self.text {
            Some(diff) => page.shown(|columns| diff.lines(columns)),
            None => page.line("There is nothing to compare it with: nothing of it came before."),
        }
        page.hint("To see all of it:", &format!("syft job show {}", self.id));
    }
}
