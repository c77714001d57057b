use serde::Serialize;
use syft_sync::job::JobSummary;

use super::{find_mine, view};
use crate::args::ReturnArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A job that was given back to its submitter.
#[derive(Debug, Serialize)]
pub(crate) struct JobReturned {
    #[serde(flatten)]
    job: JobSummary,
    delivery: Delivery,
}

pub(super) async fn run(context: &Context, args: &ReturnArgs) -> Result<JobReturned, CliError> {
    let manager = context.open()?;
    let job = find_mine(&manager, &args.job, "return")?;
    manager.return_job(job.id(), &args.comment)?;
    let job = manager.job_store().received(job.id())?.summary()?;
    let delivery = context.deliver(&manager).await;
    Ok(JobReturned { job, delivery })
}

impl Report for JobReturned {
    const VERB: &'static str = "job-return";

    fn write(&self, page: &mut Page) {
        let to = &self.job.submitter;
        page.line(match self.delivery {
            Delivery::Sent => format!("Returned to {to}, with your comment:"),
            Delivery::Waiting => format!("Returned to {to}: the next sync sends your comment:"),
        });
        view::comment(page, &self.job);
        view::outputs_table(page, &self.job.outputs);
        let held = self.job.outputs.iter().any(|output| !output.released);
        if held || !self.job.logs_released {
            page.line("  What is not released stays here.");
        }
    }
}
