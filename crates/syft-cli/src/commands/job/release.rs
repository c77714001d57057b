use serde::Serialize;
use syft_sync::job::{self, Finding, JobSummary, ReleaseFiles};
use syft_sync::{Error, HeldBack};

use super::{find_mine, findings, view};
use crate::args::ReleaseArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report};

/// What the submitter may have of a job from now on.
#[derive(Debug, Serialize)]
pub(crate) struct JobReleased {
    #[serde(flatten)]
    job: JobSummary,
    delivery: Delivery,
    /// What was released and does not reach the submitter all the same.
    held_back: Vec<HeldBack>,
}

pub(super) async fn run(context: &Context, args: ReleaseArgs) -> Result<JobReleased, CliError> {
    let manager = context.open()?;
    let job = find_mine(&manager, &args.job, "release")?;
    if let Some(to) = args.to.filter(|to| to != job.submitted_by()) {
        let message = format!(
            "{to} did not send this job: only {} may have what it produced",
            job.submitted_by()
        );
        return Err(CliError::new(Exit::Refused, "not_submitter", message)
            .then(format!("syft job show {}", job.id())));
    }
    let files = if args.outputs {
        ReleaseFiles::All
    } else if !args.files.is_empty() {
        ReleaseFiles::Paths(args.files)
    } else if args.logs {
        ReleaseFiles::None
    } else {
        let problem = "say what to release: --outputs, --file PATH or --logs";
        return Err(CliError::usage(problem).then(format!("syft job outputs {}", job.id())));
    };
    let looked_at = manager.job_store().shown(job.id())?.run;
    let released = manager.release_job(job.id(), looked_at.as_deref(), &files, args.logs);
    released.map_err(|error| match error {
        Error::Job(job::Error::Changed { .. }) => {
            CliError::from(error).then(format!("syft job outputs {}", job.id()))
        }
        error => error.into(),
    })?;
    let held_back = manager.held_back(job.id())?;
    let job = manager.job_store().received(job.id())?;
    let job = job.summary()?;
    let delivery = context.deliver(&manager).await;
    Ok(JobReleased { job, delivery, held_back })
}

impl JobReleased {
    /// What was seen in what is released.
    fn findings(&self) -> impl Iterator<Item = &Finding> {
        let released = self.job.outputs.iter().filter(|output| output.released);
        let is_out =
            move |finding: &&Finding| released.clone().any(|output| output.path == finding.file);
        self.job.findings.iter().filter(is_out)
    }
}

impl Report for JobReleased {
    const VERB: &'static str = "job-release";

    fn write(&self, page: &mut Page) {
        let to = &self.job.submitter;
        page.line(match self.delivery {
            Delivery::Sent => format!("Released to {to}."),
            Delivery::Waiting => format!("Released to {to}: the next sync sends it."),
        });
        view::outputs_table(page, &self.job.outputs);
        page.line(if self.job.logs_released {
            "  The logs are released."
        } else {
            "  The logs stay here."
        });
        if self.job.outputs.iter().any(|output| output.released) {
            findings::write_some(page, self.findings(), &self.job.not_compared);
        }
        findings::held(page, &self.job);
        view::held_back(page, &self.job, &self.held_back);
    }
}
