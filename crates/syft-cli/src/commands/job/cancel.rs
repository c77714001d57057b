use serde::Serialize;
use syft_sync::job::{Error, JobSummary};

use super::find;
use crate::args::JobArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A job that was withdrawn.
#[derive(Debug, Serialize)]
pub(crate) struct JobCancelled {
    #[serde(flatten)]
    job: JobSummary,
    delivery: Delivery,
}

pub(super) async fn run(context: &Context, args: &JobArgs) -> Result<JobCancelled, CliError> {
    let manager = context.open_synced().await?;
    let job = find(&manager, &args.job)?;
    let status = job.status();
    if job.submitted_by() != manager.email() {
        let error = Error::NotSubmitter { submitter: job.submitted_by().clone() };
        return Err(CliError::from(error).then(format!("syft job reject {}", job.id())));
    }
    if status.is_final() {
        let job = job.id().to_string();
        return Err(Error::WrongState { job, status, action: "cancel" }.into());
    }
    manager.cancel_job(job.owner(), job.name())?;
    let delivery = context.deliver(&manager).await;
    let job = manager.job_store().sent_to(job.owner(), job.name())?.summary()?;
    Ok(JobCancelled { job, delivery })
}

impl Report for JobCancelled {
    const VERB: &'static str = "job-cancel";

    fn write(&self, page: &mut Page) {
        let owner = &self.job.owner;
        page.line(format!("Withdrawn. {owner} honours it if the job has not begun to run."));
        if self.delivery == Delivery::Waiting {
            page.line(format!("{owner} hears of it with the next sync."));
        }
    }
}
